"""Windows icons: the largest picture of an ICO file, as a file of its own.

An icon holds the same picture in several sizes, each a PNG, or a bitmap with a mask. Pillow chooses by the directory,
which may lie about a PNG; here, the PNG is decoded as any other, and a bitmap must be as large as its entry says.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

_DIRECTORY_BYTES, _ENTRY_BYTES = 6, 16
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class IconPicture(NamedTuple):
    """The largest picture of an icon: the file `data` in the format "PNG" or "ICO" (then with this picture alone)."""

    data: bytes
    format_name: str


class _Entry(NamedTuple):
    width: int
    height: int
    bits: int
    start: int
    size: int


def largest_picture(data: bytes) -> IconPicture:
    """The picture of the icon `data` with the most pixels; of several as large the one with the most bits.

    Raises:
        ValueError: the directory or the picture is damaged.
    """
    (count,) = struct.unpack_from("<H", data, 4)
    if len(data) < _DIRECTORY_BYTES + count * _ENTRY_BYTES:
        raise ValueError("its directory is incomplete")
    found = (_entry(data, _DIRECTORY_BYTES + index * _ENTRY_BYTES) for index in range(count))
    entries = [entry for entry in found if entry is not None]
    largest = max(entries, key=lambda entry: (entry.width * entry.height, entry.bits), default=None)
    if largest is None:
        raise ValueError("it holds no picture")
    if largest.start + largest.size > len(data):
        raise ValueError("its largest picture is not all there")
    picture = data[largest.start : largest.start + largest.size]
    if picture.startswith(_PNG_SIGNATURE):
        return IconPicture(picture, "PNG")
    side = [value if value < 256 else 0 for value in (largest.width, largest.height)]
    entry = struct.pack("<BBBBHHII", *side, 0, 0, 1, largest.bits, len(picture), _DIRECTORY_BYTES + _ENTRY_BYTES)
    return IconPicture(b"\0\0\1\0\1\0" + entry + picture, "ICO")


def _entry(data: bytes, at: int) -> _Entry | None:
    """The entry of the directory at `at`, with the size that its picture itself has; None where there is none."""
    _, _, _, _, _, bits, size, start = struct.unpack_from("<BBBBHHII", data, at)
    head = data[start : start + 24]
    if head.startswith(_PNG_SIGNATURE) and len(head) == 24:
        width, height = struct.unpack_from(">II", head, 16)
        return _Entry(width, height, max(bits, 32), start, size)
    if len(head) < 16 or struct.unpack_from("<I", head)[0] < 40:
        return None
    width, doubled, _, bits = struct.unpack_from("<iiHH", head, 4)
    # The bitmap's height counts its mask, too.
    return _Entry(width, abs(doubled) // 2, bits, start, size) if width > 0 else None
