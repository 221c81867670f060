"""Boxes, in pixels of the upright picture.

A `Box` is `(x0, y0, x1, y1)`: float pixels, origin top left, x1 and y1 exclusive.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from cutsmith.cures import Cure, advise, give
from cutsmith.errors import BadBox, shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_EXAMPLE = give("box", "40,60,300,420")


class Box(NamedTuple):
    """A rectangle `(x0, y0, x1, y1)` in pixels, x1 and y1 exclusive."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.y1 - self.y0

    def grow(self, margin: float) -> Box:
        """The box with `margin` pixels more on each side (fewer, where it is negative)."""
        return Box(self.x0 - margin, self.y0 - margin, self.x1 + margin, self.y1 + margin)

    def clip(self, width: int, height: int) -> Box:
        """The part of the box inside a picture of `width` x `height` pixels; may have no area."""
        x0, x1 = (min(max(x, 0.0), float(width)) for x in (self.x0, self.x1))
        y0, y1 = (min(max(y, 0.0), float(height)) for y in (self.y0, self.y1))
        return Box(x0, y0, x1, y1)

    def slices(self) -> tuple[slice, slice]:
        """(rows, columns) of every pixel that the box touches, to index an array of shape (H, W, ...)."""
        return (
            slice(math.floor(self.y0), math.ceil(self.y1)),
            slice(math.floor(self.x0), math.ceil(self.x1)),
        )


def checked_box(box: tuple[float, float, float, float], width: int, height: int) -> Box:
    """`box` as a `Box` clipped to a picture of `width` x `height` pixels.

    Raises:
        BadBox: not four finite numbers, x1 <= x0 or y1 <= y0, or entirely outside the picture.
    """
    try:
        found = Box(*(float(value) for value in box))
    except (TypeError, ValueError, OverflowError) as error:
        raise _bad_box("", shown(box), width, height) from error
    told = ",".join(f"{value:g}" for value in found)
    if not all(math.isfinite(value) for value in found):
        raise _bad_box("", told, width, height)
    if found.width <= 0 or found.height <= 0:
        upright = Box(
            min(found.x0, found.x1), min(found.y0, found.y1), max(found.x0, found.x1), max(found.y0, found.y1)
        )
        if upright.width <= 0 or upright.height <= 0:
            raise _bad_box(f"The box {told} has no area.", told, width, height)
        corrected = give("box", ",".join(f"{value:g}" for value in upright), text="Did you mean")
        raise _bad_box(f"The box {told} is inverted.", told, width, height, corrected)
    inside = found.clip(width, height)
    if inside.width <= 0 or inside.height <= 0:
        raise _bad_box(
            f"The box {told} lies outside the picture, which is {width} x {height} pixels.",
            told,
            width,
            height,
            advise("Coordinates count from the top left corner of the upright picture (EXIF rotation applied)."),
        )
    return inside


def _bad_box(what: str, found: str, width: int, height: int, cure: Cure = _EXAMPLE) -> BadBox:
    wanted = f"x0,y0,x1,y1 in pixels with x0 < x1 and y0 < y1, inside 0,0,{width},{height}"
    return BadBox(f"{what} It must be {wanted}." if what else "", cure, option="box", found=found, wanted=wanted)


def box_of_mask(mask: NDArray[np.bool_]) -> Box | None:
    """The smallest box around the true pixels of `mask`, bool (H, W); None where there are none."""
    import numpy as np

    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return None
    columns = np.flatnonzero(mask.any(axis=0))
    return Box(float(columns[0]), float(rows[0]), float(columns[-1]) + 1, float(rows[-1]) + 1)


def interior_points(mask: NDArray[np.bool_], count: int) -> list[tuple[float, float]]:
    """At most `count` points (x, y) deep inside the true pixels of `mask`, bool (H, W), the deepest first.

    Each is the centre of the pixel farthest from the mask's edge (the picture's own edge counts as one), outside the
    circles that reach from earlier points to the edge. A part less than half as deep as the deepest gets no point.
    """
    import cv2
    import numpy as np

    padded = np.pad(mask, 1).astype(np.uint8)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1].copy()
    points: list[tuple[float, float]] = []
    deepest = float(depth.max(initial=0))
    while len(points) < count:
        row, column = np.unravel_index(int(depth.argmax()), depth.shape) if depth.size else (0, 0)
        radius = float(depth[row, column]) if depth.size else 0.0
        if radius <= 0 or radius < deepest / 2:
            break
        points.append((float(column) + 0.5, float(row) + 0.5))
        cv2.circle(depth, (int(column), int(row)), math.ceil(radius), 0.0, thickness=-1)
    return points
