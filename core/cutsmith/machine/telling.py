"""Warnings from where no `cutsmith.protocols.Watch` is at hand, such as while a model loads: the caller hears them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

logger = logging.getLogger(__name__)

_heard: ContextVar[list[str] | None] = ContextVar("cutsmith_heard", default=None)


@contextmanager
def hearing() -> Iterator[list[str]]:
    """Within the body, what this thread tells is added to the list that the `with` gives, instead of to the log."""
    heard: list[str] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


def tell(text: str) -> None:
    """Say something that the user should know: to whoever hears it, or else to the log."""
    heard = _heard.get()
    if heard is None:
        logger.warning(text)
    elif text not in heard:
        heard.append(text)
