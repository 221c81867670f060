"""The queue, without a socket: first come, first served; who waits is told its place, who is dropped is gone."""

from __future__ import annotations

from threading import Thread
from time import sleep

import pytest

from cutsmith.serving.queue import Job, JobQueue, QueueFull


class Heard:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.places: list[tuple[int, int]] = []

    def tell_waiting(self, job: Job, before: int) -> None:
        self.places.append((job.number, before))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def jobs(heard) -> list[Job]:
    return [Job(number, "cut", {"number": number}, heard) for number in range(4)]


def test_first_come_first_served(jobs) -> None:
    queue = JobQueue()
    for job in jobs:
        assert queue.put(job)
    assert len(queue) == 4
    for job in jobs:
        assert queue.next(0) is job
        queue.done(job)
    assert queue.next(0) is None
    assert len(queue) == 0


def test_who_waits_is_told_how_many_come_before_and_hears_of_every_step(jobs, heard) -> None:
    queue = JobQueue()
    queue.put(jobs[0])
    assert heard.places == [], "nothing is before it"
    queue.put(jobs[1])
    assert heard.places == [(1, 1)]
    queue.next(0)
    queue.put(jobs[2])
    assert heard.places == [(1, 1), (1, 1), (2, 2)]
    heard.places.clear()
    queue.done(jobs[0])
    queue.next(0)
    assert heard.places == [(2, 1)]


def test_one_that_is_dropped_while_it_waits_is_gone_and_the_others_move_up(jobs, heard) -> None:
    queue = JobQueue()
    for job in jobs[:3]:
        queue.put(job)
    queue.next(0)
    heard.places.clear()
    assert queue.drop(jobs[1])
    assert jobs[1].dropped.is_set()
    assert jobs[1].content is None, "its pixels are let go of"
    assert heard.places == [(2, 1)]
    queue.done(jobs[0])
    assert queue.next(0) is jobs[2]


def test_one_that_runs_is_marked_and_goes_on(jobs) -> None:
    queue = JobQueue()
    queue.put(jobs[0])
    queue.put(jobs[1])
    running = queue.next(0)
    assert queue.stuck() == (0.0, True)
    assert not queue.drop(running)
    assert running.dropped.is_set()
    assert running.content is not None
    sleep(0.02)
    seconds, others_wait = queue.stuck()
    assert 0.02 <= seconds < 5
    assert others_wait
    queue.done(running)
    assert queue.stuck() == (0.0, True)


def test_a_job_whose_content_was_taken_keeps_none(jobs) -> None:
    assert jobs[0].taken_content() == {"number": 0}
    assert jobs[0].content is None
    with pytest.raises(AssertionError):
        jobs[0].taken_content()


def test_next_waits_for_a_job_and_no_longer_than_it_may(jobs) -> None:
    queue = JobQueue()
    assert queue.next(0.01) is None
    later = Thread(target=lambda: (sleep(0.05), queue.put(jobs[0])))
    later.start()
    assert queue.next(10) is jobs[0]
    later.join()


def test_wake_lets_next_return_empty_handed() -> None:
    queue = JobQueue()
    got: list[object] = ["nothing yet"]

    def wait() -> None:
        got[0] = queue.next(30)

    waiting = Thread(target=wait)
    waiting.start()
    sleep(0.05)
    queue.wake()
    waiting.join(5)
    assert not waiting.is_alive()
    assert got == [None]


def test_a_closed_queue_takes_no_job_and_gives_back_those_that_waited(jobs) -> None:
    queue = JobQueue()
    for job in jobs[:3]:
        queue.put(job)
    queue.next(0)
    assert not queue.close_if_empty()
    assert not queue.is_closed()
    assert queue.put(jobs[3]), "it was not empty"
    assert queue.close() == jobs[1:]
    assert len(queue) == 1, "the one that runs"
    assert not queue.put(jobs[1])
    queue.done(jobs[0])
    assert queue.next(0) is None


def test_an_empty_queue_is_closed(jobs) -> None:
    queue = JobQueue()
    assert queue.close_if_empty()
    assert queue.is_closed()
    assert not queue.put(jobs[0])


def test_with_two_places_two_run_at_once_and_the_third_waits_for_either(jobs, heard) -> None:
    queue = JobQueue(at_once=2)
    for job in jobs[:2]:
        queue.put(job)
    assert heard.places == [], "both begin at once"
    queue.put(jobs[2])
    assert heard.places == [(2, 2)]
    first, second = queue.next(0), queue.next(0)
    assert queue.counts() == (1, 2)
    queue.done(second)
    assert queue.next(0) is jobs[2]
    assert queue.counts() == (0, 2)
    queue.done(first)


def test_a_queue_with_a_limit_refuses_what_would_wait_beyond_it(jobs) -> None:
    queue = JobQueue(at_once=1, most_waiting=1)
    queue.put(jobs[0])
    queue.put(jobs[1])
    with pytest.raises(QueueFull, match="waiting already"):
        queue.put(jobs[2])
    assert queue.next(0) is jobs[0]
    with pytest.raises(QueueFull):
        queue.put(jobs[2])
    queue.done(jobs[0])
    assert queue.put(jobs[2]), "the one that waits begins now"


def test_patient_jobs_wait_for_all_others_and_count_for_no_limit(heard) -> None:
    queue = JobQueue(at_once=1, most_waiting=1)
    patient = [Job(number, "cut", {}, heard, is_patient=True) for number in (10, 11, 12)]
    others = [Job(number, "cut", {}, heard) for number in (1, 2)]
    for job in (*patient, *others):
        assert queue.put(job)
    assert [queue.next(0) for _ in range(5)] == [*others, *patient]
