"""Boxes between nodes: ComfyUI's BOUNDING_BOX (x, y, width, height), other packs' BBOX (x0, y0, x1, y1)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cutsmith.errors import BadBox
from cutsmith.geometry import Box
from cutsmith.result.cutout import FoundObject

NativeBox = dict[str, Any]
_WANTED = (
    "wanted {x, y, width, height} in pixels, or [x0, y0, x1, y1], or lists of them: one list for all, or one an image"
)


def native_boxes(objects: Sequence[FoundObject]) -> list[NativeBox]:
    """The boxes of one image as BOUNDING_BOX holds them; those without a box are left out."""
    return [
        {
            "x": found.box.x0,
            "y": found.box.y0,
            "width": found.box.width,
            "height": found.box.height,
            "label": found.label,
            "score": found.score if found.score is not None else found.predicted_iou,
        }
        for found in objects
        if found.box is not None
    ]


def objects_of(bboxes: Any, count: int) -> list[list[FoundObject]]:
    """What BOUNDING_BOX or BBOX holds, as objects to look for: a list an image, `count` of them.

    A single box and a flat list of boxes stand for every image; a list of lists has one an image.

    Raises:
        BadBox: anything else, values that are not finite, or boxes of another number of images.
    """
    bboxes = _plain(bboxes)
    if bboxes is None:
        return [[] for _ in range(count)]
    if _is_box(bboxes):
        bboxes = [bboxes]
    if not isinstance(bboxes, list | tuple):
        raise BadBox(f"The boxes are {type(bboxes).__name__}: {_WANTED}.", "Connect TextDetect's bboxes.")
    if all(_is_box(each) for each in bboxes):
        # No box at all is a batch in which nothing was found.
        return [[_found(each) for each in bboxes] for _ in range(count)]
    if any(_is_box(each) or not isinstance(each, list | tuple) for each in bboxes):
        raise BadBox(f"The boxes are not understood ({str(bboxes)[:200]}): {_WANTED}.", "Connect TextDetect's bboxes.")
    if len(bboxes) not in (1, count):
        raise BadBox(
            f"There are boxes for {len(bboxes)} images, and {count} images: wanted 1 or {count} lists of boxes.",
            "Connect the boxes that were found in the same batch.",
        )
    found = [[_found(each) for each in frame] for frame in bboxes]
    return found if len(found) == count else [list(found[0]) for _ in range(count)]


def _plain(value: Any) -> Any:
    """Tensors and arrays, at any depth, as lists, and their scalars as numbers."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _is_box(value: Any) -> bool:
    if isinstance(value, Mapping):
        return True
    return (
        isinstance(value, list | tuple)
        and len(value) == 4
        and all(isinstance(each, int | float) and not isinstance(each, bool) for each in value)
    )


def _found(value: Any) -> FoundObject:
    try:
        return _object(value)
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise BadBox(
            f"The box {str(value)[:100]} is not understood: {_WANTED}.", "Connect TextDetect's bboxes."
        ) from error


def _object(value: Any) -> FoundObject:
    if isinstance(value, Mapping):
        x, y, width, height = (float(value[key]) for key in ("x", "y", "width", "height"))
        score = None if value.get("score") is None else float(value["score"])
        return FoundObject(_finite(x, y, x + width, y + height), label=str(value.get("label") or ""), score=score)
    if not _is_box(value):
        raise TypeError("neither a mapping nor four numbers")
    return FoundObject(_finite(*(float(each) for each in value)))


def _finite(*corners: float) -> Box:
    if not all(map(math.isfinite, corners)):
        raise ValueError("not finite")
    return Box(*corners)
