"""Windows of one fixed size over a region of a picture, whose weights add up to 1 in it: no seam is seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Shares of the window's side: what lies so near its border is seen with too little around it and does not count there
# (64 of 1024 pixels), and the width of the ramp from one window to the next.
_CONTEXT = 1 / 16
_RAMP = 1 / 16


class Window(NamedTuple):
    """A crop of the picture.

    Attributes:
        slices: its (rows, columns).
        weight: float32 (h, w) in [0, 1], how much its answer counts for each pixel.
    """

    slices: tuple[slice, slice]
    weight: NDArray[np.float32]


def windows_over(region: NDArray[np.bool_], size: tuple[int, int]) -> Iterator[Window]:
    """Windows that hold every pixel of `region`, bool (H, W), from top left to bottom right.

    Each is `size`, (height, width), or as much of it as the picture has. One is enough where the region fits in it with
    a margin. A window that counts for no pixel of the region is left out.
    """
    if not region.any():
        return
    rows = _axis(np.flatnonzero(region.any(axis=1)), region.shape[0], size[0])
    columns = _axis(np.flatnonzero(region.any(axis=0)), region.shape[1], size[1])
    for row, row_weight in rows:
        for column, column_weight in columns:
            counts = np.ix_(row_weight > 0, column_weight > 0)
            if region[row, column][counts].any():
                yield Window((row, column), np.outer(row_weight, column_weight))


def _axis(occupied: NDArray[np.int64], length: int, side: int) -> list[tuple[slice, NDArray[np.float32]]]:
    """Along one axis of `length` pixels: the windows over the `occupied` ones, and each one's weights, float32 (side,).

    The weights of all windows add up to 1 between the first and the last occupied pixel.
    """
    margin, ramp = max(1, round(side * _CONTEXT)), max(1, round(side * _RAMP))
    first, last = max(0, int(occupied[0]) - margin), min(length, int(occupied[-1]) + 1 + margin)
    if last - first <= side:
        # In the middle of a window, which sees as much of the picture around it as fits.
        start = min(max(0, first - (side - (last - first)) // 2), max(0, length - side))
        end = min(length, start + side)
        return [(slice(start, end), np.ones(end - start, np.float32))]
    overlap = 2 * margin + ramp
    count = 1 + -(-(last - first - side) // (side - overlap))
    starts = [first + (last - first - side) * number // (count - 1) for number in range(count)]
    total = np.zeros(last - first, np.float64)
    raw = []
    for number, start in enumerate(starts):
        places = np.arange(side) + 0.5
        # Nothing lies beyond the first and the last window: their outer sides count in full.
        before = places if number else np.full(side, np.inf)
        after = side - places if number < count - 1 else np.full(side, np.inf)
        weight = np.clip((np.minimum(before, after) - margin) / ramp, 0, 1)
        raw.append(weight)
        total[start - first : start - first + side] += weight
    return [
        (slice(start, start + side), (weight / total[start - first : start - first + side]).astype(np.float32))
        for start, weight in zip(starts, raw, strict=True)
    ]
