"""One job at a time: the others wait, know how many are before them, and can be dropped."""

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
    """Who asked for a job, and is told how it goes."""

    def tell_waiting(self, job: Job, before: int) -> None:
        """`before` jobs of others come before this one."""

    def tell_progress(self, job: Job, stage: str, fraction: float) -> None:
        """`stage` of the job begins; `fraction` of it, in [0, 1], is done."""

    def tell_result(self, job: Job, fields: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """The job is done."""

    def tell_dropped(self, job: Job) -> None:
        """The job was dropped, as asked."""

    def tell_failure(self, number: int | None, error: CutsmithError) -> None:
        """The job failed in a way that Cutsmith foresees."""

    def tell_crash(self, job: Job, what: str) -> None:
        """The job failed in a way that nobody foresaw: the log has it whole."""


class Job:
    """What one client asked for. `dropped` is set when nobody wants the answer any more.

    Args:
        number: the client's own.
        kind: what is to be done, such as "cut".
        content: what it is to be done with, for whoever runs the job.
        listener: is told how it goes.
    """

    def __init__(self, number: int, kind: str, content: Any, listener: Listener) -> None:
        self.number = number
        self.kind = kind
        self.content: Any = content
        self.listener = listener
        self.dropped = Event()
        self.dropped_at = 0.0

    def taken_content(self) -> Any:
        """The job's content, whose pixels are not kept here any longer."""
        content, self.content = self.content, None
        assert content is not None, "a job is run once"
        return content


class JobQueue:
    """The jobs that wait, first come first served; and the one that runs."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        self._is_closed = False

    def put(self, job: Job) -> bool:
        """Let `job` wait, and tell its client if it has to; -> false where no job is taken any more."""
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
        """Nobody wants `job` any more; -> whether it waited, and is gone. One that runs ends at its next stage."""
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
        """The next job, which runs from now on until `done`; None where none came within `timeout` seconds."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(timeout)
            if not self._waiting:
                return None
            self._running = self._waiting.popleft()
            self._tell_places()
            return self._running

    def done(self) -> None:
        """The job that ran has ended."""
        with self._changed:
            self._running = None

    def stuck(self) -> tuple[float, bool]:
        """For how many seconds the job that runs goes on though nobody wants it, and whether others wait."""
        with self._changed:
            job = self._running
            seconds = time.monotonic() - job.dropped_at if job is not None and job.dropped.is_set() else 0.0
            return seconds, bool(self._waiting)

    def wake(self) -> None:
        """Let `next` return, for who waits there to look around."""
        with self._changed:
            self._changed.notify_all()

    def close_if_empty(self) -> bool:
        """Take no job any more, if none is waiting; -> whether."""
        with self._changed:
            self._is_closed = not self._waiting
            return self._is_closed

    def close(self) -> list[Job]:
        """Take no job any more; -> those that waited, which are not run."""
        with self._changed:
            self._is_closed = True
            left = list(self._waiting)
            self._waiting.clear()
            return left

    def __len__(self) -> int:
        with self._changed:
            return len(self._waiting) + (self._running is not None)

    def _tell_places(self) -> None:
        for before, job in enumerate(self._waiting, start=1):
            job.listener.tell_waiting(job, before)
