"""Parses clicks in the form that point editors write: a JSON list of {"x": ..., "y": ...} in pixels."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cutsmith.errors import BadPoint

from .typed_lists import typed_list

if TYPE_CHECKING:
    from cutsmith.protocols import Point

EXAMPLE = '[{"x": 240, "y": 180}]'

_REMEDY = "Leave it empty for no points."


def click_points(text: str | None, label: int, name: str) -> list[Point]:
    """Parse the clicks in `text` and give them `label` (1 on the subject, 0 elsewhere). An empty text has none.

    A pair [x, y] means {"x": x, "y": y}. The engine checks whether a click lies inside the picture.

    Raises:
        BadPoint: the text is not JSON or not a list of points, or a number is not finite. The error calls the text
            `name`, after its input.
    """
    wanted = f"{name} must be a JSON list of points in pixels, such as {EXAMPLE}"
    found = typed_list(text, wanted, _REMEDY, BadPoint)
    if not found:
        return []
    from cutsmith.protocols import Point

    points = []
    for each in found:
        values = (each.get("x"), each.get("y")) if isinstance(each, Mapping) else each
        if not isinstance(values, Sequence) or len(values) != 2 or not all(map(_is_coordinate, values)):
            raise BadPoint(f"{wanted}, but got the entry {json.dumps(each)}.", _REMEDY)
        points.append(Point(float(values[0]), float(values[1]), label))
    return points


def _is_coordinate(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        # Python's JSON parser accepts NaN and Infinity.
        return math.isfinite(value)
    except OverflowError:  # an integer too large for a float
        return False
