"""Runs the engine a picture at a time: progress after each, and an immediate end when the user interrupts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

import comfy.model_management
import comfy.utils

Given = TypeVar("Given")
Result = TypeVar("Result")

_POLL_SECONDS = 0.05
# One thread: what was interrupted ends by itself before the next call of the engine begins.
_engine = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cutsmith")


def for_each(items: Sequence[Given], work: Callable[[Given], Result]) -> list[Result]:
    """`work` on each item in turn, with ComfyUI's progress bar.

    Raises:
        InterruptProcessingException: the user interrupted: at once, also in the midst of an item.
    """
    progress = comfy.utils.ProgressBar(len(items))
    results = []
    for item in items:
        results.append(interruptible(lambda item=item: work(item)))  # type: ignore[misc]
        progress.update(1)
    return results


def interruptible(work: Callable[[], Result]) -> Result:
    """What `work` returns; while it runs in a thread of its own, ComfyUI's interrupt is watched for.

    Raises:
        InterruptProcessingException: the user interrupted; `work` goes on to its end, and what it gives is dropped.
    """
    comfy.model_management.throw_exception_if_processing_interrupted()
    future = _engine.submit(work)
    while not wait([future], timeout=_POLL_SECONDS).done:
        comfy.model_management.throw_exception_if_processing_interrupted()
    return future.result()
