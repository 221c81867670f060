"""A zip's members, under limits, as files. What a zip says of itself is not believed: all is counted as it is read."""

from __future__ import annotations

import io
import lzma
import os
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from cutsmith.service.failures import BadForm, BodyTooLarge, NoRoom
from cutsmith.service.jobs.names import Taken, path_of_member

_MOST_DIRECTORY = 4 << 20
"""Bytes of a zip's directory, which is read into memory as a whole: some 800 for each of 5,000 members."""
_PIECE = 1 << 18
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    IndexError,
    OverflowError,
)


@dataclass(frozen=True)
class Limits:
    """What the pictures of a job may be.

    Attributes:
        pictures: how many.
        picture_bytes: of each.
        bytes: of all.
    """

    pictures: int
    picture_bytes: int
    bytes: int


def unpack(archive: Path, folder: Path, limits: Limits) -> list[str]:
    """Write the members of the zip `archive` as files below `folder`; -> their paths there, with "/".

    Folders are kept. Hidden members, and what systems put in beside the files, are left out.

    Raises:
        BadForm: it is no zip, is damaged or encrypted, has another zip or a link in it, or a member that leads out of
            it, or nothing at all.
        BodyTooLarge: it has too many members, or too many bytes once they are unpacked.
        NoRoom: the disk is full.
    """
    try:
        with _Measured(archive) as stream, zipfile.ZipFile(stream) as opened:
            return _Unpacking(opened, folder, limits).unpacked()
    except (BadForm, BodyTooLarge, NoRoom):
        raise
    except _DAMAGES as error:
        raise _damaged(error) from error
    except OSError as error:
        if error.errno is None:  # bz2 says so that its data is damaged
            raise _damaged(error) from error
        raise NoRoom(f"The zip cannot be unpacked: {error.strerror}.", "Ask the operator for more room.") from error


class _Measured(io.FileIO):
    """A file that is never read in pieces of more than a zip's directory may have."""

    def read(self, size: int | None = -1, /) -> bytes:
        """The next `size` bytes; None or a negative number for all that are left."""
        left = os.fstat(self.fileno()).st_size - self.tell()
        size = left if size is None or size < 0 else min(size, left)
        if size > _MOST_DIRECTORY:
            raise BodyTooLarge("The zip's directory has too many entries.", "Send several jobs.")
        return super().read(size) or b""


class _Unpacking:
    """Writes members, and counts."""

    def __init__(self, opened: zipfile.ZipFile, folder: Path, limits: Limits) -> None:
        self._opened = opened
        self._folder = folder
        self._limits = limits
        self._left = limits.bytes
        self._taken = Taken()

    def unpacked(self) -> list[str]:
        members = [(each, path_of_member(each.filename)) for each in self._opened.infolist() if not each.is_dir()]
        chosen = [(each, path) for each, path in members if path is not None]
        if not chosen:
            raise BadForm("The zip is empty.", option="zip")
        if len(chosen) > self._limits.pictures:
            raise BodyTooLarge(
                f"A job may have at most {self._limits.pictures:,} pictures, but the zip has {len(chosen):,} files.",
                "Send several jobs.",
            )
        for member, _ in chosen:
            _check(member)
        if sum(member.file_size for member, _ in chosen) > self._limits.bytes:
            raise self._too_many_bytes()  # it says so itself
        return [self._written(member, self._taken.distinct(path)) for member, path in chosen]

    def _written(self, member: zipfile.ZipInfo, path: str) -> str:
        target = self._folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise BadForm(f"The zip has a file and a folder of one name: {path[:80]!r}.", option="zip") from error
        except NotADirectoryError as error:
            raise BadForm(f"The zip has a file and a folder of one name: {path[:80]!r}.", option="zip") from error
        with self._opened.open(member) as source, target.open("xb") as stream:
            self._copy(source, stream, path)
        return path

    def _copy(self, source: IO[bytes], stream: IO[bytes], path: str) -> None:
        most, size = self._limits.picture_bytes, 0
        while piece := source.read(_PIECE):
            if size == 0 and piece.startswith(_ZIP_STARTS):
                raise BadForm(f"The zip has another zip in it: {path[:80]!r}.", "Send it by itself.", option="zip")
            size += len(piece)
            self._left -= len(piece)
            if size > most:
                raise BodyTooLarge(f"A picture may have at most {most:,} bytes, but {path[:80]!r} has more.")
            if self._left < 0:
                raise self._too_many_bytes()
            stream.write(piece)

    def _too_many_bytes(self) -> BodyTooLarge:
        return BodyTooLarge(
            f"The pictures of a job may have at most {self._limits.bytes:,} bytes, but those of the zip have more.",
            "Send several jobs.",
        )


def _check(member: zipfile.ZipInfo) -> None:
    name = member.filename[:80]
    if member.flag_bits & _ENCRYPTED:
        raise BadForm(f"The zip is encrypted: {name!r}.", "Send one without a password.", option="zip")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise BadForm(f"The zip has a link in it: {name!r}.", "Send the file itself.", option="zip")
    if PurePosixPath(name).suffix.lower() == ".zip":
        raise BadForm(f"The zip has another zip in it: {name!r}.", "Send it by itself.", option="zip")


def _damaged(error: Exception) -> BadForm:
    return BadForm(f"The zip cannot be read: {str(error)[:100] or type(error).__name__}.", option="zip")
