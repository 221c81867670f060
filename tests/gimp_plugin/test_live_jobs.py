"""Jobs beside an open dialog: the newest of its kind counts, and a click does not wait for a preview."""

from __future__ import annotations

import queue
import threading
from types import SimpleNamespace

import pytest

from gimp_plugin.cutsmith.plug_in.failure import CutFailed, PictureLost
from gimp_plugin.cutsmith.plug_in.live_jobs import LiveJob, LiveJobs
from gimp_plugin.cutsmith.plug_in.settings import Settings

SECONDS = 20


class Link:
    """A worker whose jobs last until they are let go, or until nobody waits for them."""

    def __init__(self) -> None:
        self.begun: queue.Queue[str] = queue.Queue()
        self.go = threading.Semaphore(0)
        self.failure: Exception | None = None
        self.closed = 0

    def ask(self, job, options, arrays, settings, is_dropped):
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
