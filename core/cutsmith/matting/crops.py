"""The unknown pixels of a trimap, in crops that can each be solved alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cutsmith.matting.regions import grown
from cutsmith.matting.trimap import BACKGROUND, FOREGROUND, UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Merging two crops may waste a square of this side, in pixels, which costs about as much as another call of the solver.
_WORTHWHILE_SIDE = 64


class Crop(NamedTuple):
    """A rectangle of the picture with the unknown pixels that are solved in it.

    `unknown` and `foreground` are bool (H, W) of the rectangle. Unknown pixels of other crops that lie in the
    rectangle are in neither: no equation joins them to the crop's own.
    """

    slices: tuple[slice, slice]
    unknown: NDArray[np.bool_]
    foreground: NDArray[np.bool_]


def crops_around_unknown(trimap: NDArray[np.uint8], reach: int) -> tuple[list[Crop], NDArray[np.float32]]:
    """Crops that together hold every unknown pixel to solve for, and the values of those that need no solver.

    Unknown pixels at most `reach` rows and columns apart depend on each other, and on the known pixels within
    `reach`. Pixels that depend on each other share a crop, which holds everything within `reach` of them.

    Args:
        trimap: `uint8 (H, W)` of 0 / 128 / 255.
        reach: in pixels, 1 or more.

    Returns:
        The crops, and `float32 (H, W)` that is 1 at unknown pixels which depend on foreground only, 0 on background
        only, NaN at all others.
    """
    import cv2

    unknown = trimap == UNKNOWN
    # Grown by the reach, pixels that depend on each other touch, and each group's box is its crop.
    surroundings = grown(unknown, reach).view(np.uint8)
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(surroundings, connectivity=8, ltype=cv2.CV_32S)
    meets_foreground = _groups_that_meet(labels, trimap == FOREGROUND, count)
    meets_background = _groups_that_meet(labels, trimap == BACKGROUND, count)

    constant_of_group = np.full(count, np.nan, np.float32)
    constant_of_group[meets_foreground & ~meets_background] = 1
    constant_of_group[meets_background & ~meets_foreground] = 0
    constants = np.where(unknown, constant_of_group[labels], np.float32(np.nan))

    groups = np.flatnonzero(meets_foreground & meets_background)
    groups = groups[groups > 0]
    left, top, width, height = (statistics[groups, field].astype(np.int64) for field in range(4))
    boxes = np.stack([left, top, left + width, top + height], axis=1)
    merged_boxes, box_of_group = merged(boxes)
    crop_of_label = np.full(count, -1, np.int64)
    crop_of_label[groups] = box_of_group
    crops = []
    for number, (x0, y0, x1, y1) in enumerate(merged_boxes.tolist()):
        slices = np.s_[y0:y1, x0:x1]
        own = unknown[slices] & (crop_of_label[labels[slices]] == number)
        crops.append(Crop(slices, own, trimap[slices] == FOREGROUND))
    return crops, constants


def _groups_that_meet(labels: NDArray[np.int32], known: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """For each of `count` labels, whether it holds a `known` pixel; label 0 is what lies in no group."""
    meets: NDArray[np.bool_] = np.bincount(labels[known], minlength=count) > 0
    return meets


def merged(boxes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Boxes (N, 4) of x0, y0, x1, y1, united where the union is hardly larger than the two apart.

    Returns the M united boxes (M, 4), and for each of the N boxes which of them it is in, (N,).
    """
    boxes, tile_of_box = _united_in_tiles(boxes)
    owner = np.arange(len(boxes))
    alive = np.ones(len(boxes), bool)
    none = np.iinfo(np.int64).max
    # Each box takes in what fits until nothing does; the larger ones first, as they hold most others.
    for box in np.argsort(-_area(boxes), kind="stable"):
        while alive[box]:
            union = _union(boxes, boxes[box])
            waste = _area(union) - _area(boxes) - _area(boxes[box])
            waste[~alive] = none
            waste[box] = none
            nearest = int(np.argmin(waste))
            if waste[nearest] > _WORTHWHILE_SIDE**2:
                break
            boxes[box] = union[nearest]
            alive[nearest] = False
            owner[owner == nearest] = box
    survivors = np.flatnonzero(alive)
    return boxes[survivors], np.searchsorted(survivors, owner)[tile_of_box]


def _united_in_tiles(boxes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """As `merged`, but small boxes only with those that begin in the same tile of the picture.

    A mask full of specks gives tens of thousands of boxes; only the rest are compared with each other.
    """
    small = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0) <= _WORTHWHILE_SIDE
    key = np.empty((len(boxes), 2), np.int64)
    key[small] = boxes[small, :2] // _WORTHWHILE_SIDE
    key[~small] = np.stack([np.full(np.count_nonzero(~small), -1), np.flatnonzero(~small)], axis=1)
    tiles, tile_of_box = np.unique(key, axis=0, return_inverse=True)
    tile_of_box = tile_of_box.reshape(-1)
    united = np.empty((len(tiles), 4), np.int64)
    united[tile_of_box] = boxes
    np.minimum.at(united[:, :2], tile_of_box, boxes[:, :2])
    np.maximum.at(united[:, 2:], tile_of_box, boxes[:, 2:])
    return united, tile_of_box


def _union(boxes: NDArray[np.int64], box: NDArray[np.int64]) -> NDArray[np.int64]:
    """The smallest boxes (N, 4) around each of `boxes` (N, 4) together with `box` (4,)."""
    corners = np.minimum(boxes[:, :2], box[:2]), np.maximum(boxes[:, 2:], box[2:])
    return np.concatenate(corners, axis=1)


def _area(boxes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Areas of boxes (..., 4)."""
    area: NDArray[np.int64] = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    return area
