"""Jobs beside an open dialog, in a thread of their own: of each kind the newest counts, and older ones are dropped."""

from __future__ import annotations

import contextlib
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
        is_dropped: set once a newer one of its kind is asked for, or its result is no longer wanted.
    """

    kind: str
    job: str
    options: Mapping[str, Any]
    settings: Settings
    then: Callable[[Message], None]
    failed: Callable[[CutFailed], None]
    arrays: Mapping[str, Array] = field(default_factory=dict)
    is_dropped: threading.Event = field(default_factory=threading.Event)

    def handed_over(self) -> Mapping[str, Array]:
        """The arrays, which can be a whole picture: the job does not keep them."""
        arrays, self.arrays = self.arrays, {}
        return arrays


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
        # Of each kind the newest, from when it is asked for until its result has been delivered.
        self._newest: dict[str, LiveJob] = {}
        self._changed = threading.Condition()
        self._is_ending = False
        self._last: LiveJob | None = None
        self._thread = threading.Thread(target=self._work, name="cutsmith-live", daemon=True)
        self._thread.start()

    def ask(self, job: LiveJob) -> None:
        """Run `job` as soon as may be. It replaces one of its kind, and stops a less urgent one that is running."""
        with self._changed:
            if self._is_ending:
                return
            self._drop(job.kind)
            self._newest[job.kind] = self._waiting[job.kind] = job
            running = self._running
            if running is not None and self._rank(running) > self._rank(job):
                running.is_dropped.set()
                self._forget(running)
            self._changed.notify()

    def drop(self, *kinds: str) -> None:
        """The results of these kinds are no longer wanted."""
        with self._changed:
            for kind in kinds:
                self._drop(kind)

    @property
    def is_busy(self) -> bool:
        """Whether a result is still to come."""
        with self._changed:
            return bool(self._newest)

    def end(self, last: LiveJob | None = None) -> None:
        """Drop all, run `last`, of which nothing is told, and close the connection. Once is enough."""
        with self._changed:
            if self._is_ending:
                return
            self._is_ending = True
            self._last = last
            self.drop(*self._order)
            self._changed.notify()

    def wait(self, seconds: float) -> None:
        """Wait until the connection is closed, for `seconds` at most."""
        self._thread.join(seconds)

    def _drop(self, kind: str) -> None:
        self._waiting.pop(kind, None)
        job = self._newest.pop(kind, None)
        if job is not None:
            job.is_dropped.set()

    def _forget(self, job: LiveJob) -> None:
        """Nothing of `job` is to come any more."""
        with self._changed:
            if self._newest.get(job.kind) is job:
                del self._newest[job.kind]

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
        # Nothing of a job stays here while the next one is waited for: its answer may be a whole picture.
        while (job := self._next()) is not None:
            link = self._done(job, link)
            del job
        if self._last is not None:
            # Nobody is there to be told.
            with contextlib.suppress(CutFailed):
                link = link or self._connect()
                link.ask(self._last.job, self._last.options, {}, self._last.settings, lambda: False)
        if link is not None:
            link.close()

    def _done(self, job: LiveJob, link: WorkerLink | None) -> WorkerLink | None:
        """Do `job` by `link`, or by a new connection; -> the connection for the next one."""
        try:
            link = link or self._connect()
            answer = link.ask(job.job, job.options, job.handed_over(), job.settings, job.is_dropped.is_set)
        except CutFailed as failure:
            # The next one connects anew: this may have been the connection's failure.
            if link is not None:
                link.close()
            self._tell(job, job.failed, failure)
            return None
        if answer is None:
            self._forget(job)
        else:
            self._tell(job, job.then, answer)
        return link

    def _tell(self, job: LiveJob, told: Callable[[Any], None], value: object) -> None:
        def deliver() -> None:
            # Whatever drops a job does so in the dialog's thread, as this runs: after the end nothing is told.
            if not job.is_dropped.is_set():
                self._forget(job)
                told(value)

        self._deliver(deliver)
