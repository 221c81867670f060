"""What prompts may say: checked before any network runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.errors import BadArray, BadBox, BadOption, BadPoint
from cutsmith.geometry import checked_box
from cutsmith.protocols import Point, Prompt

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Each prompt costs a pass of the mask decoder and its mask memory; a detector gives 900 boxes at the most.
MAX_PROMPTS = 1000
_POINT_EXAMPLE = "Example: --point 240,180 (on the subject) --point 30,40,0 (not the subject)"


def checked_prompts(prompts: Sequence[Prompt], width: int, height: int) -> list[Prompt]:
    """`prompts` with boxes clipped to a picture of `width` x `height` pixels, points checked, masks as float32.

    Raises:
        BadBox: a box that is not finite, inverted, empty, or outside the picture; or more than `MAX_PROMPTS` prompts.
        BadPoint: see `checked_points`.
        BadArray: see `checked_mask`.
        BadOption: a prompt that says nothing.
    """
    if len(prompts) > MAX_PROMPTS:
        raise BadBox(
            f"{len(prompts):,} boxes or prompts for one picture: wanted at most {MAX_PROMPTS:,}.",
            "Keep the best: --max-detections 100",
        )
    checked = []
    for prompt in prompts:
        if prompt.box is None and not prompt.points and prompt.mask is None:
            raise BadOption(
                "A prompt without a box, points or a mask points at nothing.", "Example: --box 40,60,300,420"
            )
        checked.append(
            replace(
                prompt,
                box=None if prompt.box is None else checked_box(prompt.box, width, height),
                points=checked_points(prompt.points, width, height, alone=prompt.box is None and prompt.mask is None),
                mask=None if prompt.mask is None else checked_mask(prompt.mask, width, height),
            )
        )
    return checked


def checked_points(points: Sequence[Sequence[float]], width: int, height: int, *, alone: bool) -> tuple[Point, ...]:
    """`points`, each (x, y) or (x, y, label), as `Point`s inside a picture of `width` x `height` pixels.

    With `alone`, nothing else says where the subject is: one point at least must lie on it.

    Raises:
        BadPoint: not two finite numbers, a label that is not 0 or 1, outside the picture, or none on the subject.
    """
    wanted = f"wanted X,Y or X,Y,LABEL in pixels, 0 <= X < {width}, 0 <= Y < {height}, LABEL 1 (subject) or 0 (not)"
    if not all(isinstance(point, Iterable) for point in (points if isinstance(points, Iterable) else (points,))):
        raise BadPoint(f"{points!r} are no points: {wanted}.", _POINT_EXAMPLE)
    checked = []
    for point in points:
        shown = ",".join(f"{value:g}" if isinstance(value, float) else str(value) for value in point)
        if len(point) not in (2, 3):
            raise BadPoint(f"The point {shown} has {len(point)} values: {wanted}.", _POINT_EXAMPLE)
        try:
            x, y, label = (float(value) for value in (*point, 1)[:3])
        except (TypeError, ValueError, OverflowError) as error:
            raise BadPoint(f"The point {shown} is not made of numbers: {wanted}.", _POINT_EXAMPLE) from error
        if not (math.isfinite(x) and math.isfinite(y)) or label not in (0, 1):
            raise BadPoint(f"The point {shown} is no point: {wanted}.", _POINT_EXAMPLE)
        if not (0 <= x < width and 0 <= y < height):
            raise BadPoint(
                f"The point {shown} lies outside the picture, which is {width} x {height} pixels: {wanted}.",
                "Coordinates count from the top left corner of the upright picture (EXIF rotation applied).",
            )
        checked.append(Point(x, y, int(label)))
    if alone and checked and not any(point.label for point in checked):
        raise BadPoint(
            "No point lies on the subject: all have the label 0.", f"Give one on it, or a --box. {_POINT_EXAMPLE}"
        )
    return tuple(checked)


def checked_mask(mask: NDArray[np.generic], width: int, height: int) -> NDArray[np.float32]:
    """A rough mask as float32 (height, width) in [0, 1]; booleans and uint8 (0-255) are taken too.

    Raises:
        BadArray: another shape or dtype, or values that are not finite or outside [0, 1].
    """
    wanted = f"wanted ({height}, {width}), the picture's own (height, width), of bool, uint8, or float in [0, 1]"
    if mask.shape != (height, width):
        raise BadArray(f"The mask has the shape {mask.shape}: {wanted}.", "Resize it to the upright picture.")
    if mask.dtype == np.uint8:
        return mask.astype(np.float32) / np.float32(255)
    if mask.dtype == np.bool_:
        return mask.astype(np.float32)
    if mask.dtype.kind != "f":
        raise BadArray(f"The mask has the dtype {mask.dtype}: {wanted}.", "mask.astype(bool) keeps its shape.")
    if not np.isfinite(mask).all() or mask.min() < 0 or mask.max() > 1:
        raise BadArray(f"The mask has values outside [0, 1]: {wanted}.", "Clip it, or divide it by its maximum.")
    return mask.astype(np.float32)
