"""Settings of other packages that are changed while a network is built, and only then.

They belong to the whole process, so one thread at a time changes them, and they are put back whatever happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from types import ModuleType
from typing import Any

_LOCK = RLock()
_NOTHING = object()


@contextmanager
def replaced(module: ModuleType, **values: Any) -> Iterator[None]:
    """Set names of `module` to other `values` inside the block."""
    with _LOCK:
        before = {name: vars(module).get(name, _NOTHING) for name in values}
        vars(module).update(values)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is _NOTHING:
                    vars(module).pop(name, None)
                else:
                    setattr(module, name, value)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers' reports and progress bars off the terminal inside the block; errors say the same."""
    from transformers.utils import logging

    with _LOCK:
        verbosity, shows_progress = logging.get_verbosity(), logging.is_progress_bar_enabled()
        logging.set_verbosity(logging.CRITICAL)
        logging.disable_progress_bar()
        try:
            yield
        finally:
            logging.set_verbosity(verbosity)
            if shows_progress:
                logging.enable_progress_bar()
