"""A selection drawn roughly around an object -> the prompt for SAM 2 or a removal model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cutsmith.arrays import checked_mask
from cutsmith.errors import BadArray
from cutsmith.geometry import box_of_mask, interior_points
from cutsmith.protocols import Point, Prompt

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Few and deep inside: many points, or points at the edge, make SAM 2 take the background instead (darktable#20595).
_POINTS = 3


def prompt_of_selection(selection: NDArray[np.generic], width: int, height: int, *, with_points: bool) -> Prompt:
    """The box around what is selected in a picture of `width` x `height` pixels and, `with_points`, clicks inside it.

    Pixels count that are selected by half or more; where there are none, those that are selected at all.

    Args:
        selection: (H, W) of bool, uint8 or float in [0, 1], as for `cut_out`'s mask.
        width, height: the picture's.
        with_points: one to three points deep inside, for SAM 2.

    Raises:
        BadArray: another size, dtype or values, or nothing is selected.
    """
    soft = checked_mask(selection, (height, width), "selection")
    selected = soft >= 0.5
    box = box_of_mask(selected)
    if box is None:
        selected = soft > 0
        box = box_of_mask(selected)
    if box is None:
        raise BadArray(
            "Nothing in the picture is selected.",
            "Select the object roughly, or cut out without a selection.",
            option="selection",
        )
    points = interior_points(selected, _POINTS) if with_points else []
    return Prompt(box=box, points=tuple(Point(x, y) for x, y in points))
