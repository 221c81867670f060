"""The small pictures that a page carries: as they are, or smaller where there are many.

A page with 2,000 pictures carries the thumbnails of the batch as they are (192 px, some 25 MB). With more, it carries
smaller ones (96 px, some 30 MB for 10,000), and where even those would make it larger than 56 MB, the most doubtful
pictures come first, and the page asks for the thumbnails of the others beside it.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cutsmith.report.places import SIDES, address_from, thumbnail_path
from cutsmith.report.reading import Entry

MOST_AS_THEY_ARE = 2_000
SMALL_SIDE = 96
MOST_BYTES = 56_000_000

CHUNK = 250
"""How many pictures' thumbnails one block of the page holds. A page decodes a block when it comes into sight."""

_QUALITY = 60
_LARGEST_FILE = 1 << 20


def thumbnail_chunks(folder: Path, entries: Sequence[Entry]) -> Iterator[list[tuple[str, str]]]:
    """For each picture, in blocks, its thumbnails before and after.

    Each is Base64 of a WebP file, or an address that begins with ".", or "" where there is none.
    """
    small = len(entries) > MOST_AS_THEY_ARE
    room = MOST_BYTES
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for start in range(0, len(entries), CHUNK):
            chunk = entries[start : start + CHUNK]
            paths = [thumbnail_path(folder, each.result.key, side) for each in chunk for side in SIDES]
            if room > 0:
                told = list(pool.map(_small if small else _as_it_is, paths))
                room -= sum(map(len, told))
            else:
                told = [_beside(folder, path) for path in paths]
            yield list(zip(told[::2], told[1::2], strict=True))


def _as_it_is(path: Path | None) -> str:
    return base64.b64encode(_read(path)).decode()


def _small(path: Path | None) -> str:
    data = _read(path)
    return base64.b64encode(_shrunk(data)).decode() if data else ""


def _beside(folder: Path, path: Path | None) -> str:
    return address_from(folder, path) if path is not None and path.is_file() else ""


def _read(path: Path | None) -> bytes:
    """The file's bytes; none where it is missing, or is no thumbnail of Cutsmith's."""
    if path is None:
        return b""
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST_FILE + 1)
    except OSError:
        return b""
    return data if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) <= _LARGEST_FILE else b""


def _shrunk(data: bytes) -> bytes:
    """The picture with its longest side at most 96 px; none where it is damaged."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=["WEBP"]) as image:
            if max(image.size) > SMALL_SIDE:
                image.thumbnail((SMALL_SIDE, SMALL_SIDE), Image.Resampling.BOX, reducing_gap=None)
            stream = io.BytesIO()
            image.save(stream, "WEBP", quality=_QUALITY, method=2)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return b""
    shrunk = stream.getvalue()
    return shrunk if len(shrunk) < len(data) else data
