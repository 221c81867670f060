"""A queue that runs one job at a time: the others wait, are told their place, and can be dropped."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from threading import Condition, Event
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.errors import CutsmithError


class Listener(Protocol):
    """Represents whoever asked for a job, and is told how it goes."""

    def tell_waiting(self, job: Job, before: int) -> None:
        """`before` jobs of other clients come first."""

    def tell_progress(self, job: Job, stage: str, fraction: float) -> None:
        """`stage` begins; `fraction` of the job, in [0, 1], is done."""

    def tell_result(self, job: Job, fields: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """The job is done."""

    def tell_dropped(self, job: Job) -> None:
        """The job was dropped, as its client asked."""

    def tell_failure(self, number: int | None, error: CutsmithError) -> None:
        """The job failed with an error that Cutsmith defines."""

    def tell_crash(self, job: Job, what: str) -> None:
        """The job failed unexpectedly; the log has the full traceback."""


class Job:
    """A client's job. `dropped` is set once the client no longer needs the answer.

    Args:
        number: the client's own number for the job.
        kind: what to do, such as "cut".
        content: the job's input, for whoever runs the job.
        listener: is told how the job goes.
    """

    def __init__(self, number: int, kind: str, content: Any, listener: Listener) -> None:
        self.number = number
        self.kind = kind
        self.content: Any = content
        self.listener = listener
        self.dropped = Event()
        self.dropped_at = 0.0

    def taken_content(self) -> Any:
        """Hand over the job's content. The job keeps no reference to it, so that its pixels can be freed."""
        content, self.content = self.content, None
        assert content is not None, "a job is run once"
        return content


class JobQueue:
    """The waiting jobs, first come, first served, and the running one."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        self._is_closed = False

    def put(self, job: Job) -> bool:
        """Add `job`, and tell its client if it has to wait; -> false if the queue is closed."""
        with self._changed:
            if self._is_closed:
                return False
            self._waiting.append(job)
            before = len(self._waiting) - (self._running is None)
            if before:
                job.listener.tell_waiting(job, before)
            self._changed.notify_all()
            return True

    def drop(self, job: Job) -> bool:
        """Drop `job`; -> whether it was waiting and is now removed. A running job ends at its next stage."""
        with self._changed:
            job.dropped_at = time.monotonic()
            job.dropped.set()
            if job not in self._waiting:
                return False
            self._waiting.remove(job)
            job.content = None
            self._tell_places()
            return True

    def next(self, timeout: float) -> Job | None:
        """The next job, which counts as running until `done`; None if none came within `timeout` seconds."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(timeout)
            if not self._waiting:
                return None
            self._running = self._waiting.popleft()
            self._tell_places()
            return self._running

    def done(self) -> None:
        """Record that the running job has ended."""
        with self._changed:
            self._running = None

    def stuck(self) -> tuple[float, bool]:
        """For how many seconds the running job has gone on after it was dropped, and whether other jobs wait."""
        with self._changed:
            job = self._running
            seconds = time.monotonic() - job.dropped_at if job is not None and job.dropped.is_set() else 0.0
            return seconds, bool(self._waiting)

    def wake(self) -> None:
        """Make `next` return, so that its caller can check whether to stop."""
        with self._changed:
            self._changed.notify_all()

    def close_if_empty(self) -> bool:
        """Close the queue if no job is waiting; -> whether it is closed."""
        with self._changed:
            self._is_closed = not self._waiting
            return self._is_closed

    def close(self) -> list[Job]:
        """Close the queue; -> the jobs that were waiting, which will not run."""
        with self._changed:
            self._is_closed = True
            left = list(self._waiting)
            self._waiting.clear()
            return left

    def is_closed(self) -> bool:
        """Whether no job is taken any more."""
        with self._changed:
            return self._is_closed

    def __len__(self) -> int:
        with self._changed:
            return len(self._waiting) + (self._running is not None)

    def _tell_places(self) -> None:
        for before, job in enumerate(self._waiting, start=1):
            job.listener.tell_waiting(job, before)
