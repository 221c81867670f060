"""SIGTERM, by which systems and supervisors end a program, ends a batch as Ctrl+C does: nothing is half-written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

TERMINATED = 143
"""The exit code of a program that SIGTERM ended before its work was done, as shells tell it."""


class Ending:
    """Attributes: terminated: whether SIGTERM came."""

    def __init__(self) -> None:
        self.terminated = False


@contextmanager
def sigterm_interrupts() -> Iterator[Ending]:
    """While the body runs, SIGTERM raises KeyboardInterrupt in it. Only a program's main thread can have that."""
    ending = Ending()
    if threading.current_thread() is not threading.main_thread():
        yield ending
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        ending.terminated = True
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield ending
    finally:
        signal.signal(signal.SIGTERM, before)
