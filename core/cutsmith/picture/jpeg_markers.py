"""What the markers of a JPEG file say: kinds of JPEG that nobody reads, and whether only its end marker is missing.

Markers and their segments: ITU-T T.81, annex B.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cutsmith.errors import PictureFormatUnsupported

END_MARKER = b"\xff\xd9"
_MIXED = bytes(index * 167 % 255 for index in range(4096)) + END_MARKER
# Where a table of codes is short, one of them alone may mean nothing to the decoder, which takes it as zeros.
_CONTINUATIONS = (_MIXED, *(bytes((value,)) * 4096 + END_MARKER for value in (0xFE, 0x55, 0x33)))
# Data that was cut off between two restart intervals goes on after the next restart marker only.
_AFTER_RESTART = tuple(bytes((0xFF, 0xD0 + number)) + _MIXED for number in range(8))

_START_OF_SCAN = 0xDA
_RESTART_INTERVAL = 0xDD
_STARTS_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = 0xC2
_UNREAD = {
    0xC3: "lossless JPEG",
    0xC5: "hierarchical JPEG",
    0xC6: "hierarchical JPEG",
    0xC7: "hierarchical JPEG",
    0xC9: "JPEG with arithmetic coding",
    0xCA: "JPEG with arithmetic coding",
    0xCB: "JPEG with arithmetic coding",
    0xCD: "hierarchical JPEG",
    0xCE: "hierarchical JPEG",
    0xCF: "hierarchical JPEG",
}
_REMEDY = "Save it as an ordinary JPEG or as a 16-bit PNG with the program that wrote it."


class _Segment(NamedTuple):
    marker: int
    body: bytes
    start: int


def refuse_unread_kind(data: bytes, name: str) -> None:
    """Refuse the JPEG file `data` if its pixels are coded in a way that decoders seldom know; `name` is for messages.

    Raises:
        PictureFormatUnsupported: samples of other than 8 bits, or lossless, hierarchical or arithmetic coding.
    """
    frame = next((each for each in _segments(data) if each.marker in _STARTS_OF_FRAME), None)
    if frame is None or len(frame.body) < 6:
        return
    found = _UNREAD.get(frame.marker, "")
    if not found and frame.body[0] != 8:
        found = f"JPEG with {frame.body[0]} bits a sample"
    elif not found and frame.body[5] not in (1, 3, 4):
        found = f"JPEG with {frame.body[5]} components"
    elif not found and frame.body[1:3] == b"\0\0":
        found = "JPEG that tells its height only after its pixels (DNL)"
    if found:
        raise PictureFormatUnsupported(
            f"{name} must be a JPEG with 8 bits a sample, baseline or progressive, but is a {found}.",
            _REMEDY,
            found=found,
            wanted="a baseline or progressive JPEG with 8 bits a sample",
        )


def lacks_end_before_filling(data: bytes) -> bool:
    """Whether the JPEG file `data` has no end marker, but zeros or ones at its end as interrupted downloads leave them.

    Decoders take zeros for pixels, so they would fill the picture with them without a word.
    """
    if data[-2:] not in (b"\0\0", b"\xff\xff") or data.rstrip(b"\0\xff").endswith(END_MARKER):
        return False
    start = start_of_scans(data)
    return start < len(data) and data.find(END_MARKER, start) < 0


def with_end_marker(data: bytes, decode: Callable[[bytes], NDArray[Any]]) -> bytes | None:
    """The JPEG file `data`, in which the end marker is missing, with one; None where pixels are missing, too.

    Decoders fill what is missing without a word, as if zeros followed. So the data is continued in other ways, too: if
    the pixels are the same, nothing that follows is used, and so nothing is missing.

    Args:
        data: the file; zeros or ones at its end are passed over.
        decode: gives the pixels of a JPEG file.
    """
    if not _scans_are_complete(data):
        return None
    data = _without_filling(data)
    has_restarts = any(each.marker == _RESTART_INTERVAL and any(each.body) for each in _segments(data))
    pixels = decode(data + END_MARKER)
    for more in (*_CONTINUATIONS, *_AFTER_RESTART) if has_restarts else _CONTINUATIONS:
        if not np.array_equal(pixels, decode(data + more)):
            return None
    return data + END_MARKER


def _without_filling(data: bytes) -> bytes:
    """`data` without zeros, ones and half a marker at its end; only 0xFF with its zero may belong to the pixels."""
    end = len(data.rstrip(b"\0\xff"))
    return data[: end + 2] if data[end : end + 2] == b"\xff\0" else data[:end]


def start_of_scans(data: bytes) -> int:
    """Where the first scan's header starts; the end of the file where there is none."""
    starts = (each.start for each in _segments(data) if each.marker == _START_OF_SCAN)
    return next(starts, len(data))


def _segments(data: bytes) -> Iterator[_Segment]:
    """The segments with a length, of the first picture in the file; the data between them is passed over."""
    at = 2
    while (at := data.find(b"\xff", at)) >= 0 and at + 4 <= len(data):
        marker = data[at + 1]
        if marker == 0xD9:
            return
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        yield _Segment(marker, data[at + 4 : at + 2 + length], at)
        at += 2 + length


def _scans_are_complete(data: bytes) -> bool:
    """Whether the scans that have begun carry every coefficient of every component, down to its last bit."""
    components: set[int] = set()
    missing: set[tuple[int, int]] = set()
    for marker, body, _ in _segments(data):
        if marker in _STARTS_OF_FRAME and len(body) >= 6:
            components = {body[6 + 3 * index] for index in range(body[5]) if 6 + 3 * index < len(body)}
            coefficients = range(64) if marker == _PROGRESSIVE else range(1)
            missing = {(component, index) for component in components for index in coefficients}
        elif marker == _START_OF_SCAN and body and len(body) >= 4 + 2 * body[0]:
            count = body[0]
            first, last, bits = body[1 + 2 * count], body[2 + 2 * count], body[3 + 2 * count] & 15
            if bits == 0:
                scanned = {body[1 + 2 * index] for index in range(count)}
                missing -= {(component, index) for component in scanned for index in range(first, last + 1)}
    return bool(components) and not missing
