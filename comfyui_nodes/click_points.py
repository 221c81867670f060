"""Clicks as point editors write them: a JSON list of {"x": ..., "y": ...} in pixels."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cutsmith.errors import BadPoint

if TYPE_CHECKING:
    from cutsmith.protocols import Point

EXAMPLE = '[{"x": 240, "y": 180}]'


def click_points(text: str, label: int, name: str) -> list[Point]:
    """The clicks that `text` holds, with `label` (1 on the subject, 0 beside it); none for an empty text.

    Pairs [x, y] are taken for {"x": x, "y": y}. Whether a click lies inside a picture, the engine checks.

    Raises:
        BadPoint: no JSON, not a list of points, or not of finite numbers; `name` is the input that it came from.
    """
    if not text.strip():
        return []
    from cutsmith.protocols import Point

    wanted = f"wanted a JSON list of points in pixels, such as {EXAMPLE}"
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, and brackets as deep, too
        raise BadPoint(f"{name} is no JSON ({error}): {wanted}.", "Leave it empty for no points.") from error
    if not isinstance(found, list):
        raise BadPoint(f"{name} is a JSON {type(found).__name__}: {wanted}.", "Put it into [ ].")
    points = []
    for each in found:
        values = (each.get("x"), each.get("y")) if isinstance(each, Mapping) else each
        if not isinstance(values, Sequence) or len(values) != 2 or not all(map(_is_coordinate, values)):
            raise BadPoint(f"{name} has the entry {json.dumps(each)}: {wanted}.", "Leave it empty for no points.")
        points.append(Point(float(values[0]), float(values[1]), label))
    return points


def _is_coordinate(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        # JSON in Python's reading has NaN and Infinity.
        return math.isfinite(value)
    except OverflowError:  # an integer beyond every float
        return False
