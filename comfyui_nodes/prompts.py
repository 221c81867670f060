"""Boxes, clicks and a rough mask of one image -> what the segmenter is asked for, an object each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.protocols import Point, Prompt
from cutsmith.result.cutout import FoundObject

if TYPE_CHECKING:
    from numpy.typing import NDArray


def prompts_of(
    boxes: Sequence[FoundObject], points: Sequence[Point], mask: NDArray[np.float32] | None
) -> list[tuple[Prompt, FoundObject]]:
    """One prompt an object, with what is known of it; none where nothing is asked for.

    Each box is an object. A click on the subject belongs to every box that it lies in; clicks outside all boxes are
    one more object; a click beside the subject (label 0) holds for all. A rough mask is the shape of the objects in the
    boxes, each its part of it, or, without boxes, goes with the clicks. An empty mask is none.
    """
    if mask is not None and not mask.any():
        mask = None
    negative = tuple(point for point in points if not point.label)
    positive = [point for point in points if point.label]
    asked = []
    for found in boxes:
        own = tuple(point for point in positive if _inside(point, found))
        asked.append((Prompt(found.box, (*own, *negative), _part(mask, found, len(boxes))), replace(found, points=own)))
    loose = tuple(point for point in positive if not any(_inside(point, found) for found in boxes))
    if loose or (not boxes and mask is not None):
        rough = mask if not boxes else None
        asked.append((Prompt(None, (*loose, *negative), rough), FoundObject(points=loose)))
    return asked


def _inside(point: Point, found: FoundObject) -> bool:
    assert found.box is not None, "boxes come with a box"
    x0, y0, x1, y1 = found.box
    return x0 <= point.x <= x1 and y0 <= point.y <= y1


def _part(mask: NDArray[np.float32] | None, found: FoundObject, count: int) -> NDArray[np.float32] | None:
    """Of a mask that shows several objects, what lies in this one's box; None where nothing does."""
    if mask is None or count == 1:
        return mask
    assert found.box is not None, "boxes come with a box"
    rows, columns = found.box.clip(mask.shape[1], mask.shape[0]).slices()
    part = np.zeros_like(mask)
    part[rows, columns] = mask[rows, columns]
    return part if part.any() else None
