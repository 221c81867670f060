"""Pictures that were uploaded once, for any number of clicks on them."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from time import time

from cutsmith.picture import write_bytes_atomically
from cutsmith.service.failures import NotFound
from cutsmith.service.pictures import read_picture
from cutsmith.serving.open_pictures import OpenPicture, OpenPictures

_IDENTITY = re.compile(r"[A-Za-z0-9_-]{22}")


class Sessions:
    """The sessions of a service: their files in a folder, so that every worker process finds them; pixels in memory.

    Args:
        folder: for the uploaded files.
        most_bytes: of pixels in memory, the pictures used last; others are read again from their files.
        seconds: without a request after which a session is forgotten.
        most_disk_bytes: of the files; the oldest sessions end beyond that.
    """

    def __init__(self, folder: Path, *, most_bytes: int, seconds: float, most_disk_bytes: int = 5_000_000_000) -> None:
        self._most_disk_bytes = most_disk_bytes
        self._folder = folder
        self.seconds = seconds
        self._opened = OpenPictures(most_bytes, seconds)

    def open(self, data: bytes, max_pixels: int) -> OpenPicture:
        """A new session for the picture in the file `data`; errors as for `Picture.read`."""
        picture = read_picture(data, "the picture", max_pixels)
        self.forget_expired()
        self._make_room(len(data))
        identity = secrets.token_urlsafe(16)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_bytes_atomically(data, self._folder / identity, overwrite=False)
        return self._opened.keep(OpenPicture.of(identity, picture))

    def find(self, identity: str, max_pixels: int) -> OpenPicture:
        """The session `identity`, which lives on from now.

        Raises:
            NotFound: there is none, or none any more.
        """
        opened = self._opened.find(identity)
        path = self._path(identity)
        if path is None or not self._is_alive(path):
            self._opened.close(identity)
            raise _not_found()
        try:
            # Never makes the file anew, as touch would: another request may end the session at this moment.
            os.utime(path)
            if opened is None:
                picture = read_picture(path.read_bytes(), "the picture", max_pixels)
                opened = OpenPicture.of(identity, picture)
        except FileNotFoundError as error:
            raise _not_found() from error
        return self._opened.keep(opened)

    def forget(self, identity: str) -> bool:
        """Forget a session; -> whether there was one."""
        self._opened.close(identity)
        path = self._path(identity)
        if path is None or not path.exists():
            return False
        path.unlink(missing_ok=True)
        return True

    def _make_room(self, count: int) -> None:
        """End the sessions that were used longest ago, until `count` bytes more have room on the disk."""
        files = []
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            with suppress(OSError):  # another request has just ended it
                told = path.stat()
                files.append((told.st_mtime, told.st_size, path.name))
        left = self._most_disk_bytes - count - sum(size for _, size, _ in files)
        for _, size, name in sorted(files):
            if left >= 0:
                return
            self.forget(name)
            left += size

    def _path(self, identity: str) -> Path | None:
        """The session's file; None for what can be no identity, such as a path that leads elsewhere."""
        return self._folder / identity if _IDENTITY.fullmatch(identity) else None

    def _is_alive(self, path: Path) -> bool:
        try:
            return path.stat().st_mtime > time() - self.seconds
        except OSError:
            return False

    def forget_expired(self) -> None:
        """Forget the sessions that nobody has used for long, those of processes that have ended among them."""
        self._opened.close_unused()
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if not self._is_alive(path):
                    path.unlink(missing_ok=True)


def _not_found() -> NotFound:
    return NotFound("There is no such session, or none any more.", "Upload the picture again: POST /v1/sessions.")
