"""The bytes of a source, and a stamp that tells whether it has changed."""

from __future__ import annotations

import os
import stat as modes
from dataclasses import dataclass
from typing import Any

from cutsmith.batch.sources.addresses import facts_of, is_address, local_path, read_address
from cutsmith.batch.sources.failures import without_secrets
from cutsmith.errors import PictureEmpty
from cutsmith.picture.formats import blank_start, recognise
from cutsmith.picture.source import HEAD_BYTES
from cutsmith.picture.source import read_source as read_file


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a source is known by without being read. Two that are equal stand for the same bytes.

    Attributes:
        bytes: its size.
        modified: when it was modified, in nanoseconds since 1970.
        etag: the entity tag of an object store or a server.
    """

    bytes: int | None
    modified: int | None
    etag: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The stamp for JSON: "bytes", "modified" and, if there is one, "etag"."""
        told: dict[str, Any] = {"bytes": self.bytes, "modified": self.modified}
        return told if self.etag is None else {**told, "etag": self.etag}

    @classmethod
    def from_json(cls, told: object) -> Stamp | None:
        """The stamp that `to_json` returned; None for anything else."""
        if not isinstance(told, dict) or not {"bytes", "modified"} <= set(told) <= {"bytes", "modified", "etag"}:
            return None
        return cls(told["bytes"], told["modified"], told.get("etag"))


def read_source(source: str) -> bytes:
    """The bytes of the picture at the path or address `source`. A file that is no picture is not read as a whole.

    Raises:
        PictureNotFound, PictureIsFolder, PictureUnreadable, PictureEmpty, PictureTooLarge, PictureFormatUnsupported:
            the picture. ExtraMissing: the package for its protocol is not installed.
    """
    if not is_address(source) or source.lower().startswith("file://"):
        return read_file(local_path(source))[0]
    data = read_address(source)
    shown = without_secrets(source)
    if not data:
        raise PictureEmpty(f"{shown} is empty: 0 bytes.", "The upload was probably cut off. Repeat it.")
    data = data[blank_start(data[:HEAD_BYTES]) :]
    recognise(data[:HEAD_BYTES], shown)
    return data


def stamp(source: str) -> Stamp | None:
    """What `source` is known by, without reading it: one look at the file, or one request to the store.

    None where there is no such picture, or where nothing tells whether it has changed. It never raises for a picture.

    Raises:
        ExtraMissing, BadOption: the protocol of an address cannot be used at all.
    """
    if is_address(source) and not source.lower().startswith("file://"):
        facts = facts_of(source)
        if facts is None or (facts.modified is None and facts.etag is None):
            return None
        return Stamp(facts.bytes, facts.modified, facts.etag)
    try:
        status = os.stat(local_path(source))  # noqa: PTH116 - thousands of files
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    return Stamp(status.st_size, status.st_mtime_ns) if modes.S_ISREG(status.st_mode) else None
