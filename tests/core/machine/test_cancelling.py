"""Long work hears that it is no longer wanted, wherever it is done, and ends."""

import threading
import time

import numpy as np
import pytest

from cutsmith.machine.cancelling import check, checking_calls, heeding, in_this_context, stoppable


class Stop(Exception):
    """What the caller raises to end the work."""


def refuse() -> None:
    raise Stop


def test_outside_of_a_run_nothing_is_asked():
    check()
    with heeding(None):
        check()


def test_within_a_run_the_check_is_the_callers_and_the_outer_one_comes_back():
    asked = []
    with heeding(lambda: asked.append("outer")):
        with heeding(lambda: asked.append("inner")):
            check()
        with heeding(None):
            check()
    check()
    assert asked == ["inner", "outer"]


def test_another_thread_hears_of_it_in_the_runs_context_alone():
    caught = []

    def work():
        try:
            check()
        except Stop:
            caught.append(threading.current_thread().name)

    with heeding(refuse):
        for name, target in (("with", in_this_context(work)), ("without", work)):
            thread = threading.Thread(target=target, name=name)
            thread.start()
            thread.join()
    assert caught == ["with"]


def test_a_long_call_is_stopped_and_waited_for():
    began, stopped, ended = threading.Event(), threading.Event(), threading.Event()

    def work():
        began.set()
        stopped.wait(30)
        ended.set()

    def leave():
        if began.is_set():
            raise Stop

    with heeding(leave), pytest.raises(Stop):
        stoppable(work, stopped.set)
    assert ended.is_set()


def test_a_stop_that_comes_too_early_is_repeated():
    stops = []
    ready = threading.Event()

    def work():
        time.sleep(0.3)
        stops.clear()
        ready.set()
        while not stops:
            time.sleep(0.01)

    with heeding(refuse), pytest.raises(Stop):
        stoppable(work, lambda: stops.append(1))
    assert ready.is_set()


def test_results_and_failures_come_through():
    for asked in (None, lambda: None):
        with heeding(asked):
            assert stoppable(lambda: 7, refuse) == 7
            with pytest.raises(ZeroDivisionError):
                stoppable(lambda: 1 // 0, refuse)


def test_a_library_of_many_calls_ends_at_the_next_one():
    calls = []

    def leave():
        if len(calls) >= 3:
            raise Stop

    def many():
        for number in range(1000):
            calls.append(number)
            np.median(np.ones(3))

    with heeding(leave), pytest.raises(Stop), checking_calls():
        many()
    assert len(calls) == 3
    many()
    assert len(calls) == 1003, "afterwards nothing is asked"
