"""Work in the threads of the queue, for callers that wait asynchronously."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from cutsmith.errors import BadOption, Cancelled
from cutsmith.service.failures import ClientGone, Crashed, DeadlinePassed, ServiceEnding
from cutsmith.service.runner import Runner
from cutsmith.serving.queue import QueueFull


async def stays() -> bool:
    return False


async def is_gone() -> bool:
    return True


def run(runner: Runner, work, *, deadline: float = 10.0, gone=stays):
    return asyncio.run(runner.run(work, kind="test", deadline=deadline, is_gone=gone))


@pytest.fixture
def runner():
    made = Runner(at_once=1, most_waiting=1)
    yield made
    made.close()


class Blocked:
    """Work that goes on until it is let go of, or dropped."""

    def __init__(self) -> None:
        self.began, self.end, self.was_dropped = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, report, is_dropped) -> str:
        self.began.set()
        while not self.end.wait(0.01):
            if is_dropped():
                self.was_dropped.set()
                raise Cancelled("dropped")
        return "done"


def test_what_work_returns_is_the_answer(runner) -> None:
    assert run(runner, lambda report, is_dropped: 42) == 42


def test_errors_of_ours_come_as_they_are_and_others_as_a_crash(runner) -> None:
    def wrong(report, is_dropped):
        raise BadOption("No.")

    def broken(report, is_dropped):
        return 1 / 0

    with pytest.raises(BadOption, match="No"):
        run(runner, wrong)
    with pytest.raises(Crashed, match="ZeroDivisionError"):
        run(runner, broken)
    assert run(runner, lambda report, is_dropped: "still here") == "still here"


def test_after_the_deadline_work_is_dropped(runner) -> None:
    work = Blocked()
    began = time.monotonic()
    with pytest.raises(DeadlinePassed, match=r"within 0\.2 seconds"):
        run(runner, work, deadline=0.2)
    assert time.monotonic() - began < 5
    assert work.was_dropped.wait(5)


def test_work_of_a_client_that_hung_up_never_begins(runner) -> None:
    first, second = Blocked(), Blocked()

    async def both() -> None:
        busy = asyncio.create_task(runner.run(first, kind="first", deadline=10, is_gone=stays))
        await asyncio.to_thread(first.began.wait, 5)
        with pytest.raises(ClientGone):
            await runner.run(second, kind="second", deadline=10, is_gone=is_gone)
        first.end.set()
        assert await busy == "done"

    asyncio.run(both())
    assert runner.is_idle()
    assert not second.began.is_set()


def test_running_work_of_a_client_that_hung_up_is_told_so(runner) -> None:
    work = Blocked()
    with pytest.raises(ClientGone):
        run(runner, work, gone=is_gone)
    assert not work.began.is_set() or work.was_dropped.wait(5)


def test_what_would_wait_beyond_the_limit_is_refused_at_once(runner) -> None:
    first, second = Blocked(), Blocked()

    async def three() -> None:
        tasks = [
            asyncio.create_task(runner.run(work, kind="test", deadline=10, is_gone=stays)) for work in (first, second)
        ]
        await asyncio.to_thread(first.began.wait, 5)
        await asyncio.sleep(0.05)
        assert runner.counts() == (1, 1)
        with pytest.raises(QueueFull):
            await runner.run(Blocked(), kind="third", deadline=10, is_gone=stays)
        first.end.set()
        second.end.set()
        assert await asyncio.gather(*tasks) == ["done", "done"]

    asyncio.run(three())


def test_patient_work_comes_last(runner) -> None:
    order: list[str] = []
    first = Blocked()

    async def mixed() -> None:
        busy = asyncio.create_task(runner.run(first, kind="first", deadline=10, is_gone=stays))
        await asyncio.to_thread(first.began.wait, 5)
        patient = asyncio.create_task(
            asyncio.to_thread(runner.run_patiently, lambda report, dropped: order.append("patient"), kind="job")
        )
        await asyncio.sleep(0.1)
        other = asyncio.create_task(
            runner.run(lambda report, dropped: order.append("other"), kind="x", deadline=10, is_gone=stays)
        )
        await asyncio.sleep(0.05)
        first.end.set()
        await asyncio.gather(busy, patient, other)

    asyncio.run(mixed())
    assert order == ["other", "patient"]


def test_a_closed_runner_finishes_what_runs_and_refuses_the_rest(runner) -> None:
    first, second = Blocked(), Blocked()

    async def closing() -> None:
        running = asyncio.create_task(runner.run(first, kind="test", deadline=10, is_gone=stays))
        await asyncio.to_thread(first.began.wait, 5)
        waiting = asyncio.create_task(runner.run(second, kind="test", deadline=10, is_gone=stays))
        await asyncio.sleep(0.05)
        runner.close()
        with pytest.raises(ServiceEnding):
            await waiting
        with pytest.raises(ServiceEnding):
            await runner.run(Blocked(), kind="test", deadline=10, is_gone=stays)
        assert not runner.is_idle()
        first.end.set()
        assert await running == "done"

    asyncio.run(closing())
    assert runner.is_idle()
