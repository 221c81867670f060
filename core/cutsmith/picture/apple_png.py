"""Apple's variant of PNG (a chunk CgBI comes first), which Xcode writes into apps for iOS.

The pixels are packed without zlib's header, in the order blue, green, red, and multiplied by alpha.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutsmith.picture.limits import check_size
from cutsmith.picture.png_chunks import SIGNATURE, chunks, has_right_checksum
from cutsmith.picture.samples import straight


def is_apple_png(data: bytes) -> bool:
    """Whether `data`, a PNG file, is of Apple's variant."""
    return data[12:16] == b"CgBI"


def as_ordinary_png(data: bytes, name: str, max_pixels: int) -> bytes:
    """The Apple PNG `data` as a PNG that decoders read, with its pixels as they are stored; `name` is for messages.

    Raises:
        PictureTooSmall, PictureTooLarge.
        ValueError: the pixels are not all there, or a checksum is wrong.
    """
    header, packed, others = b"", [], []
    for chunk in chunks(data):
        body = data[chunk.start + 8 : chunk.end - 4]
        # These pixels have no checksum of their own.
        if chunk.kind in (b"IHDR", b"IDAT") and not has_right_checksum(data[chunk.start : chunk.end]):
            raise ValueError(f"the checksum of its chunk {chunk.kind.decode()} is wrong")
        if chunk.kind == b"IHDR":
            header = body
        elif chunk.kind == b"IDAT":
            packed.append(body)
        elif chunk.kind not in (b"CgBI", b"IEND"):
            others.append(data[chunk.start : chunk.end])
    if len(header) != 13:
        raise ValueError("it has no header")
    width, height, depth = struct.unpack(">IIB", header[:9])
    check_size(width, height, name, max_pixels)
    if depth != 8 or header[9] not in (2, 6):
        raise ValueError("Apple's PNG must have RGB or RGBA of 8 bits")
    # Interlaced, seven small pictures have some more bytes for their rows' filters.
    most = height * (1 + 4 * width) + 16 * (width + height) + 64
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    rows = inflater.decompress(b"".join(packed), most)
    if not inflater.eof:
        raise ValueError("its pixels are not all there")
    parts = [_chunk(b"IHDR", header), *others, _chunk(b"IDAT", zlib.compress(rows, 0)), _chunk(b"IEND", b"")]
    return SIGNATURE + b"".join(parts)


def in_usual_order(
    colours: NDArray[np.uint8], alpha: NDArray[np.uint8] | None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Stored (colours (H, W, 3), alpha (H, W) or None) as red, green, blue, not multiplied by alpha."""
    ordered: NDArray[Any] = np.ascontiguousarray(colours[..., ::-1])
    return (ordered if alpha is None else straight(ordered, alpha)), alpha


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
