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
_OF_FRAMES = frozenset({b"acTL", b"fcTL", b"fdAT"})
_FIRST_COUNTS = frozenset({b"iCCP", b"tRNS"})
"""Chunks that must come once and before the pixels; viewers pass over any other."""
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
}
_TRANSPARENCY_BYTES = {0: (2, 2), 2: (6, 6), 3: (0, 256)}
"""Colour type -> the lengths that tRNS may have; other types have alpha, and pass it over."""
_COLOURS_DAMAGED = "the description of the colours is damaged and left out: they are taken as sRGB"
_TEXT_LEFT_OUT = "a text in the file is damaged or longer than 1 MB, and left out"
_TOLD = {
    **dict.fromkeys((b"cICP", b"sRGB", b"gAMA", b"cHRM"), _COLOURS_DAMAGED),
    **dict.fromkeys(_TEXTS, _TEXT_LEFT_OUT),
    b"iCCP": "the colour profile is damaged: it is dropped, and the colours are taken as sRGB",
    b"tRNS": "the information about transparency is damaged: the picture is taken as opaque",
    b"eXIf": "the EXIF data is damaged and left out",
    b"pHYs": "the resolution is damaged and left out",
}
"""Chunk -> what the user is told where it is left out; of others the name."""


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
    sieve = _Sieve(data)
    kept = [(0, len(SIGNATURE))]
    end = len(SIGNATURE)
    for chunk in chunks(data):
        end = chunk.end
        if not sieve.passes(chunk):
            continue
        if kept[-1][1] == chunk.start:
            kept[-1] = (kept[-1][0], chunk.end)
        else:
            kept.append((chunk.start, chunk.end))
    warnings = tuple(dict.fromkeys(sieve.warnings + sieve.frame_warnings()))
    if kept == [(0, end)]:
        return Mended(data, None, warnings)
    kept.append((end, len(data)))
    return Mended(b"".join(data[start:stop] for start, stop in kept), sieve.profile, warnings)


class _Sieve:
    """Decides chunk by chunk, in the file's order, what is kept."""

    def __init__(self, data: bytes) -> None:
        self.profile: bytes | None = None
        self.warnings: list[str] = []
        self._data = data
        self._colour_type = data[25] if len(data) > 25 else 0
        self._seen: set[bytes] = set()
        self._room = LARGEST_TEXTS
        self._frames = 0
        self._first_is_animated = False

    def passes(self, chunk: Chunk) -> bool:
        """Whether `chunk` is kept; what is left out and matters is added to `warnings`."""
        kind = chunk.kind
        if kind in _OF_FRAMES:
            self._note_frames(chunk)
            return False
        if kind == b"PLTE" and self._colour_type != 3:
            return chunk.is_intact  # only a suggestion for screens of 256 colours
        is_late = kind in _FIRST_COUNTS and (kind in self._seen or b"IDAT" in self._seen)
        self._seen.add(kind)
        if kind[:1].isupper():
            return True
        if is_late or (kind == b"tRNS" and self._colour_type not in _TRANSPARENCY_BYTES):
            return False
        is_kept = chunk.is_intact and self._has_good_length(chunk)
        if is_kept and kind in _TEXTS:
            is_kept = self._takes_text(chunk)
        elif is_kept and kind == b"iCCP":
            profile = _unpacked_profile(self._body(chunk)) if _length(chunk) <= LARGEST_PROFILE else None
            if profile is not None and len(profile) > LARGEST_TEXT:
                self.profile = profile
                return False
            is_kept = profile is not None
        if not is_kept:
            self.warnings.append(_TOLD.get(kind, f"the chunk {kind.decode('ascii')} is damaged and left out"))
        return is_kept

    def frame_warnings(self) -> list[str]:
        """What is told about an animation: frames are left out in any case, since only the first picture is used."""
        frames = self._frames + (not self._first_is_animated) if self._frames else 0
        return [f"only the first of {frames} frames is used"] if frames > 1 else []

    def _note_frames(self, chunk: Chunk) -> None:
        if chunk.kind == b"acTL" and chunk.is_intact and _length(chunk) == 8:
            frames = int.from_bytes(self._body(chunk)[:4], "big")
            self._frames = frames if frames <= 0x7FFFFFFF else 0
        elif chunk.kind == b"fcTL" and b"IDAT" not in self._seen:
            self._first_is_animated = True

    def _takes_text(self, chunk: Chunk) -> bool:
        limit = min(LARGEST_TEXT, self._room)
        if _length(chunk) > limit + 1024:
            return False
        size = _unpacked_text(chunk.kind, self._body(chunk), limit)
        # What is too long counts as well: unpacking thousands of them would take minutes.
        self._room -= limit if size is None else size
        return size is not None

    def _has_good_length(self, chunk: Chunk) -> bool:
        if chunk.kind == b"tRNS":
            least, most = _TRANSPARENCY_BYTES[self._colour_type]
        else:
            least, most = _LENGTHS.get(chunk.kind, (0, 0x7FFFFFFF))
        return least <= _length(chunk) <= most

    def _body(self, chunk: Chunk) -> bytes:
        return self._data[chunk.start + 8 : chunk.end - 4]


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
        is_intact = (kind[:1].isupper() and kind != b"PLTE") or has_right_checksum(view[at:end])
        yield Chunk(kind, at, end, is_intact)
        if kind == b"IEND":
            return
        at = end


def has_right_checksum(chunk: bytes | memoryview) -> bool:
    """Whether the last four bytes of a whole `chunk`, from its length on, are the checksum of its name and body."""
    return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")


def _length(chunk: Chunk) -> int:
    return chunk.end - chunk.start - 12


def _unpacked_text(kind: bytes, body: bytes, limit: int) -> int | None:
    """The bytes of a text chunk's `body`, unpacked; None where it is broken or longer than `limit`."""
    keyword, separator, text = body.partition(b"\0")
    if not separator or not 1 <= len(keyword) <= 79:
        return None
    method = text[:1]
    is_packed = kind == b"zTXt"
    if kind == b"iTXt":
        if len(text) < 2:
            return None
        is_packed = text[0] != 0
        method = text[1:2]
        text = text[2:].partition(b"\0")[2].partition(b"\0")[2]
    elif is_packed:
        text = text[1:]
    if not is_packed:
        return len(body) if len(body) <= limit else None
    if method != b"\0":
        return None
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
