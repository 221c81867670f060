"""One job at a time: the others wait, know how many are before them, and can be dropped."""

from __future__ import annotations

import time
from collections import deque
from threading import Condition, Event
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cutsmith.worker.client_link import ClientLink
    from cutsmith.worker.protocol import Message


class Job:
    """What one client asked for. `dropped` is set when nobody wants the answer any more."""

    def __init__(self, number: int, message: Message, link: ClientLink) -> None:
        self.number = number
        self.kind = str(message.header.get("job"))
        self.message: Message | None = message
        self.link = link
        self.dropped = Event()
        self.dropped_at = 0.0

    def taken_message(self) -> Message:
        """The job's message, whose pixels are not kept here any longer."""
        message, self.message = self.message, None
        assert message is not None, "a job is run once"
        return message


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
                job.link.tell_waiting(job, before)
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
            job.message = None
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
            job.link.tell_waiting(job, before)
