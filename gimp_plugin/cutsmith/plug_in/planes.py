"""Arithmetic on the worker's planes, in the standard library alone: GIMP's Python has no numpy."""

from __future__ import annotations

from dataclasses import dataclass

from .worker_files import Array

_ITEM_SIZES = {"uint8": 1, "uint16": 2, "float32": 4}
_HARD = bytes(128) + b"\xff" * 128
"""The table for a hard edge in 8-bit alpha: half or more becomes opaque."""


@dataclass(frozen=True)
class CanvasPart:
    """The part of a layer that lies on the canvas.

    Attributes:
        rows, columns: where it is in the layer.
        x, y: where it begins on the canvas.
    """

    rows: range
    columns: range
    x: int
    y: int


def canvas_part(offset: tuple[int, int], size: tuple[int, int], canvas: tuple[int, int]) -> CanvasPart | None:
    """The part of a layer of `size` (width, height) at `offset` (x, y) that lies on a canvas of the size `canvas`.

    None if the layer lies beside the canvas.
    """
    columns, rows = (
        range(max(0, -begin), min(length, most - begin))
        for begin, length, most in zip(offset, size, canvas, strict=True)
    )
    if not columns or not rows:
        return None
    return CanvasPart(rows, columns, max(0, offset[0]), max(0, offset[1]))


def cropped(plane: Array, rows: range, columns: range) -> Array:
    """The part of `plane`, (H, W) or (H, W, channels), in `rows` and `columns`, as a plane of its own."""
    height, width, *channels = plane.shape
    if (len(rows), len(columns)) == (height, width):
        return plane
    size = _ITEM_SIZES[plane.dtype] * (channels[0] if channels else 1)
    data = memoryview(plane.data).cast("B")
    begin, end = columns.start * size, columns.stop * size
    lines = (data[row * width * size :][begin:end] for row in rows)
    return Array(plane.dtype, (len(rows), len(columns), *channels), b"".join(lines))


def pasted(ground: Array, plane: Array, part: CanvasPart) -> Array:
    """uint8 `ground`, (H, W), with what `plane`, of the same shape, has in `part`."""
    width = ground.shape[1]
    data, source = bytearray(ground.data), memoryview(plane.data).cast("B")
    for row in part.rows:
        line = slice(row * width + part.columns.start, row * width + part.columns.stop)
        data[line] = source[line]
    return Array("uint8", ground.shape, bytes(data))


def hardened(alpha: Array) -> Array:
    """uint8 `alpha` with every value set to 0 or 255."""
    return Array("uint8", alpha.shape, bytes(alpha.data).translate(_HARD))


def in_8_bits(values: Array) -> Array:
    """`values`, uint8, uint16 or float32 of [0, 1], of any shape, as uint8, for the eye."""
    if values.dtype == "uint8":
        return values
    data = memoryview(values.data).cast("B")
    if values.dtype == "uint16":
        # The upper byte of each: the lower one comes first.
        return Array("uint8", values.shape, bytes(data[1::2]))
    shares = (min(max(share, 0.0), 1.0) for share in data.cast("f"))
    return Array("uint8", values.shape, bytes(int(share * 255 + 0.5) for share in shares))


def top_of(alpha: Array) -> tuple[float, float]:
    """The (x, y) where the subject of `alpha`, uint8 (H, W), begins at the top, where hair is; else the middle."""
    height, width = alpha.shape
    data = bytes(alpha.data).translate(_HARD)
    first = data.find(b"\xff")
    if first < 0:
        return width / 2, height / 2
    row = first // width
    line = data[row * width : (row + 1) * width]
    return (line.find(b"\xff") + line.rfind(b"\xff")) / 2, float(row)


def with_alpha(colours: Array, alpha: Array) -> Array:
    """`colours`, (H, W, 3), and `alpha`, uint8 or as deep, (H, W), as pixels (H, W, 4) of the colours' dtype."""
    size = _ITEM_SIZES[colours.dtype]
    rgb, values = bytes(colours.data), bytes(alpha.data)
    is_narrow = _ITEM_SIZES[alpha.dtype] < size
    pixels = bytearray(len(rgb) // 3 * 4)
    for place in range(3 * size):
        pixels[place :: 4 * size] = rgb[place :: 3 * size]
    for place in range(size):
        # A byte twice is the same share of the longer number, in either order of its bytes.
        pixels[3 * size + place :: 4 * size] = values if is_narrow else values[place::size]
    return Array(colours.dtype, (*alpha.shape, 4), bytes(pixels))
