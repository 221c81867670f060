"""Cancelling: long work anywhere in the engine asks `check()` now and then whether it is still wanted.

A run of the pipeline says, with `heeding`, what is called; outside of one, nothing is. What is called belongs to a
context (`contextvars`), so a thread that helps a run needs a copy of the run's: `in_this_context`.
"""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

Result = TypeVar("Result")

Check = Callable[[], None]
"""Raises where the work is no longer wanted."""

POLL_SECONDS = 0.05

_check: contextvars.ContextVar[Check | None] = contextvars.ContextVar("cutsmith_check", default=None)


@contextmanager
def heeding(asked: Check | None) -> Iterator[None]:
    """Within the body, `check()` calls `asked`; None changes nothing."""
    token = _check.set(asked or _check.get())
    try:
        yield
    finally:
        _check.reset(token)


def started(work: Callable[[], Result]) -> Future[Result]:
    """Start `work` in a thread of its own; what it calls hears nothing of cancelling, and `awaited` may leave it."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cutsmith-load")
    future = pool.submit(work)
    # The thread ends when the work is done, even if nobody waits for it any more.
    pool.shutdown(wait=False)
    return future


def check() -> None:
    """Raise what the run's caller wants raised, most often `cutsmith.errors.Cancelled`, where the run is cancelled."""
    asked = _check.get()
    if asked is not None:
        asked()


@contextmanager
def checking_calls() -> Iterator[None]:
    """Within the body, `check()` is called wherever a Python function is entered.

    For libraries that compute for seconds in many calls and know no callback. Not for code that holds locks, which may
    be left where it does not expect to be. A profiler that is at work already is left alone.
    """
    if _check.get() is None or sys.getprofile() is not None:
        yield
        return

    def entered(_frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            check()

    sys.setprofile(entered)
    try:
        yield
    finally:
        sys.setprofile(None)


def in_this_context(work: Callable[[], Result]) -> Callable[[], Result]:
    """`work`, for another thread: cancelling reaches it there."""
    context = contextvars.copy_context()
    return lambda: context.run(work)


def stoppable(work: Callable[[], Result], stop: Callable[[], object]) -> Result:
    """What `work()`, one long call into a library, returns or raises.

    If the run can be cancelled, the work runs in a thread of its own while this one checks. When the check raises,
    `stop()` is called, again and again, until the work has ended; its result is dropped. So `stop` must be one that
    makes the work end early, and may be called before the work has really begun.
    """
    if _check.get() is None:
        return work()
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            future.set_exception(error)

    # No daemon: an interpreter that ends beneath native code prints riddles, or crashes.
    thread = threading.Thread(target=in_this_context(run), name="cutsmith-stoppable")
    thread.start()
    try:
        return awaited(future)
    except BaseException:  # whatever the caller raises
        while not future.done():
            stop()
            wait([future], timeout=POLL_SECONDS)
        thread.join()
        raise


def awaited(future: Future[Result]) -> Result:
    """What `future` holds, with `check()` called about every 0.05 s until it is there.

    What the check raises is raised at once; the work behind `future` goes on.
    """
    while not future.done():
        check()
        wait([future], timeout=POLL_SECONDS)
    return future.result()
