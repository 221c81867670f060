"""Jobs beside an open dialog, in a thread of their own: of each kind the newest counts, and older ones are dropped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .failure import CutFailed

if TYPE_CHECKING:
    from .settings import Settings
    from .worker_files import Array, Message
    from .worker_link import WorkerLink

Deliver = Callable[..., object]
"""Runs a function with its arguments in the dialog's own thread."""


@dataclass
class LiveJob:
    """A job for the worker.

    Attributes:
        kind: jobs of one kind replace each other.
        job, options, arrays: as docs/worker-protocol.md describes them.
        settings: for the words of a failure.
        then: called with the answer, in the dialog's thread.
        failed: called with a failure, in the dialog's thread.
        is_dropped: set once a newer one of its kind is asked for.
    """

    kind: str
    job: str
    options: Mapping[str, Any]
    settings: Settings
    then: Callable[[Message], None]
    failed: Callable[[CutFailed], None]
    arrays: Mapping[str, Array] = field(default_factory=dict)
    is_dropped: threading.Event = field(default_factory=threading.Event)


class LiveJobs:
    """Runs jobs one after another, those of the kinds named first before the others.

    Args:
        connect: makes the connection to the worker, in the thread.
        deliver: brings results into the dialog's thread.
        order: the kinds, the most urgent first.
    """

    def __init__(self, connect: Callable[[], WorkerLink], deliver: Deliver, order: tuple[str, ...]) -> None:
        self._connect = connect
        self._deliver = deliver
        self._order = order
        self._waiting: dict[str, LiveJob] = {}
        self._running: LiveJob | None = None
        self._changed = threading.Condition()
        self._is_ending = False
        self._thread = threading.Thread(target=self._work, name="cutsmith-live", daemon=True)
        self._thread.start()

    def ask(self, job: LiveJob) -> None:
        """Run `job` as soon as may be. It replaces one of its kind, and stops a less urgent one that is running."""
        with self._changed:
            self._drop(job.kind)
            self._waiting[job.kind] = job
            if self._running is not None and self._rank(self._running) > self._rank(job):
                self._running.is_dropped.set()
            self._changed.notify()

    def drop(self, *kinds: str) -> None:
        """The results of these kinds are no longer wanted."""
        with self._changed:
            for kind in kinds:
                self._drop(kind)

    @property
    def is_busy(self) -> bool:
        """Whether something is being worked on."""
        with self._changed:
            return bool(self._waiting) or (self._running is not None and not self._running.is_dropped.is_set())

    def end(self) -> None:
        """Drop all, and close the connection."""
        with self._changed:
            self._is_ending = True
            self.drop(*self._order)
            self._changed.notify()

    def _drop(self, kind: str) -> None:
        self._waiting.pop(kind, None)
        if self._running is not None and self._running.kind == kind:
            self._running.is_dropped.set()

    def _rank(self, job: LiveJob) -> int:
        return self._order.index(job.kind)

    def _next(self) -> LiveJob | None:
        with self._changed:
            self._running = None
            while not self._waiting and not self._is_ending:
                self._changed.wait()
            if self._is_ending:
                return None
            job = min(self._waiting.values(), key=self._rank)
            del self._waiting[job.kind]
            self._running = job
            return job

    def _work(self) -> None:
        link: WorkerLink | None = None
        while (job := self._next()) is not None:
            try:
                if link is None:
                    link = self._connect()
                answer = link.ask(job.job, job.options, job.arrays, job.settings, job.is_dropped.is_set)
            except CutFailed as failure:
                # The next one connects anew: this may have been the connection's failure.
                if link is not None:
                    link.close()
                link = None
                self._tell(job, job.failed, failure)
            else:
                if answer is not None:
                    self._tell(job, job.then, answer)
        if link is not None:
            link.close()

    def _tell(self, job: LiveJob, told: Callable[[Any], None], value: object) -> None:
        def deliver() -> None:
            if not job.is_dropped.is_set():
                told(value)

        self._deliver(deliver)
