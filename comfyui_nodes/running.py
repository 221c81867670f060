"""Runs the engine in a thread of its own: shows progress, and ends when the user interrupts."""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import accumulate
from threading import Event
from typing import Any, TypeVar

import comfy.model_management
import comfy.utils

from .node_text import show

Given = TypeVar("Given")
Result = TypeVar("Result")
Kept = TypeVar("Kept")

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.05
# The engine ends within 0.3 s of an interrupt. What takes longer is one call into a library, most often the loading of
# a model; ComfyUI shall not stand still for that.
_LONGEST_WAIT = 2.0
# A single thread: what was interrupted has ended before anything else of the engine's begins.
_engine = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cutsmith")
_last: Future[Any] | None = None


class Turn:
    """One item's turn: what the engine hears, and what it tells while it works."""

    def __init__(self, interrupted: Event) -> None:
        self._interrupted = interrupted
        self.share = 0.0

    def cancelled(self) -> bool:
        """Whether the user has interrupted."""
        return self._interrupted.is_set()

    def on_progress(self, stage: str, share: float) -> None:
        """Take note that `share`, in [0, 1], of the objects have been masked; other stages do not count."""
        if stage == "mask":
            self.share = share


class InTurn:
    """Short work in ComfyUI's own thread, item by item, with its progress bar of `steps` items in all."""

    def __init__(self, steps: int) -> None:
        self._progress = comfy.utils.ProgressBar(steps)

    def __call__(self, items: Iterable[Given]) -> Iterator[Given]:
        """Each of `items`, which is a step of the progress bar once the next one is asked for.

        Raises:
            InterruptProcessingException: the user interrupted, since the item before.
        """
        for item in items:
            comfy.model_management.throw_exception_if_processing_interrupted()
            yield item
            self._progress.update(1)


def in_engine(work: Callable[[], Result]) -> Result:
    """What `work()` returns; it runs in the engine's thread.

    Raises:
        InterruptProcessingException: the user interrupted. What `work` still returns is dropped.
    """
    future = _submitted(work)
    try:
        return _awaited(future)
    finally:
        _wait_for_end(future)


def for_each(
    items: Sequence[Given],
    work: Callable[[Given, Turn], Result],
    then: Callable[[Result], Kept],
    steps: Sequence[int] | None = None,
) -> list[Kept]:
    """Run `work` on each item in turn, in the engine's thread, with ComfyUI's progress bar; -> what `then` returned.

    `work` gets the item and its `Turn`. `then` gets each result in this thread, while the engine works on the next
    item; the result itself is not kept, because a film has hundreds. `steps` says how many steps of the progress bar
    each item is; None means one.

    Raises:
        InterruptProcessingException: the user interrupted. The engine is told so and is waited for, so that nothing
            runs on.
    """
    comfy.model_management.throw_exception_if_processing_interrupted()
    counts = [1] * len(items) if steps is None else list(steps)
    before = [0, *accumulate(counts)]
    progress = comfy.utils.ProgressBar(before[-1])
    kept: list[Kept] = []
    interrupted = Event()

    def begin(number: int) -> tuple[Future[Result], Turn]:
        turn, item = Turn(interrupted), items[number]
        return _submitted(lambda: work(item, turn)), turn

    running = begin(0) if items else None
    try:
        while running is not None:
            number = len(kept)
            future, turn = running

            def tell(turn: Turn = turn, number: int = number) -> None:
                done = before[number] + int(turn.share * counts[number])
                if done > progress.current:
                    progress.update_absolute(done)

            result = _awaited(future, tell)
            running = begin(number + 1) if number + 1 < len(items) else None
            kept.append(then(result))
            # Or it would be held until the next one is there.
            del result, future
            progress.update_absolute(before[number + 1])
    finally:
        # If this ends early, nobody wants what the engine has begun.
        interrupted.set()
        if running is not None:
            _wait_for_end(running[0])
    return kept


def _submitted(work: Callable[[], Result]) -> Future[Result]:
    """`work`, to be run in the engine's thread with this thread's context, which says which node runs."""
    global _last
    given, last = work, _last
    if last is not None and not last.done():
        show("Waiting until a cancelled run has ended")

        def given() -> Result:
            show("The cancelled run has ended")
            return work()

    future = _engine.submit(contextvars.copy_context().run, given)
    _last = future
    # Or what it returned, a picture or a model, would be held until the next run.
    future.add_done_callback(_forget)
    return future


def _forget(future: Future[Any]) -> None:
    global _last
    if _last is future:
        _last = None


def _awaited(future: Future[Result], tell: Callable[[], None] = lambda: None) -> Result:
    """The result of `future`, unless the user interrupts first; `tell` is called meanwhile."""
    while not wait([future], timeout=_POLL_SECONDS).done:
        tell()
        comfy.model_management.throw_exception_if_processing_interrupted()
    comfy.model_management.throw_exception_if_processing_interrupted()
    return future.result()


def _wait_for_end(future: Future[Result]) -> None:
    """Wait until `future` has ended, with whatever result."""
    if not future.cancel() and not wait([future], timeout=_LONGEST_WAIT).done:
        logger.warning("Cutsmith: what was interrupted cannot stop in the middle of a step; the next run waits for it")
