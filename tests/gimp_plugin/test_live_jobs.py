"""Jobs beside an open dialog: the newest of its kind counts, and a click does not wait for a preview."""

from __future__ import annotations

import queue
import threading
import weakref
from types import SimpleNamespace

import pytest

from gimp_plugin.cutsmith.plug_in.failure import CutFailed, PictureLost
from gimp_plugin.cutsmith.plug_in.live_jobs import LiveJob, LiveJobs
from gimp_plugin.cutsmith.plug_in.settings import Settings
from gimp_plugin.cutsmith.plug_in.worker_files import Array

SECONDS = 20


class Link:
    """A worker whose jobs last until they are let go, or until nobody waits for them."""

    def __init__(self) -> None:
        self.begun: queue.Queue[str] = queue.Queue()
        self.go = threading.Semaphore(0)
        self.failure: Exception | None = None
        self.closed = 0
        self.arrays: queue.Queue[weakref.ref] = queue.Queue()

    def ask(self, job, options, arrays, settings, is_dropped):
        for array in arrays.values():
            self.arrays.put(weakref.ref(array))
            del array
        del arrays
        self.begun.put(job)
        while not self.go.acquire(timeout=0.01):
            if is_dropped():
                return None
        if self.failure is not None:
            raise self.failure
        return SimpleNamespace(header={"job": job})

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
def told() -> queue.Queue:
    return queue.Queue()


class Desk:
    """A dialog's thread that is busy, and runs what is delivered later, as GTK's idle callbacks."""

    def __init__(self) -> None:
        self.delivered: queue.Queue = queue.Queue()

    def run_next(self) -> None:
        self.delivered.get(timeout=SECONDS)()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def late(link, desk):
    """Jobs whose results wait for the dialog's thread."""
    made = LiveJobs(lambda: link, desk.delivered.put, ("mask", "preview"))
    yield made
    made.end()


@pytest.fixture
def jobs(link):
    made = LiveJobs(lambda: link, lambda tell: tell(), ("mask", "preview"))
    yield made
    made.end()


def job(kind: str, name: str, told: queue.Queue) -> LiveJob:
    return LiveJob(
        kind, name, {}, Settings(), lambda answer: told.put(answer.header["job"]), lambda failure: told.put(failure)
    )


def test_the_newest_of_a_kind_is_done_and_the_older_dropped(jobs, link, told) -> None:
    jobs.ask(job("preview", "first", told))
    assert link.begun.get(timeout=SECONDS) == "first"
    for name in ("second", "third"):
        jobs.ask(job("preview", name, told))
    assert link.begun.get(timeout=SECONDS) == "third"
    link.go.release()
    assert told.get(timeout=SECONDS) == "third"
    assert told.empty()


def test_a_click_stops_a_preview(jobs, link, told) -> None:
    jobs.ask(job("preview", "slow", told))
    link.begun.get(timeout=SECONDS)
    jobs.ask(job("mask", "click", told))
    assert link.begun.get(timeout=SECONDS) == "click"
    assert jobs.is_busy
    link.go.release()
    assert told.get(timeout=SECONDS) == "click"


def test_a_preview_waits_for_a_click(jobs, link, told) -> None:
    jobs.ask(job("mask", "click", told))
    link.begun.get(timeout=SECONDS)
    jobs.ask(job("preview", "slow", told))
    link.go.release(2)
    assert [told.get(timeout=SECONDS) for _ in range(2)] == ["click", "slow"]


@pytest.mark.parametrize("failure", [CutFailed("no"), PictureLost("gone")])
def test_after_a_failure_the_next_job_connects_anew(jobs, link, told, failure) -> None:
    link.failure = failure
    jobs.ask(job("mask", "click", told))
    link.go.release()
    assert told.get(timeout=SECONDS) is failure
    link.failure = None
    jobs.ask(job("mask", "again", told))
    link.go.release()
    assert told.get(timeout=SECONDS) == "again"
    assert link.closed == 1


def test_what_is_dropped_tells_nothing_and_the_end_closes_the_connection(jobs, link, told) -> None:
    jobs.ask(job("preview", "slow", told))
    link.begun.get(timeout=SECONDS)
    jobs.drop("preview")
    assert not jobs.is_busy
    jobs.end()
    jobs._thread.join(SECONDS)
    assert told.empty()
    assert link.closed == 1


@pytest.mark.parametrize("how", ["drop", "ask", "end"])
def test_what_is_done_but_not_delivered_can_still_be_dropped(late, link, desk, told, how) -> None:
    late.ask(job("preview", "old", told))
    link.go.release()
    deliver = desk.delivered.get(timeout=SECONDS)
    assert late.is_busy, "its result is still to come"
    if how == "drop":
        late.drop("preview")
    elif how == "ask":
        late.ask(job("preview", "new", told))
        link.go.release()
    else:
        late.end()
    deliver()
    assert told.empty()
    if how == "ask":
        desk.run_next()
        assert told.get(timeout=SECONDS) == "new"
    assert not late.is_busy


def test_it_is_not_busy_any_more_once_the_last_result_is_told(late, link, desk) -> None:
    seen: list[bool] = []
    late.ask(LiveJob("mask", "click", {}, Settings(), lambda answer: seen.append(late.is_busy), lambda failure: None))
    link.go.release()
    desk.run_next()
    assert seen == [False]


def test_what_was_stopped_for_a_click_is_not_waited_for(late, link, desk, told) -> None:
    late.ask(job("preview", "slow", told))
    link.begun.get(timeout=SECONDS)
    late.ask(job("mask", "click", told))
    assert link.begun.get(timeout=SECONDS) == "click"
    link.go.release()
    desk.run_next()
    assert told.get(timeout=SECONDS) == "click"
    assert not late.is_busy


def test_arrays_are_let_go_once_they_are_sent(jobs, link, told) -> None:
    asked = job("preview", "large", told)
    asked.arrays = {"pixels": Array("uint8", (9,), bytes(9))}
    jobs.ask(asked)
    assert link.begun.get(timeout=SECONDS) == "large"
    assert link.arrays.get(timeout=SECONDS)() is None
    link.go.release()


@pytest.mark.parametrize("failure", [None, CutFailed("no")])
def test_the_last_job_is_done_after_all_were_dropped_and_tells_nothing(jobs, link, told, failure) -> None:
    jobs.ask(job("preview", "slow", told))
    link.begun.get(timeout=SECONDS)
    link.failure = failure
    jobs.end(job("mask", "close", told))
    assert link.begun.get(timeout=SECONDS) == "close"
    link.go.release()
    jobs.end()
    jobs.wait(SECONDS)
    assert not jobs._thread.is_alive()
    jobs.ask(job("preview", "late", told))
    assert (told.empty(), link.begun.empty(), jobs.is_busy, link.closed) == (True, True, False, 1)
