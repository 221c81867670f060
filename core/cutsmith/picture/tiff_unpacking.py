"""Compressed samples of TIFFs that tifffile reads and cannot unpack, through Pillow's libtiff.

tifffile itself knows only a few compressions (others need imagecodecs, 79 MB), libtiff nearly all, but Pillow hands on
few kinds of pixel. So the page is described to Pillow as gray of 8 bits, one wide row of bytes for each row, and
the bytes are made into samples here. The predictors are those of TIFF 6.0, section 14, and Adobe's technical note 3.
"""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

_WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_STRIP_OFFSETS, _SAMPLES, _ROWS_PER_STRIP, _STRIP_SIZES = 273, 277, 278, 279
_TILE_WIDTH, _TILE_LENGTH, _TILE_OFFSETS, _TILE_SIZES = 322, 323, 324, 325
_HORIZONTAL, _FLOATING_POINT = 2, 3
# LZW, deflate (two numbers), PackBits, LZMA, Zstandard: what packs bytes, whatever they mean.
_COMPRESSIONS = frozenset({5, 8, 32946, 32773, 34925, 50000})
_MOST_SAMPLES_BYTES = 2**31


def unpacked(data: bytes, page: Any) -> NDArray[Any] | None:
    """The samples of `page`, tifffile's page of the file `data`: (H, W, N) in the page's dtype.

    None where the page is stored in a way that is not for this module: another compression, planes, BigTIFF.
    """
    bytes_per_pixel = page.samplesperpixel * page.dtype.itemsize
    width = page.tilewidth if page.is_tiled else page.imagewidth
    stored_width = -(-page.imagewidth // max(width, 1)) * width  # with the part of the last tiles that is not shown
    if (
        int(page.compression) not in _COMPRESSIONS
        or int(page.planarconfig) != 1
        or data[2:4] not in (b"*\0", b"\0*")
        or page.imagelength * stored_width * bytes_per_pixel >= _MOST_SAMPLES_BYTES
    ):
        return None
    order = "<" if data[:2] == b"II" else ">"
    rows = _decoded_rows(data + _directory(page, order, len(data), bytes_per_pixel, stored_width), order, len(data))
    # The predictor starts anew in each row of a tile.
    parts = [
        _without_predictor(rows[:, start * bytes_per_pixel : (start + width) * bytes_per_pixel], page, order, width)
        for start in range(0, stored_width, width)
    ]
    return np.concatenate(parts, axis=1)[:, : page.imagewidth] if len(parts) > 1 else parts[0][:, : page.imagewidth]


def _directory(page: Any, order: str, offset: int, bytes_per_pixel: int, width: int) -> bytes:
    """A directory at `offset`, behind the file, that calls the page's bytes gray pixels."""
    entries = {
        _WIDTH: [width * bytes_per_pixel],
        _LENGTH: [page.imagelength],
        _BITS: [8],
        _COMPRESSION: [int(page.compression)],
        _PHOTOMETRIC: [1],
        _SAMPLES: [1],
    }
    if page.is_tiled:
        entries |= {_TILE_WIDTH: [page.tilewidth * bytes_per_pixel], _TILE_LENGTH: [page.tilelength]}
        entries |= {_TILE_OFFSETS: list(page.dataoffsets), _TILE_SIZES: list(page.databytecounts)}
    else:
        entries |= {_STRIP_OFFSETS: list(page.dataoffsets), _ROWS_PER_STRIP: [page.rowsperstrip]}
        entries |= {_STRIP_SIZES: list(page.databytecounts)}
    padding = offset % 2
    table, values = b"", b""
    values_at = offset + padding + 2 + 12 * len(entries) + 4
    for tag, numbers in sorted(entries.items()):
        packed = struct.pack(f"{order}{len(numbers)}I", *numbers)
        place = packed if len(packed) == 4 else struct.pack(order + "I", values_at + len(values))
        table += struct.pack(order + "HHI", tag, 4, len(numbers)) + place
        values += packed if len(packed) > 4 else b""
    return bytes(padding) + struct.pack(order + "H", len(entries)) + table + bytes(4) + values


def _decoded_rows(data: bytes, order: str, directory_at: int) -> NDArray[np.uint8]:
    from PIL import TiffImagePlugin

    start = struct.pack(order + "I", directory_at + directory_at % 2)
    image = TiffImagePlugin.TiffImageFile(io.BytesIO(data[:4] + start + data[8:]))
    image.load()
    return np.asarray(image)


def _without_predictor(packed: NDArray[np.uint8], page: Any, order: str, width: int) -> NDArray[Any]:
    """The samples of one column of tiles, or of whole strips: (H, W, N) of bytes (H, W * bytes of a pixel)."""
    height, channels = len(packed), page.samplesperpixel
    dtype: np.dtype[Any] = page.dtype.newbyteorder(order)
    native: np.dtype[Any] = page.dtype.newbyteorder("=")
    samples: NDArray[Any]
    if page.predictor == _FLOATING_POINT:
        size = dtype.itemsize
        differences = packed.reshape(height, -1, channels)
        shuffled = np.cumsum(differences, axis=1, dtype=np.uint8).reshape(height, size, -1)
        samples = np.ascontiguousarray(shuffled.swapaxes(1, 2)).view(page.dtype.newbyteorder(">"))
        return samples.reshape(height, -1, channels).astype(native)
    samples = np.ascontiguousarray(packed).view(dtype).reshape(height, -1, channels)
    if page.predictor == _HORIZONTAL:
        bits = samples.view(f"{order}u{dtype.itemsize}")
        samples = np.cumsum(bits, axis=1, dtype=f"u{dtype.itemsize}").view(native)
    return samples.astype(native, copy=False)
