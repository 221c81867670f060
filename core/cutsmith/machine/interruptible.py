"""Work that the caller can leave while it runs, even in the middle of one long native call.

It runs in a thread of its own while the caller's thread polls. That helps as far as the native code releases the GIL,
or holds it only for short whiles. Measured: qdldl releases it; pyamg's setup and scipy.sparse hold it for 0.11 s at
most with 300,000 unknowns.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

Result = TypeVar("Result")

POLL_SECONDS = 0.05


def interruptible(work: Callable[[], Result], check: Callable[[], None]) -> Result:
    """What `work()` returns or raises, with `check()` called in this thread about every 0.05 s meanwhile.

    What `check` raises is raised at once. The work is then abandoned: its thread goes on until `work` returns, and its
    result is dropped. So `work` must change nothing that the caller goes on to use, and long work should look now and
    then whether it is still wanted.
    """
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            future.set_exception(error)

    # No daemon: an interpreter that ends beneath native code prints riddles, or crashes.
    threading.Thread(target=run, name="cutsmith-interruptible").start()
    return awaited(future, check)


def awaited(future: Future[Result], check: Callable[[], None]) -> Result:
    """What `future` holds, with `check()` called in this thread about every 0.05 s until it is there.

    What `check` raises is raised at once; the work behind `future` goes on.
    """
    while not future.done():
        check()
        wait([future], timeout=POLL_SECONDS)
    return future.result()
