"""Runs work in the threads of the house's queue, for callers that wait asynchronously."""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, wait
from time import monotonic
from typing import Any, TypeVar, cast

from cutsmith.errors import Cancelled, CutsmithError
from cutsmith.service.failures import ClientGone, Crashed, DeadlinePassed, ServiceEnding
from cutsmith.serving.queue import Job, JobQueue
from cutsmith.serving.running import Report, run

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")
IsDropped = Callable[[], bool]
Work = Callable[[Report, IsDropped], Answer]
"""What is run: it reports its stages, and asks now and then whether it was dropped."""

OnStage = Callable[[str], None]

_LOOK = 0.25
"""Seconds between two looks at whether the client is still there."""


class _Waiter:
    """Hears of a job (`serving.queue.Listener`), and hands its outcome to whoever waits."""

    def __init__(self) -> None:
        self.future: Future[Any] = Future()
        # From here on nobody can cancel it, so that its outcome can always be set.
        self.future.set_running_or_notify_cancel()

    def tell_waiting(self, job: Job, before: int) -> None:
        """Nobody is told: an answer of HTTP has no place for it."""

    def tell_progress(self, job: Job, stage: str, fraction: float) -> None:
        """Nobody is told."""

    def tell_result(self, job: Job, answer: Any) -> None:
        """The job is done."""
        self.future.set_result(answer)

    def tell_dropped(self, job: Job) -> None:
        """The job was dropped."""
        self.future.set_exception(Cancelled("The work was dropped."))

    def tell_failure(self, number: int | None, error: CutsmithError) -> None:
        """The job failed with an error that Cutsmith defines."""
        self.future.set_exception(error)

    def tell_crash(self, job: Job, what: str) -> None:
        """The job failed unexpectedly."""
        self.future.set_exception(Crashed(what))


class Runner:
    """A few threads that work the queue off.

    Args:
        at_once: how many threads. With two, one picture is decoded or encoded while another's mask is computed.
        most_waiting: how many may wait before further work is refused.
    """

    def __init__(self, at_once: int = 2, most_waiting: int = 32) -> None:
        self._queue = JobQueue(at_once, most_waiting)
        self._numbers = itertools.count(1)
        self._threads = [
            threading.Thread(target=self._work, name=f"cutsmith-service-{number}", daemon=True)
            for number in range(1, at_once + 1)
        ]
        for thread in self._threads:
            thread.start()

    async def run(
        self, work: Work[Answer], *, kind: str, deadline: float, is_gone: Callable[[], Awaitable[bool]]
    ) -> Answer:
        """What `work` returns. It is dropped when the client hangs up, and when the deadline has passed.

        Args:
            work: runs in one of the threads.
            kind: what it is, for the log.
            deadline: seconds that it may take, waiting included.
            is_gone: whether the client has hung up.

        Raises:
            QueueFull: too many wait.
            ServiceEnding: no more work is taken.
            DeadlinePassed, ClientGone.
            Exception: whatever `work` raises; `Crashed` for what nobody foresaw.
        """
        job, waiter = self._put(work, kind, is_patient=False)
        future = asyncio.wrap_future(waiter.future)
        ends = monotonic() + deadline
        try:
            while True:
                done, _ = await asyncio.wait([future], timeout=max(min(_LOOK, ends - monotonic()), 0.0))
                if done:
                    return cast(Answer, future.result())
                if await is_gone():
                    raise ClientGone
                if monotonic() >= ends:
                    raise DeadlinePassed(
                        f"The picture was not done within {deadline:g} seconds.",
                        "Send a smaller picture, or ask again when less is going on.",
                    )
        finally:
            if not future.done():
                self._queue.drop(job)
                # Its outcome concerns nobody any more; without this, asyncio would complain that nobody looked.
                future.cancel()

    def run_patiently(self, work: Work[Answer], *, kind: str, cancelled: IsDropped | None = None) -> Answer:
        """What `work` returns, run once nobody else waits. For a thread that works many pictures off.

        Args:
            work: runs in one of the threads.
            kind: what it is, for the log.
            cancelled: asked now and then whether to give up.

        Raises:
            ServiceEnding: no more work is taken.
            Cancelled: as asked.
            Exception: as `run`.
        """
        job, waiter = self._put(work, kind, is_patient=True)
        while True:
            done, _ = wait([waiter.future], timeout=_LOOK)
            if done:
                return cast(Answer, waiter.future.result())
            if cancelled is not None and cancelled() and self._queue.drop(job):
                raise Cancelled("The work was dropped.")

    def counts(self) -> tuple[int, int]:
        """How many wait, and how many run."""
        return self._queue.counts()

    def close(self) -> None:
        """Take no more work. What waits is refused; what runs goes on."""
        for job in self._queue.close():
            job.listener.tell_failure(job.number, _ending())
        self._queue.wake()

    def is_idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return not len(self._queue)

    def _put(self, work: Work[Any], kind: str, *, is_patient: bool) -> tuple[Job, _Waiter]:
        waiter = _Waiter()
        job = Job(next(self._numbers), kind, work, waiter, is_patient=is_patient)
        if not self._queue.put(job):
            raise _ending()
        return job, waiter

    def _work(self) -> None:
        while True:
            job = self._queue.next(timeout=60)
            if job is not None:
                run(job, self._queue, _called)
            elif self._queue.is_closed():
                return


def _called(work: Work[Any], report: Report, is_dropped: IsDropped) -> Any:
    return work(report, is_dropped)


def _ending() -> ServiceEnding:
    return ServiceEnding("The service is about to end.", "Ask again in a moment.")
