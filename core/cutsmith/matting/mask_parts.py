"""The parts of a mask: its largest kept, specks removed, holes filled, each with its soft edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cutsmith.arrays import checked_mask
from cutsmith.errors import BadOption, must_be

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What reaches this is part of the subject; the pixels below belong, as an edge, to the part that is nearest.
_PART = 0.5


def cleaned_mask(
    mask: NDArray[np.float32],
    *,
    keep_largest: int | None = None,
    smallest_part: int = 0,
    largest_hole: int | None = 0,
) -> NDArray[np.float32]:
    """`mask`, float32 (H, W) in [0, 1], with holes filled, then without specks, then with its largest parts alone.

    A part is connected, diagonals included, and reaches 0.5; a hole stays below 0.5, diagonals not included, and does
    not touch the picture's edge. Soft edges go or stay with the part or hole that they surround, and what stays keeps
    its values. A mask that reaches 0.5 nowhere stays as it is.

    Args:
        mask: 1 = subject.
        keep_largest: how many parts stay, those with the most pixels; None for all.
        smallest_part: parts with fewer pixels than this are removed; 0 removes none.
        largest_hole: holes with up to this many pixels are filled; 0 fills none, and None all.

    Raises:
        BadArray: `mask` is not as described.
        BadOption: a number is below its least: 1 for `keep_largest`, 0 for the others.
    """
    for name, value, least in (
        ("keep_largest", keep_largest, 1),
        ("smallest_part", smallest_part, 0),
        ("largest_hole", largest_hole, 0),
    ):
        if value is not None and value < least:
            raise BadOption(must_be(name, f"a whole number, {least} or more", str(value)), f"Leave {name} out.")
    mask = checked_mask(mask)
    if largest_hole != 0:
        # The holes of a mask are the inner parts of what it leaves out.
        outside = 1 - mask
        holes = _parts(outside, connectivity=4)
        is_hole = ~holes.touches_edge
        if largest_hole is not None:
            is_hole &= holes.sizes <= largest_hole
        mask = 1 - holes.without(outside, is_hole) if is_hole.any() else mask
    if smallest_part > 1 or keep_largest is not None:
        parts = _parts(mask, connectivity=8)
        goes = parts.sizes < smallest_part
        if keep_largest is not None:
            # Of equal ones the first: a stable order gives the same mask each time.
            order = np.argsort(-parts.sizes, kind="stable")
            goes[order[keep_largest:]] = True
        mask = parts.without(mask, goes) if goes.any() else mask
    return mask.copy()


class _Parts(NamedTuple):
    """The parts of a mask: N of them.

    Attributes:
        nearest: int32 (H, W), for each pixel the number of the part that it is in or nearest to.
        sizes: int64 (N,), pixels of 0.5 or more.
        touches_edge: bool (N,), whether the part reaches the picture's edge.
    """

    nearest: NDArray[np.int32]
    sizes: NDArray[np.int64]
    touches_edge: NDArray[np.bool_]

    def without(self, mask: NDArray[np.float32], goes: NDArray[np.bool_]) -> NDArray[np.float32]:
        """`mask` with 0 in those of the parts that go, bool (N,), and in their edges."""
        return np.where(goes[self.nearest], np.float32(0), mask)


def _parts(mask: NDArray[np.float32], connectivity: int) -> _Parts:
    import cv2

    inside = mask >= _PART
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inside.view(np.uint8), connectivity=connectivity)
    if count == 1:
        # No part at all: nothing is nearest.
        return _Parts(np.zeros(mask.shape, np.int32), np.zeros(0, np.int64), np.zeros(0, bool))
    # OpenCV numbers the nearest groups its own way; each of its groups lies in one of our parts.
    _, groups = cv2.distanceTransformWithLabels(
        (~inside).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_CCOMP
    )
    part_of_group = np.zeros(int(groups.max()) + 1, np.int32)
    part_of_group[groups[inside]] = labels[inside] - 1
    left, top, width, height = (
        stats[1:, each] for each in (cv2.CC_STAT_LEFT, cv2.CC_STAT_TOP, cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT)
    )
    touches = (left == 0) | (top == 0) | (left + width == mask.shape[1]) | (top + height == mask.shape[0])
    return _Parts(part_of_group[groups], stats[1:, cv2.CC_STAT_AREA].astype(np.int64), touches)
