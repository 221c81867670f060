"""Blur fusion: foreground colours from averages around each pixel (fast, less exact than `multilevel`).

M. Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021: F and B are their averages around the pixel,
weighted by alpha and 1 - alpha, and F is moved so that it explains the pixel; once over a wide window, and once more
over a narrow one.

The picture is processed in tiles, and only tiles that have something to estimate are computed, so that no array of the
picture's size is made except the result. The wide window's averages change slowly: they are kept for cells
of 7 x 7 pixels (13 cells are its 91 pixels exactly) and interpolated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cutsmith.arrays import Pixel
from cutsmith.machine.cancelling import check
from cutsmith.matting.tiles import begun

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CELL = 7
_WIDE_WINDOW = 13  # cells: 91 pixels, the paper's radius 90 made odd so that it is centred
_NARROW_WINDOW = 7  # pixels, the paper's 6 made odd
_TILE = 18  # cells a side: 126 pixels
_NO_WEIGHT = 1e-6


class _WideAverages(NamedTuple):
    """Average colours around each cell, `float32 (rows, columns, 3)` in the image's units."""

    foreground: NDArray[np.float32]
    background: NDArray[np.float32]


def blur_fusion(
    image: NDArray[Pixel], alpha: NDArray[np.float32], wanted: NDArray[np.bool_], opaque: NDArray[np.bool_]
) -> NDArray[Pixel]:
    """The colours of `image`, (H, W, 3), where `opaque`, estimated ones where `wanted`, and 0 elsewhere.

    Args:
        image: `uint8` or `uint16 (H, W, 3)`.
        alpha: `float32 (H, W)` in [0, 1].
        wanted, opaque: bool (H, W), no pixel is in both.
    """
    result, tiles = begun(image, wanted, opaque, _TILE * _CELL)
    if not tiles:
        return result
    averages = _wide_averages(image, alpha)
    for tile in tiles:
        check()
        estimated = _fused_tile(image, alpha, averages, tile[0].start // _CELL, tile[1].start // _CELL)
        np.copyto(result[tile], estimated, where=wanted[tile][..., None])
    return result


def _wide_averages(image: NDArray[Any], alpha: NDArray[np.float32]) -> _WideAverages:
    """Foreground and background averages over 91 x 91 pixels around each cell of 7 x 7.

    Pixels beyond the picture's edge count for nothing, not as a mirror image.
    """
    import cv2

    height, width = alpha.shape
    rows, columns = -(-height // _CELL), -(-width // _CELL)
    # Cells as they come from a row of tiles: colour sums and the weights that belong to them.
    sums = [np.empty((rows, columns, channels), np.float32) for channels in (3, 3, 1, 1)]
    for row in range(0, rows, _TILE):
        check()
        stop = min(row + _TILE, rows)
        colours = image[row * _CELL : stop * _CELL].astype(np.float32)
        weight = alpha[row * _CELL : stop * _CELL]
        foreground = colours * _three_channels(weight)
        layers = (foreground, colours - foreground, weight, np.float32(1) - weight)
        missing_rows, missing_columns = (stop - row) * _CELL - weight.shape[0], columns * _CELL - width
        for cells, layer in zip(sums, layers, strict=True):
            if missing_rows or missing_columns:
                layer = cv2.copyMakeBorder(layer, 0, missing_rows, 0, missing_columns, cv2.BORDER_CONSTANT)
            mean = cv2.resize(layer, (columns, stop - row), interpolation=cv2.INTER_AREA)
            cells[row:stop] = mean.reshape(stop - row, columns, -1)
    return _WideAverages(_windowed(sums[0], sums[2]), _windowed(sums[1], sums[3]))


def _windowed(colours: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean colours (rows, columns, 3) over the wide window, from weighted colours and their weights."""
    import cv2

    window = (_WIDE_WINDOW, _WIDE_WINDOW)
    summed, weighed = (
        cv2.boxFilter(cells, -1, window, normalize=False, borderType=cv2.BORDER_CONSTANT)
        for cells in (colours, weights)
    )
    means: NDArray[np.float32] = summed / np.maximum(weighed, _NO_WEIGHT)[..., None]
    return means


def _fused_tile(
    image: NDArray[Any], alpha: NDArray[np.float32], averages: _WideAverages, row: int, column: int
) -> NDArray[Any]:
    """The estimated foreground of the tile whose first cell is (`row`, `column`), in the image's dtype."""
    import cv2

    height, width = alpha.shape
    # One cell around the tile, where the picture has it: the narrow window reaches 3 pixels over.
    top, left = max(row - 1, 0) * _CELL, max(column - 1, 0) * _CELL
    bottom = min((row + _TILE + 1) * _CELL, height)
    right = min((column + _TILE + 1) * _CELL, width)
    around = np.s_[top:bottom, left:right]
    size = (bottom - top, right - left)
    colours = image[around].astype(np.float32)
    weight = _three_channels(alpha[around])
    brightest = float(np.iinfo(image.dtype).max)

    background = _enlarged(averages.background, top, left, size)
    foreground = _enlarged(averages.foreground, top, left, size)
    foreground = _explaining(colours, weight, foreground, background, brightest)
    window = (_NARROW_WINDOW, _NARROW_WINDOW)
    narrow = []
    for mean, share in ((foreground, weight), (background, 1 - weight)):
        # Where nothing of a layer is within the window its wide average stays.
        share = share + np.float32(1e-5)
        blurred = cv2.blur(mean * share, window, borderType=cv2.BORDER_REPLICATE)
        blurred /= cv2.blur(share, window, borderType=cv2.BORDER_REPLICATE)
        narrow.append(blurred)
    foreground = _explaining(colours, weight, narrow[0], narrow[1], brightest)
    first_row, first_column = row * _CELL - top, column * _CELL - left
    step = _TILE * _CELL
    inside = foreground[first_row : first_row + step, first_column : first_column + step]
    rounded: NDArray[Any] = np.rint(inside).astype(image.dtype)
    return rounded


def _explaining(
    colours: NDArray[np.float32],
    weight: NDArray[np.float32],
    foreground: NDArray[np.float32],
    background: NDArray[np.float32],
    brightest: float,
) -> NDArray[np.float32]:
    """`foreground` moved along what it and `background` leave unexplained of `colours`, in [0, `brightest`].

    F + alpha (I - alpha F - (1 - alpha) B), all arrays (H, W, 3).
    """
    moved = background - foreground
    moved *= weight
    moved -= background
    moved += colours
    moved *= weight
    moved += foreground
    return np.clip(moved, 0, brightest, out=moved)


def _three_channels(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """`weight` (H, W) as contiguous (H, W, 3): several times faster to multiply by than a broadcast axis."""
    import cv2

    repeated: NDArray[np.float32] = cv2.merge([weight, weight, weight])
    return repeated


def _enlarged(cells: NDArray[np.float32], top: int, left: int, size: tuple[int, int]) -> NDArray[np.float32]:
    """`cells` (rows, columns, 3) interpolated to the pixels of the rectangle at (`top`, `left`) of `size` (H, W)."""
    import cv2

    height, width = size
    first_row, first_column = max(top // _CELL - 1, 0), max(left // _CELL - 1, 0)
    last_row, last_column = -(-(top + height) // _CELL) + 1, -(-(left + width) // _CELL) + 1
    part = np.ascontiguousarray(cells[first_row:last_row, first_column:last_column])
    enlarged = cv2.resize(part, (part.shape[1] * _CELL, part.shape[0] * _CELL), interpolation=cv2.INTER_LINEAR)
    y, x = top - first_row * _CELL, left - first_column * _CELL
    rectangle: NDArray[np.float32] = enlarged[y : y + height, x : x + width]
    return rectangle
