"""SIGTERM: the service finishes what runs, answers new requests with 503, and then ends."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cutsmith.service.service import Service

logger = logging.getLogger(__name__)

_LOOK = 0.1
# Ctrl+C in a terminal, and systemd, signal every process, and the parent of several workers passes the signal on.
_SAME_SECONDS = 2.0
# Answers that are ready still have to be sent.
_LAST_WORDS = 0.3


@contextmanager
def drained_by_sigterm(service: Service, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """While the body runs, SIGTERM and SIGINT let `service` finish before the server's own handler ends it.

    A second signal ends it at once, unless it comes so soon that it is the same one by another way. Only a program's
    main thread can have that; Ray Serve has its own way.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard_at = -_SAME_SECONDS
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal heard_at
        handler = before[signal.Signals(number)]
        if not callable(handler):
            raise SystemExit(128 + number)
        if service.is_ending:
            if monotonic() - heard_at >= _SAME_SECONDS:
                handler(number, frame)
            return
        heard_at = monotonic()
        service.end()
        logger.info("asked to end: finishing what runs")
        asyncio.run_coroutine_threadsafe(_when_done(service, lambda: handler(number, frame)), loop)

    for number in before:
        signal.signal(number, hear)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _when_done(service: Service, end: Callable[[], object]) -> None:
    until = monotonic() + service.settings.drain_seconds
    while not service.is_done and monotonic() < until:
        await asyncio.sleep(_LOOK)
    await asyncio.sleep(_LAST_WORDS)
    end()
