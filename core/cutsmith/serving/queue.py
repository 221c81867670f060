"""A queue with a few places at the counter: the other jobs wait, are told their place, and can be dropped."""

from __future__ import annotations

import time
from collections import deque
from threading import Condition, Event
from typing import Any, Protocol

from cutsmith.errors import CutsmithError


class QueueFull(CutsmithError):
    """As many jobs wait as may. Ask again later."""


class Listener(Protocol):
    """Represents whoever asked for a job, and is told how it goes."""

    def tell_waiting(self, job: Job, before: int) -> None:
        """`before` jobs of other clients come first."""

    def tell_progress(self, job: Job, stage: str, fraction: float) -> None:
        """`stage` begins; `fraction` of the job, in [0, 1], is done."""

    def tell_result(self, job: Job, answer: Any) -> None:
        """The job is done, and `answer` is what it was run for."""

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
        is_patient: whether it waits until no other job does, such as one of many pictures that nobody looks at yet.
    """

    def __init__(self, number: int, kind: str, content: Any, listener: Listener, *, is_patient: bool = False) -> None:
        self.number = number
        self.kind = kind
        self.content: Any = content
        self.listener = listener
        self.is_patient = is_patient
        self.dropped = Event()
        self.dropped_at = 0.0

    def taken_content(self) -> Any:
        """Hand over the job's content. The job keeps no reference to it, so that its pixels can be freed."""
        content, self.content = self.content, None
        assert content is not None, "a job is run once"
        return content


class JobQueue:
    """The waiting jobs, first come, first served but for patient ones, and the running ones.

    Args:
        at_once: how many run at a time, that is, how many threads call `next`.
        most_waiting: how many may wait, patient ones left out; None for any number.
    """

    def __init__(self, at_once: int = 1, most_waiting: int | None = None) -> None:
        self._changed = Condition()
        self._waiting: deque[Job] = deque()
        self._running: list[Job] = []
        self._at_once = at_once
        self._most_waiting = most_waiting
        self._is_closed = False

    def put(self, job: Job) -> bool:
        """Add `job`, and tell its client if it has to wait; -> false if the queue is closed.

        Raises:
            QueueFull: as many wait as may.
        """
        with self._changed:
            if self._is_closed:
                return False
            before = self._add(job) + len(self._running)
            if not job.is_patient and self._is_too_long():
                self._waiting.remove(job)
                raise QueueFull(
                    f"{self._most_waiting} pictures are waiting already, which is as many as may.", "Ask again later."
                )
            if before >= self._at_once:
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
            job = self._waiting.popleft()
            self._running.append(job)
            self._tell_places()
            return job

    def done(self, job: Job) -> None:
        """Record that the running `job` has ended."""
        with self._changed:
            self._running.remove(job)

    def stuck(self) -> tuple[float, bool]:
        """For how many seconds a running job has gone on after it was dropped, and whether other jobs wait."""
        with self._changed:
            since = [job.dropped_at for job in self._running if job.dropped.is_set()]
            seconds = time.monotonic() - min(since) if since else 0.0
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

    def counts(self) -> tuple[int, int]:
        """How many jobs wait, and how many run."""
        with self._changed:
            return len(self._waiting), len(self._running)

    def __len__(self) -> int:
        return sum(self.counts())

    def _add(self, job: Job) -> int:
        """Add `job` to those that wait; -> how many of them come first."""
        if job.is_patient:
            self._waiting.append(job)
            return len(self._waiting) - 1
        place = next((at for at, each in enumerate(self._waiting) if each.is_patient), len(self._waiting))
        self._waiting.insert(place, job)
        return place

    def _is_too_long(self) -> bool:
        """Whether more jobs wait than may, patient ones and those that start at once left out."""
        impatient = sum(not each.is_patient for each in self._waiting)
        free_places = self._at_once - len(self._running)
        return self._most_waiting is not None and impatient - free_places > self._most_waiting

    def _tell_places(self) -> None:
        for before, job in enumerate(self._waiting, start=len(self._running)):
            if before >= self._at_once:
                job.listener.tell_waiting(job, before)
