"""Masks that are wrong on purpose, sure of themselves: what a quality score must doubt though no pixel is undecided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.float32]

_ERODED, _FLOODED, _CLOSED = 0.05, 0.1, 0.25  # of the subject's size, the root of its area: radii
_LEAST_HOLE, _LEAST_ENCLOSED = 0.02, 0.03  # of the subject's area


def broken(mask: Mask, other: Mask, chance: np.random.Generator) -> Iterator[tuple[str, Mask]]:
    """The ways to break `mask`, float32 (H, W) in [0, 1], each with its name; those that change nothing are left out.

    Args:
        mask: a good one.
        other: the mask of another picture, of any size.
        chance: which half is cut off.
    """
    import cv2

    inside = mask > 0.5
    count = int(np.count_nonzero(inside))
    if not count:
        return
    size = float(np.sqrt(count))
    # A tenth of the subject's width is gone.
    yield "eroded", cv2.erode(mask, _disc(_ERODED * size))
    yield "flooded", cv2.dilate(mask, _disc(_FLOODED * size))
    yield "half cut off", _half(mask, inside, chance)
    yield "shuffled", cv2.resize(other, mask.shape[::-1], interpolation=cv2.INTER_AREA)
    holes = _holes(inside)
    if np.count_nonzero(holes) > _LEAST_HOLE * count:
        yield "a hole filled", np.where(holes, np.float32(1), mask)
    margin = round((_CLOSED + 0.05) * size) + 1
    padded = cv2.copyMakeBorder(mask, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, _disc(_CLOSED * size))[margin:-margin, margin:-margin]
    if np.count_nonzero((closed > 0.5) & ~inside) > _LEAST_ENCLOSED * count:
        yield "background enclosed", np.ascontiguousarray(closed)


def _half(mask: Mask, inside: NDArray[np.bool_], chance: np.random.Generator) -> Mask:
    rows, columns = np.nonzero(inside)
    left = mask.copy()
    if chance.random() < 0.5:
        left[: int(np.median(rows))] = 0
    else:
        left[:, : int(np.median(columns))] = 0
    return left


def _holes(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What is not inside, and is not connected with the frame."""
    import cv2

    outside = cv2.copyMakeBorder((~inside).view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    _, labels = cv2.connectedComponents(outside, connectivity=4)
    holes: NDArray[np.bool_] = (labels != labels[0, 0]) & (outside > 0)
    return holes[1:-1, 1:-1]


def _disc(radius: float) -> NDArray[np.uint8]:
    import cv2

    side = 2 * max(round(radius), 1) + 1
    disc: NDArray[np.uint8] = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return disc
