"""Runs the engine one picture at a time: shows progress after each, and stops at once if the user interrupts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event
from typing import TypeVar

import comfy.model_management
import comfy.utils

Given = TypeVar("Given")
Result = TypeVar("Result")
Kept = TypeVar("Kept")
IsCancelled = Callable[[], bool]

_POLL_SECONDS = 0.05
# A single thread: an interrupted call ends before the next call of the engine begins.
_engine = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cutsmith")


def for_each(
    items: Sequence[Given],
    work: Callable[[Given, IsCancelled], Result],
    then: Callable[[Result], Kept],
) -> list[Kept]:
    """Run `work` on each item in turn, in the engine's thread, with ComfyUI's progress bar; -> what `then` returned.

    `work` gets the item and a function that says whether the user has interrupted. `then` gets each result in this
    thread, while the engine works on the next item. The result itself is not kept: a batch may have hundreds.

    Raises:
        InterruptProcessingException: the user interrupted. It is raised at once, even in the middle of an item. The
            engine stops at its next step, and its result is dropped.
    """
    comfy.model_management.throw_exception_if_processing_interrupted()
    progress = comfy.utils.ProgressBar(len(items))
    kept: list[Kept] = []
    interrupted = Event()
    running = _engine.submit(work, items[0], interrupted.is_set) if items else None
    try:
        while running is not None:
            result = _awaited(running)
            done = len(kept) + 1
            running = _engine.submit(work, items[done], interrupted.is_set) if done < len(items) else None
            kept.append(then(result))
            # Or it would be held until the next one is there.
            del result
            progress.update(1)
    finally:
        # The result of a call that is still running is no longer needed.
        interrupted.set()
    return kept


def _awaited(running: Future[Result]) -> Result:
    """The result of `running`, unless the user interrupts first."""
    while not wait([running], timeout=_POLL_SECONDS).done:
        comfy.model_management.throw_exception_if_processing_interrupted()
    comfy.model_management.throw_exception_if_processing_interrupted()
    return running.result()
