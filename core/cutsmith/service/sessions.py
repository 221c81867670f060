"""Pictures that were uploaded once, for any number of clicks on them."""

from __future__ import annotations

import os
import re
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, time
from typing import TYPE_CHECKING

from cutsmith.picture import Picture, write_bytes_atomically
from cutsmith.service.failures import NotFound
from cutsmith.service.pictures import read_picture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_IDENTITY = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass
class Session:
    """One picture in memory.

    Attributes:
        identity: names it; whoever knows it may use it.
        picture: as it was read.
        image: uint8 (H, W, 3), as the models see it. One array for all clicks, so that SAM 2 finds its embedding.
        used: when it was last asked for, by the monotonic clock.
    """

    identity: str
    picture: Picture
    image: NDArray[np.uint8]
    used: float = field(default_factory=monotonic)

    @property
    def bytes(self) -> int:
        """Memory that it takes, in bytes."""
        alpha = self.picture.alpha
        own = 0 if self.image is self.picture.pixels else self.image.nbytes
        return self.picture.pixels.nbytes + own + (0 if alpha is None else alpha.nbytes)


class Sessions:
    """The sessions of a service: their files in a folder, so that every worker process finds them; pixels in memory.

    Args:
        folder: for the uploaded files.
        most_bytes: of pixels in memory, the pictures used last; others are read again from their files.
        seconds: without a request after which a session is forgotten.
    """

    def __init__(self, folder: Path, *, most_bytes: int, seconds: float) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self.seconds = seconds
        self._kept: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, data: bytes, max_pixels: int) -> Session:
        """A new session for the picture in the file `data`; errors as for `Picture.read`."""
        picture = read_picture(data, "the picture", max_pixels)
        self.forget_expired()
        identity = secrets.token_urlsafe(16)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_bytes_atomically(data, self._folder / identity, overwrite=False)
        return self._keep(_session(identity, picture))

    def find(self, identity: str, max_pixels: int) -> Session:
        """The session `identity`, which lives on from now.

        Raises:
            NotFound: there is none, or none any more.
        """
        with self._lock:
            session = self._kept.get(identity)
        path = self._path(identity)
        if path is None or not self._is_alive(path):
            with self._lock:
                self._kept.pop(identity, None)
            raise _not_found()
        try:
            # Never makes the file anew, as touch would: another request may end the session at this moment.
            os.utime(path)
            if session is None:
                session = _session(identity, read_picture(path.read_bytes(), "the picture", max_pixels))
        except FileNotFoundError as error:
            raise _not_found() from error
        session.used = monotonic()
        return self._keep(session)

    def forget(self, identity: str) -> bool:
        """Forget a session; -> whether there was one."""
        with self._lock:
            self._kept.pop(identity, None)
        path = self._path(identity)
        if path is None or not path.exists():
            return False
        path.unlink(missing_ok=True)
        return True

    def _path(self, identity: str) -> Path | None:
        """The session's file; None for what can be no identity, such as a path that leads elsewhere."""
        return self._folder / identity if _IDENTITY.fullmatch(identity) else None

    def _is_alive(self, path: Path) -> bool:
        try:
            return path.stat().st_mtime > time() - self.seconds
        except OSError:
            return False

    def _keep(self, session: Session) -> Session:
        with self._lock:
            self._kept.pop(session.identity, None)
            self._kept[session.identity] = session
            while len(self._kept) > 1 and sum(each.bytes for each in self._kept.values()) > self._most_bytes:
                self._kept.popitem(last=False)
        return session

    def forget_expired(self) -> None:
        """Forget the sessions that nobody has used for long, those of processes that have ended among them."""
        with self._lock:
            for identity, session in list(self._kept.items()):
                if session.used < monotonic() - self.seconds:
                    del self._kept[identity]
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if not self._is_alive(path):
                    path.unlink(missing_ok=True)


def _not_found() -> NotFound:
    return NotFound("There is no such session, or none any more.", "Upload the picture again: POST /v1/sessions.")


def _session(identity: str, picture: Picture) -> Session:
    # What `cut_out` does first, so that both see the same pixels.
    visible = picture.without_hidden_colours()
    return Session(identity, visible, visible.for_models())
