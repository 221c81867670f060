"""The chunks of a PNG file: ancillary ones that are damaged or too large are left out, as viewers do.

A PNG's picture is in four critical chunks. The others hold a profile, a resolution, transparency or texts, and a wrong
checksum or length in one of them leaves the picture whole. Pillow refuses such files, and texts of over 1 MB
too, which editors and generators of pictures write. See the PNG specification (W3C, third edition), 5.4 and 13.2.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LARGEST_TEXT = 1024 * 1024
"""Bytes of one text, unpacked; what is longer is left out."""
LARGEST_TEXTS = 16 * 1024 * 1024
"""Bytes of all texts of a file together."""
LARGEST_PROFILE = 32 * 1024 * 1024
"""Bytes of a colour profile, unpacked. Profiles with tables for printers take some megabytes."""

_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_IN_FRAMES = frozenset({b"acTL", b"fcTL", b"fdAT"})
# Lengths that the specification allows: the least and the most, in bytes.
_LENGTHS = {
    b"cHRM": (32, 32),
    b"gAMA": (4, 4),
    b"sRGB": (1, 1),
    b"pHYs": (9, 9),
    b"tIME": (7, 7),
    b"sBIT": (1, 4),
    b"bKGD": (1, 6),
    b"cICP": (4, 4),
    b"mDCV": (24, 24),
    b"cLLI": (8, 8),
    b"acTL": (8, 8),
    b"fcTL": (26, 26),
}
_TRANSPARENCY_BYTES = {0: (2, 2), 2: (6, 6), 3: (0, 256)}
"""Colour type -> the lengths that tRNS may have; other types have none."""
_TOLD = {
    b"iCCP": "the colour profile is damaged: it is dropped, and the colours are taken as sRGB",
    b"tRNS": "the information about transparency is damaged: the picture is taken as opaque",
    b"eXIf": "the EXIF data is damaged and left out",
    b"pHYs": "the resolution is damaged and left out",
}
"""Chunk -> what the user is told where it is left out. Nothing is lost with the others that a cut-out would show."""


class Mended(NamedTuple):
    """A PNG file that Pillow reads; the file itself where nothing had to be left out.

    Attributes:
        data: the file.
        profile: the colour profile where Pillow's limit on unpacked data would refuse it; None otherwise.
        warnings: what was left out, if it matters.
    """

    data: bytes
    profile: bytes | None = None
    warnings: tuple[str, ...] = ()


class Chunk(NamedTuple):
    """A chunk of the file: its name, where it starts and ends there, and whether its checksum is right."""

    kind: bytes
    start: int
    end: int
    is_intact: bool


def mended_png(data: bytes) -> Mended:
    """The PNG file `data`, which begins with the signature, without ancillary chunks that nobody can use.

    Critical chunks stay as they are, damaged or not: their damage is the decoder's to find. Costs a look at each chunk;
    a copy is made only if something is left out.
    """
    kept: list[tuple[int, int]] = [(0, len(SIGNATURE))]
    warnings: list[str] = []
    profile = None
    room = LARGEST_TEXTS
    colour_type = data[25] if len(data) > 25 else 0
    end = len(SIGNATURE)
    is_whole = True
    for chunk in chunks(data):
        end = chunk.end
        body = data[chunk.start + 8 : chunk.end - 4] if chunk.kind in _TEXTS or chunk.kind == b"iCCP" else b""
        is_kept = _is_critical(chunk) or (chunk.is_intact and _has_good_length(chunk, colour_type))
        if is_kept and chunk.kind in _TEXTS:
            size = _unpacked_text(chunk.kind, body, min(LARGEST_TEXT, room))
            is_kept = size is not None
            room -= size or 0
        elif is_kept and chunk.kind == b"iCCP":
            found = _unpacked_profile(body)
            if found is None or len(found) > LARGEST_TEXT:
                profile, is_kept = found, False
        if is_kept:
            kept.append((chunk.start, chunk.end))
            continue
        is_whole = False
        if chunk.kind in _TOLD and not (chunk.kind == b"iCCP" and profile is not None):
            warnings.append(_TOLD[chunk.kind])
    if is_whole:
        return Mended(data)
    kept.append((end, len(data)))
    return Mended(b"".join(data[start:stop] for start, stop in kept), profile, tuple(dict.fromkeys(warnings)))


def chunks(data: bytes) -> Iterator[Chunk]:
    """The chunks up to IEND, or to where the file stops making sense."""
    view = memoryview(data)
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 12 + length
        kind = data[at + 4 : at + 8]
        if length > 0x7FFFFFFF or end > len(data) or not kind.isalpha():
            return
        # The decoder checks the critical ones; the checksum of all pixels would be computed twice.
        is_intact = (
            kind[:1].isupper() or zlib.crc32(view[at + 4 : end - 4]) == struct.unpack_from(">I", data, end - 4)[0]
        )
        yield Chunk(kind, at, end, is_intact)
        if kind == b"IEND":
            return
        at = end


def _is_critical(chunk: Chunk) -> bool:
    return chunk.kind[:1].isupper() or (chunk.kind in _IN_FRAMES and chunk.is_intact)


def _has_good_length(chunk: Chunk, colour_type: int) -> bool:
    if chunk.kind == b"tRNS":
        least, most = _TRANSPARENCY_BYTES.get(colour_type, (1, 0))
    else:
        least, most = _LENGTHS.get(chunk.kind, (0, 0x7FFFFFFF))
    return least <= chunk.end - chunk.start - 12 <= most


def _unpacked_text(kind: bytes, body: bytes, limit: int) -> int | None:
    """The bytes of a text chunk's `body`, unpacked; None where it is broken or longer than `limit`."""
    keyword, separator, text = body.partition(b"\0")
    if not separator or not 1 <= len(keyword) <= 79:
        return None
    is_packed = kind == b"zTXt"
    if kind == b"iTXt":
        if len(text) < 2:
            return None
        is_packed = text[0] == 1
        text = text[2:].partition(b"\0")[2].partition(b"\0")[2]
    elif is_packed:
        text = text[1:]
    if not is_packed:
        return len(body) if len(body) <= limit else None
    unpacked = _inflated(text, limit)
    return None if unpacked is None else len(unpacked)


def _unpacked_profile(body: bytes) -> bytes | None:
    name, separator, packed = body.partition(b"\0")
    if not separator or len(name) > 79 or packed[:1] != b"\0":
        return None
    return _inflated(packed[1:], LARGEST_PROFILE)


def _inflated(packed: bytes, limit: int) -> bytes | None:
    """`packed` by zlib, unpacked; None where it is broken, cut off, or longer than `limit` bytes."""
    inflater = zlib.decompressobj()
    try:
        unpacked = inflater.decompress(packed, limit + 1)
    except zlib.error:
        return None
    return unpacked if inflater.eof and len(unpacked) <= limit else None
