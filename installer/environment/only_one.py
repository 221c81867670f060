"""Sees to it that one installer at a time changes an environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from installer.failure import InstallFailed


def lock_of(environment: Path) -> Path:
    """The file of its lock."""
    return environment.with_name(f"{environment.name}.lock")


@contextmanager
def only_one(environment: Path) -> Iterator[None]:
    """Hold the lock beside `environment`, which ends with this process however it ends.

    Raises InstallFailed if another process holds it.
    """
    path = lock_of(environment)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            _lock(file)
        except OSError as problem:
            what = f"Another program is setting up {environment}."
            raise InstallFailed(what, "Wait until it is done, then try again.") from problem
        yield
    finally:
        os.close(file)


def _lock(file: int) -> None:
    """Raises OSError if another process has it."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
