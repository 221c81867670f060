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
