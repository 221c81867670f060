"""Multi-level foreground estimation, without a compiler: NumPy and OpenCV alone.

T. Germer, T. Uelwer, S. Conrad, S. Harmeling, "Fast Multi-Level Foreground Estimation", ICPR 2020: F and B minimise

    (alpha F + (1 - alpha) B - I)^2 + sum over the four neighbours n of w_n ((F - F_n)^2 + (B - B_n)^2),
    w_n = 1e-5 + |alpha - alpha_n|,

from the coarsest level to the finest, each of which starts at the answer of the one before. Three things differ here.
Levels are halves, and their pixels averages, which keeps I = alpha F + (1 - alpha) B true of them. A sweep moves all
pixels at once (Jacobi) where the paper moves one after another. And levels finer than an eighth are computed in tiles,
only where there is something to estimate, so that memory does not grow with the picture.

Given the weighted means F', B' of its neighbours, s the sum of their weights, the best colours of a pixel are
F' + alpha r / d and B' + (1 - alpha) r / d, where r = I - alpha F' - (1 - alpha) B' is what they leave unexplained, and
d = s + alpha^2 + (1 - alpha)^2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.arrays import Pixel
from cutsmith.machine.cancelling import check
from cutsmith.matting.tiles import begun

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CELL = 8  # pixels a side: one pixel of the finest level that is computed for the whole picture
_TILE = 24  # cells a side: 192 pixels, so that a tile's arrays stay in the processor's cache
_MARGIN = 3  # cells around a tile: its edge is then not seen (measured: off by one level at most)
_STRIP = 64  # rows of cells that are reduced at once
_SMOOTHNESS = np.float32(1e-5)
_COARSE_SWEEPS = 10
_FINE_SWEEPS = (10, 6, 3)  # at a quarter, half, and the whole of the resolution


def multilevel(
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
    coarse = _coarse_layers(*_cells(image, alpha))
    for tile in tiles:
        check()
        row, column = tile[0].start // _CELL, tile[1].start // _CELL
        # Only the rectangle of what is wanted.
        rows, columns = (np.flatnonzero(wanted[tile].any(axis=axis)) for axis in (1, 0))
        first_row, last_row = row + rows[0] // _CELL, row + rows[-1] // _CELL + 1
        first_column, last_column = column + columns[0] // _CELL, column + columns[-1] // _CELL + 1
        part = np.s_[first_row * _CELL : last_row * _CELL, first_column * _CELL : last_column * _CELL]
        estimated = _estimated_part(image, alpha, coarse, (first_row, last_row, first_column, last_column))
        np.copyto(result[part], estimated, where=wanted[part][..., None])
    return result


def _cells(image: NDArray[Any], alpha: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Average colours (rows, columns, 3) in [0, 1] and alpha (rows, columns) of cells of 8 x 8 pixels."""
    import cv2

    height, width = alpha.shape
    rows, columns = -(-height // _CELL), -(-width // _CELL)
    colours = np.empty((rows, columns, 3), np.float32)
    weights = np.empty((rows, columns), np.float32)
    for row in range(0, rows, _STRIP):
        check()
        stop = min(row + _STRIP, rows)
        for cells, pixels in ((colours, image), (weights, alpha)):
            strip = _filled_up(pixels[row * _CELL : stop * _CELL], stop - row, columns, _CELL)
            cells[row:stop] = cv2.resize(strip, (columns, stop - row), interpolation=cv2.INTER_AREA)
    colours /= np.float32(np.iinfo(image.dtype).max)
    return colours, weights


def _coarse_layers(colours: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """Foreground and background of the cells, `float32 (6, rows, columns)`: every level up to theirs."""
    levels = [(colours, alpha)]
    while max(alpha.shape) > 1:
        colours, alpha = _halved(colours), _halved(alpha)
        levels.append((colours, alpha))
    layers = np.concatenate([colours.transpose(2, 0, 1)] * 2)
    for colours, alpha in reversed(levels):
        check()
        rows, columns = alpha.shape
        layers = _swept(colours, alpha, _doubled(layers)[:, :rows, :columns], _COARSE_SWEEPS)
    return layers


def _estimated_part(
    image: NDArray[Any], alpha: NDArray[np.float32], coarse: NDArray[np.float32], cells: tuple[int, int, int, int]
) -> NDArray[Any]:
    """The estimated foreground of the cells [first row, last row) x [first column, last column), in `image`'s dtype."""
    first_row, last_row, first_column, last_column = cells
    top, left = max(first_row - _MARGIN, 0), max(first_column - _MARGIN, 0)
    bottom, right = min(last_row + _MARGIN, coarse.shape[1]), min(last_column + _MARGIN, coarse.shape[2])
    around = np.s_[top * _CELL : bottom * _CELL, left * _CELL : right * _CELL]
    brightest = np.float32(np.iinfo(image.dtype).max)
    colours = _filled_up(image[around], bottom - top, right - left, _CELL).astype(np.float32) / brightest
    weight = _filled_up(alpha[around], bottom - top, right - left, _CELL)
    levels = [(colours, weight)]
    for _ in _FINE_SWEEPS[1:]:
        levels.append((_halved(levels[-1][0]), _halved(levels[-1][1])))
    layers = coarse[:, top:bottom, left:right]
    for (colours, weight), sweeps in zip(reversed(levels), _FINE_SWEEPS, strict=True):
        layers = _swept(colours, weight, _doubled(layers), sweeps)
    rows, columns = slice((first_row - top) * _CELL, None), slice((first_column - left) * _CELL, None)
    height = min(last_row * _CELL, alpha.shape[0]) - first_row * _CELL
    width = min(last_column * _CELL, alpha.shape[1]) - first_column * _CELL
    inside = layers[:3, rows, columns][:, :height, :width]
    rounded: NDArray[Any] = np.rint(inside * brightest).astype(image.dtype)
    return rounded.transpose(1, 2, 0)


def _swept(
    colours: NDArray[np.float32], alpha: NDArray[np.float32], layers: NDArray[np.float32], sweeps: int
) -> NDArray[np.float32]:
    """`layers`, foreground and background (6, H, W) in [0, 1], after `sweeps` over all pixels.

    Neighbours beyond the edge are the pixel itself.
    """
    height, width = alpha.shape
    image = np.ascontiguousarray(colours.transpose(2, 0, 1))
    across = np.full((height, width + 1), _SMOOTHNESS, np.float32)
    down = np.full((height + 1, width), _SMOOTHNESS, np.float32)
    across[:, 1:-1] += np.abs(alpha[:, 1:] - alpha[:, :-1])
    down[1:-1] += np.abs(alpha[1:] - alpha[:-1])
    total = across[:, :-1] + across[:, 1:] + down[:-1] + down[1:]
    rest = 1 - alpha
    gain = 1 / (total + alpha * alpha + rest * rest)
    foreground_gain, background_gain = alpha * gain, rest * gain
    from_left, from_right = across[:, :-1] / total, across[:, 1:] / total
    from_above, from_below = down[:-1] / total, down[1:] / total

    padded = np.empty((6, height + 2, width + 2), np.float32)
    now = padded[:, 1:-1, 1:-1]
    now[...] = layers
    mean, part = np.empty((6, height, width), np.float32), np.empty((6, height, width), np.float32)
    for _ in range(sweeps):
        check()
        padded[:, 0], padded[:, -1] = padded[:, 1], padded[:, -2]
        padded[:, :, 0], padded[:, :, -1] = padded[:, :, 1], padded[:, :, -2]
        np.multiply(padded[:, 1:-1, :-2], from_left, out=mean)
        mean += np.multiply(padded[:, 1:-1, 2:], from_right, out=part)
        mean += np.multiply(padded[:, :-2, 1:-1], from_above, out=part)
        mean += np.multiply(padded[:, 2:, 1:-1], from_below, out=part)
        unexplained = image - np.multiply(mean[:3], alpha, out=part[:3])
        unexplained -= np.multiply(mean[3:], rest, out=part[3:])
        mean[:3] += np.multiply(unexplained, foreground_gain, out=part[:3])
        mean[3:] += np.multiply(unexplained, background_gain, out=part[3:])
        np.clip(mean, 0, 1, out=now)
    return now


def _filled_up(pixels: NDArray[Any], rows: int, columns: int, cell: int) -> NDArray[Any]:
    """`pixels` (H, W, ...), whose last row and column are repeated until they fill `rows` x `columns` cells."""
    import cv2

    missing_rows, missing_columns = rows * cell - pixels.shape[0], columns * cell - pixels.shape[1]
    if not missing_rows and not missing_columns:
        return pixels
    filled: NDArray[Any] = cv2.copyMakeBorder(pixels, 0, missing_rows, 0, missing_columns, cv2.BORDER_REPLICATE)
    return filled


def _halved(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Averages of 2 x 2 pixels of (H, W) or (H, W, 3)."""
    import cv2

    rows, columns = -(-pixels.shape[0] // 2), -(-pixels.shape[1] // 2)
    full = _filled_up(pixels, rows, columns, 2)
    halved: NDArray[np.float32] = cv2.resize(full, (columns, rows), interpolation=cv2.INTER_AREA)
    return halved


def _doubled(layers: NDArray[np.float32]) -> NDArray[np.float32]:
    """`layers` (6, H, W), every pixel as 2 x 2."""
    doubled: NDArray[np.float32] = layers.repeat(2, axis=1).repeat(2, axis=2)
    return doubled
