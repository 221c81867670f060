"""A thread that looks for work again and again, whatever happens to it, until it is told to end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

logger = logging.getLogger(__name__)

_AFTER_FAILURE = 15.0
"""Seconds until the next look after one that failed, so that the log is not filled."""


class Lookout:
    """The thread.

    Args:
        name: the thread's.
        look: does one piece of work; -> whether there was one. It is called again at once then.
        seconds: between two looks that find nothing.
    """

    def __init__(self, name: str, look: Callable[[], bool], seconds: float) -> None:
        self._name = name
        self._look = look
        self._seconds = seconds
        # No lock is in what `end` does: a signal's handler calls it, wherever its thread is.
        self.has_ended = False
        self._wakes: SimpleQueue[None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def wake(self) -> None:
        """Look at once: there is something to do."""
        self._wakes.put(None)

    def end(self) -> None:
        """Begin nothing more. What is under way may ask `has_ended`."""
        self.has_ended = True
        self._wakes.put(None)

    def join(self, seconds: float) -> None:
        """Wait until the thread has ended, for `seconds` at most."""
        if self._thread.is_alive():
            self._thread.join(seconds)

    def is_alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self.has_ended:
            seconds = self._seconds
            try:
                if self._look():
                    continue
            except Exception:  # the thread must live on; what failed is tried again
                logger.exception("%s: a look failed", self._name)
                seconds = _AFTER_FAILURE
            with suppress(Empty):
                self._wakes.get(timeout=seconds)
