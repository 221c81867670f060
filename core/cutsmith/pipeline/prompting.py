"""A box, clicks, a rough mask, a selection or detections -> prompts for the segmenter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cutsmith.arrays import checked_mask
from cutsmith.errors import BadPoint
from cutsmith.geometry import checked_box
from cutsmith.options import Target
from cutsmith.protocols import Point, Prompt
from cutsmith.result.cutout import FoundObject
from cutsmith.segmentation.prompts import checked_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.picture import Picture
    from cutsmith.protocols import Detection


class Asked(NamedTuple):
    """One object to segment: the segmenter's prompt, and what is known about the object.

    `is_taken_away`: whether it is taken out of the objects before it, instead of added.
    """

    prompt: Prompt
    found: FoundObject
    is_taken_away: bool = False


@dataclass(frozen=True)
class Part:
    """One thing that was pointed at.

    Attributes:
        box: (x0, y0, x1, y1) around it, in pixels of the picture; None for clicks alone.
        points: clicks (x, y, label) as the option `points` takes them.
        is_taken_away: whether it is taken out of the parts before it, instead of added.
    """

    box: tuple[float, float, float, float] | None = None
    points: Sequence[Sequence[float]] = ()
    is_taken_away: bool = False


def asked_by_parts(parts: Sequence[Part], width: int, height: int) -> list[Asked]:
    """One object per part, in their order; the first is one to cut out.

    Raises:
        BadPoint, BadBox: a part is wrong or empty, or there is none.
    """
    if not parts or parts[0].is_taken_away:
        raise BadPoint("The first thing that is pointed at must be one to cut out.", "Click on the subject.")
    if any(part.box is None and not len(part.points) for part in parts):
        raise BadPoint("Each thing that is pointed at must have a box or a click.", "Click on it.")
    return [
        asked._replace(is_taken_away=part.is_taken_away)
        for part in parts
        for asked in asked_by_target(Target(box=part.box, points=part.points), width, height, with_points=True)
    ]


def asked_by_target(target: Target, width: int, height: int, *, with_points: bool) -> list[Asked]:
    """The one object that the box, points, mask or selection of `target` describes.

    Args:
        target: a target without words.
        width, height: the size of the picture in pixels.
        with_points: whether the segmenter takes points; if so, a selection gives some.

    Raises:
        BadBox, BadPoint, BadArray: the target does not fit the picture.
    """
    if target.selection is not None:
        from cutsmith.segmentation.selection_prompt import prompt_of_selection

        prompt = prompt_of_selection(target.selection, width, height, with_points=with_points)
        box = None if prompt.box is None else checked_box(prompt.box, width, height)
        return [Asked(prompt, FoundObject(box, prompt.points))]
    box = None if target.box is None else checked_box(target.box, width, height)
    points = checked_points(target.points, width, height, alone=box is None and target.mask is None)
    mask = None if target.mask is None else checked_mask(target.mask, (height, width))
    return [Asked(Prompt(box, points, mask), FoundObject(box, points))]


def check_target(target: Target, width: int, height: int) -> None:
    """Check that box, points, mask or selection fit a picture of `width` x `height` pixels.

    Raises:
        BadBox, BadPoint, BadArray: the target does not fit the picture.
    """
    if target.box is not None or len(target.points) or target.mask is not None or target.selection is not None:
        asked_by_target(target, width, height, with_points=False)


def asked_by_detections(detections: Sequence[Detection]) -> list[Asked]:
    """One object per detection."""
    return [
        Asked(Prompt(box=each.box), FoundObject(each.box, label=each.label, score=each.score)) for each in detections
    ]


def asked_by_boxes(
    boxes: Sequence[FoundObject], points: Sequence[Point], mask: NDArray[np.float32] | None
) -> list[Asked]:
    """One object per box, with its clicks and its part of the rough mask; empty if nothing is given.

    A click on the subject belongs to every box that it lies in. Clicks outside all boxes form one more object. A click
    beside the subject (label 0) belongs to all objects. With boxes, each object gets the part of the rough mask inside
    its box; without boxes, the mask goes with the clicks. An empty mask is ignored.
    """
    if mask is not None and not mask.any():
        mask = None
    negative = tuple(point for point in points if not point.label)
    positive = [point for point in points if point.label]
    asked = []
    for found in boxes:
        own = tuple(point for point in positive if _is_inside(point, found))
        prompt = Prompt(found.box, (*own, *negative), _part(mask, found, len(boxes)))
        asked.append(Asked(prompt, replace(found, points=own)))
    loose = tuple(point for point in positive if not any(_is_inside(point, found) for found in boxes))
    if loose or (not boxes and mask is not None):
        rough = mask if not boxes else None
        asked.append(Asked(Prompt(None, (*loose, *negative), rough), FoundObject(points=loose)))
    return asked


def subject_alone(picture: Picture) -> Picture:
    """`picture` as the models see it, opaque, so that the result leaves its own transparency out.

    Otherwise a layer mask beside the picture would count the transparency twice.
    """
    return picture if picture.alpha is None else replace(picture, pixels=picture.for_models(), alpha=None, icc=None)


def _is_inside(point: Point, found: FoundObject) -> bool:
    assert found.box is not None, "boxes come with a box"
    x0, y0, x1, y1 = found.box
    return x0 <= point.x <= x1 and y0 <= point.y <= y1


def _part(mask: NDArray[np.float32] | None, found: FoundObject, count: int) -> NDArray[np.float32] | None:
    """The part of a mask of several objects that lies in this object's box; None if it is empty."""
    if mask is None or count == 1:
        return mask
    assert found.box is not None, "boxes come with a box"
    rows, columns = found.box.clip(mask.shape[1], mask.shape[0]).slices()
    part = np.zeros_like(mask)
    part[rows, columns] = mask[rows, columns]
    return part if part.any() else None
