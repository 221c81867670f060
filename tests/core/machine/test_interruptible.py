"""Work that is left while it runs."""

import threading
import time

import pytest

from cutsmith.machine.interruptible import interruptible


class Stop(Exception):
    """What the caller raises to leave."""


def test_the_result_comes_back_and_failures_are_raised():
    assert interruptible(lambda: 7, lambda: None) == 7
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 // 0, lambda: None)


def test_the_caller_leaves_at_once_and_the_work_goes_on_to_its_end():
    began, ended = threading.Event(), threading.Event()

    def work():
        began.set()
        time.sleep(1.5)
        ended.set()

    def check():
        if began.is_set():
            raise Stop

    start = time.perf_counter()
    with pytest.raises(Stop):
        interruptible(work, check)
    assert time.perf_counter() - start < 1
    assert not ended.is_set()
    assert ended.wait(5)


def test_checks_come_from_the_callers_own_thread():
    seen = set()
    interruptible(lambda: time.sleep(0.2), lambda: seen.add(threading.current_thread()))
    assert seen == {threading.current_thread()}
