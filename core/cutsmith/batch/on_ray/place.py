"""Where a batch works: its workers must see the folder of results and the pictures, under the same paths."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from cutsmith.batch.on_ray.failures import NotShared
from cutsmith.batch.thumbnails import OWN_FOLDER

_SIGN = "seen-by-workers"
_CURE = "All machines must see the results and the pictures under the same paths, such as on NFS."


@dataclass(frozen=True)
class Place:
    """Where the driver works.

    Attributes:
        current: its current folder, which relative paths start from.
        folder: the folder of results.
        sign: what stands in a file of that folder.
    """

    current: str
    folder: Path
    sign: str

    def enter(self) -> None:
        """Work where the driver works.

        Raises:
            NotShared: this machine does not see the folder of results, or another one has its name here.
        """
        try:
            os.chdir(self.current)
        except OSError:
            if not self.folder.is_absolute():
                raise self._not_shared() from None
        try:
            found = (self.folder / OWN_FOLDER / _SIGN).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            found = ""
        if found != self.sign:
            raise self._not_shared()

    def _not_shared(self) -> NotShared:
        folder = Path(self.current) / self.folder
        return NotShared(f"The machine {machine()} does not see the folder of results, {folder}.", _CURE)


@contextmanager
def marked(folder: Path) -> Iterator[Place]:
    """Leave a sign in the folder of results, by which workers know it."""
    sign = token_hex(16)
    path = folder / OWN_FOLDER / _SIGN
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(sign, encoding="ascii")
    try:
        yield Place(str(Path.cwd()), folder, sign)
    finally:
        path.unlink(missing_ok=True)


def not_seen(source: str) -> NotShared:
    """The failure of a picture that is there for the driver and not for a worker."""
    return NotShared(f"{source} is there on this machine, but not on one of the cluster.", _CURE)


def machine() -> str:
    """The name of this machine."""
    return socket.gethostname()
