"""Runs the engine a picture at a time: progress after each, and an immediate end when the user interrupts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event
from typing import TypeVar

import comfy.model_management
import comfy.utils

Given = TypeVar("Given")
Result = TypeVar("Result")
IsCancelled = Callable[[], bool]

_POLL_SECONDS = 0.05
# One thread: what was interrupted ends by itself before the next call of the engine begins.
_engine = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cutsmith")


def for_each(
    items: Sequence[Given],
    work: Callable[[Given, IsCancelled], Result],
    then: Callable[[Result], object] | None = None,
) -> list[Result]:
    """`work` on each item in turn, in the engine's thread, with ComfyUI's progress bar.

    `work` gets the item and a function that says whether the user interrupted. `then` gets each result in this thread,
    while the engine works on the next item.

    Raises:
        InterruptProcessingException: the user interrupted: at once, also in the midst of an item; the engine ends at
            its next step, and what it gives is dropped.
    """
    comfy.model_management.throw_exception_if_processing_interrupted()
    progress = comfy.utils.ProgressBar(len(items))
    results: list[Result] = []
    interrupted = Event()
    running = _engine.submit(work, items[0], interrupted.is_set) if items else None
    try:
        while running is not None:
            result = _awaited(running)
            done = len(results) + 1
            running = _engine.submit(work, items[done], interrupted.is_set) if done < len(items) else None
            if then is not None:
                then(result)
            results.append(result)
            progress.update(1)
    finally:
        # Nobody waits any more for what still runs.
        interrupted.set()
    return results


def _awaited(running: Future[Result]) -> Result:
    """What `running` gives, unless ComfyUI's interrupt comes first."""
    while not wait([running], timeout=_POLL_SECONDS).done:
        comfy.model_management.throw_exception_if_processing_interrupted()
    comfy.model_management.throw_exception_if_processing_interrupted()
    return running.result()
