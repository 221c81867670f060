"""Warnings from where no `cutsmith.protocols.Watch` is at hand, such as while a model loads or runs.

Who hears them belongs to a context (`contextvars`), as in `machine.cancelling`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

logger = logging.getLogger(__name__)

_hears: ContextVar[Callable[[str], object] | None] = ContextVar("cutsmith_hears", default=None)


@contextmanager
def hearing(hears: Callable[[str], object]) -> Iterator[None]:
    """Within the body, `hears` is called with what is told, in place of the log."""
    token = _hears.set(hears)
    try:
        yield
    finally:
        _hears.reset(token)


def tell(text: str) -> None:
    """Say something that the user should know: to whoever hears it, or else to the log."""
    hears = _hears.get()
    if hears is None:
        logger.warning(text)
    else:
        hears(text)
