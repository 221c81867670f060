"""Prompts, checked before any network runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cutsmith.arrays import checked_mask
from cutsmith.cures import give
from cutsmith.errors import BadBox, BadOption, BadPoint
from cutsmith.geometry import checked_box
from cutsmith.protocols import Point, Prompt

# Each prompt costs a pass of the mask decoder and the memory of its mask; a detector gives at most 900 boxes.
MAX_PROMPTS = 1000
_EXAMPLE = give("points", "240,180 30,40,0")


def checked_prompts(prompts: Sequence[Prompt], width: int, height: int) -> list[Prompt]:
    """`prompts` with boxes clipped to a picture of `width` x `height` pixels, points checked, masks as float32.

    Raises:
        BadBox: a box that is not finite, inverted, empty, or outside the picture; or more than `MAX_PROMPTS` prompts.
        BadPoint: see `checked_points`.
        BadArray: see `cutsmith.arrays.checked_mask`.
        BadOption: a prompt without a box, points or a mask.
    """
    if len(prompts) > MAX_PROMPTS:
        raise BadBox(
            f"The prompts of one picture must be at most {MAX_PROMPTS:,}, but got {len(prompts):,}.",
            give("max_detections", "100", text="Keep the best boxes"),
            option="box",
            found=f"{len(prompts):,} prompts",
            wanted=f"at most {MAX_PROMPTS:,} prompts",
        )
    checked = []
    for prompt in prompts:
        if prompt.box is None and not prompt.points and prompt.mask is None:
            raise BadOption(
                "A prompt must have a box, points or a mask, but got none of them.",
                give("box", "40,60,300,420"),
                option="box",
            )
        checked.append(
            replace(
                prompt,
                box=None if prompt.box is None else checked_box(prompt.box, width, height),
                points=checked_points(prompt.points, width, height, alone=prompt.box is None and prompt.mask is None),
                mask=None if prompt.mask is None else checked_mask(prompt.mask, (height, width)),
            )
        )
    return checked


def checked_points(points: Sequence[Sequence[float]], width: int, height: int, *, alone: bool) -> tuple[Point, ...]:
    """`points`, each (x, y) or (x, y, label), as `Point`s inside a picture of `width` x `height` pixels.

    With `alone`, nothing else says where the subject is, and at least one point must lie on it.

    Raises:
        BadPoint: not two finite numbers, a label that is not 0 or 1, outside the picture, or none on the subject.
    """
    if not all(isinstance(point, Iterable) for point in (points if isinstance(points, Iterable) else (points,))):
        wanted = "x,y or x,y,label for each"
        raise BadPoint("", _EXAMPLE, option="points", found=repr(points)[:60], wanted=wanted)
    checked = []
    for point in points:
        shown = ",".join(f"{value:g}" if isinstance(value, float) else str(value) for value in point)
        numbers = _numbers(point)
        if len(point) not in (2, 3) or numbers is None or numbers[2] not in (0, 1):
            wanted = "x,y or x,y,label in pixels, with a label of 1 (subject) or 0 (not the subject)"
            raise BadPoint(
                f"A point must be {wanted}, but got {shown}.", _EXAMPLE, option="points", found=shown, wanted=wanted
            )
        x, y, label = numbers
        if not (0 <= x < width and 0 <= y < height):
            raise BadPoint(
                f"The point {shown} lies outside the picture, which is {width} x {height} pixels.",
                "Coordinates count from the top left corner of the upright picture (EXIF rotation applied).",
                option="points",
                found=shown,
                wanted=f"x,y with 0 <= x < {width} and 0 <= y < {height}",
            )
        checked.append(Point(x, y, int(label)))
    if alone and checked and not any(point.label for point in checked):
        raise BadPoint(
            "At least one point must lie on the subject, but all have the label 0.",
            give("points", "240,180", text="Give one on it"),
            give("box", "40,60,300,420", text="Or give a box"),
            option="points",
        )
    return tuple(checked)


def _numbers(point: Sequence[float]) -> tuple[float, float, float] | None:
    """x, y and the label, which is 1 where there is none; None where one of them is not a finite number."""
    if any(isinstance(value, complex) for value in point):  # NumPy would drop their second part
        return None
    try:
        x, y, label = (float(value) for value in (*point, 1)[:3])
    except (TypeError, ValueError, OverflowError):
        return None
    return (x, y, label) if math.isfinite(x) and math.isfinite(y) else None
