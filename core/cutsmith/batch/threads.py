"""Runs the units of a batch in threads of this process, each a picture from its file to its result.

While the engine computes the mask of one picture, the next is read and the last one is encoded: all of that is native
code, which lets other threads go on. Processes would each hold the models; what was measured is in docs/decisions.md.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event
from typing import TYPE_CHECKING

from cutsmith.errors import Cancelled

if TYPE_CHECKING:
    from cutsmith.batch.manifest_rows import ResultRow
    from cutsmith.batch.unit import Unit

WORKERS = 2
"""Pictures at a time. A third one gains nothing on two cores, and takes the memory of a picture."""
_LOOK = 0.2  # seconds between two looks at whether the caller wants an end

Cut = Callable[["Unit", Callable[[], bool]], "ResultRow"]
"""Cuts one unit out; asked often whether it should end, which raises `Cancelled`."""


def rows_in_threads(
    units: Iterable[Unit], cut: Cut, workers: int = WORKERS, on_start: Callable[[Unit], object] = lambda _: None
) -> Generator[ResultRow, None, None]:
    """The row of each unit, as soon as it is done. `units` are asked for only as fast as they are worked off.

    A caller that stops asking, or is interrupted, ends the units that are under way within a moment; they leave nothing
    half-written.

    Args:
        units: what to do.
        cut: does one, in one of the threads.
        workers: how many are done at a time.
        on_start: called, in the caller's thread, with each unit before its work begins.
    """
    ended = Event()
    waiting = iter(units)
    under_way: set[Future[ResultRow]] = set()
    pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="cutsmith-batch")

    def start_next() -> None:
        for unit in waiting:
            on_start(unit)
            under_way.add(pool.submit(cut, unit, ended.is_set))
            return

    try:
        for _ in range(workers):
            start_next()
        while under_way:
            # A short wait: on Windows a longer one is deaf to Ctrl+C.
            done, _ = wait(under_way, timeout=_LOOK, return_when=FIRST_COMPLETED)
            for future in done:
                under_way.discard(future)
                start_next()
                yield future.result()
    finally:
        ended.set()
        pool.shutdown(wait=True, cancel_futures=True)
        for future in under_way:
            if not future.cancelled() and (error := future.exception()) is not None:
                assert isinstance(error, Cancelled), error
