"""Converts boxes: ComfyUI's BOUNDING_BOX (x, y, width, height) and other packs' BBOX (x0, y0, x1, y1)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cutsmith.errors import BadBox
from cutsmith.geometry import Box
from cutsmith.result.cutout import FoundObject

NativeBox = dict[str, Any]
_WANTED = (
    "{x, y, width, height} in pixels, [x0, y0, x1, y1] or [x0, y0, x1, y1, score], or lists of these (one list for all "
    "images, or one per image)"
)
# A row of numbers: four corners, and perhaps the score behind them.
_ROW_LENGTHS = (4, 5)


def native_boxes(objects: Sequence[FoundObject]) -> list[NativeBox]:
    """The boxes of one image in the form of BOUNDING_BOX. Objects without a box are left out."""
    return [_native_box(found, found.box) for found in objects if found.box is not None]


def objects_of(bboxes: Any, count: int) -> list[list[FoundObject]]:
    """The objects in a BOUNDING_BOX or BBOX: `count` lists, one per image.

    A single box or a flat list of boxes applies to every image; a list of lists has one list per image.

    Raises:
        BadBox: the value is something else, has numbers that are not finite, or is for another number of images.
    """
    bboxes = _plain(bboxes)
    if bboxes is None:
        return [[] for _ in range(count)]
    if _is_box(bboxes):
        bboxes = [bboxes]
    if not isinstance(bboxes, list | tuple):
        raise BadBox(f"The boxes must be {_WANTED}, but got {type(bboxes).__name__}.", "Connect TextDetect's bboxes.")
    if all(_is_box(each) for each in bboxes):
        # An empty list means that nothing was found in the batch.
        return [[_found(each) for each in bboxes] for _ in range(count)]
    if any(_is_box(each) or not isinstance(each, list | tuple) for each in bboxes):
        raise BadBox(f"The boxes must be {_WANTED}, but got {str(bboxes)[:200]}.", "Connect TextDetect's bboxes.")
    if len(bboxes) not in (1, count):
        raise BadBox(
            f"There must be 1 or {count} lists of boxes for {count} images, but got {len(bboxes)}.",
            "Connect the boxes found in the same batch.",
        )
    found = [[_found(each) for each in frame] for frame in bboxes]
    return found if len(found) == count else [list(found[0]) for _ in range(count)]


def objects_an_image(bboxes: Any) -> list[list[FoundObject]]:
    """The objects in a BOUNDING_BOX or BBOX: a list per image. A single box or a flat list of boxes is one image's.

    Raises:
        BadBox: as for `objects_of`.
    """
    lists = _plain(bboxes)
    is_flat = not isinstance(lists, list | tuple) or not lists or any(map(_is_box, lists))
    return objects_of(bboxes, 1 if is_flat or _is_box(lists) else len(lists))


def _native_box(found: FoundObject, box: Box) -> NativeBox:
    # ComfyUI's own nodes send boxes to the page as JSON, which has no numbers of numpy.
    sides = zip(("x", "y", "width", "height"), (box.x0, box.y0, box.width, box.height), strict=True)
    native: NativeBox = {name: float(side) for name, side in sides}
    # ComfyUI's own nodes reckon with a score that is there: they take one that is missing for 1, but not None.
    if found.label:
        native["label"] = found.label
    score = found.score if found.score is not None else found.predicted_iou
    if score is not None:
        native["score"] = float(score)
    return native


def _plain(value: Any) -> Any:
    """`value` with tensors and arrays at any depth turned into lists, and their scalars into numbers."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _is_box(value: Any) -> bool:
    if isinstance(value, Mapping):
        return True
    return (
        isinstance(value, list | tuple)
        and len(value) in _ROW_LENGTHS
        and all(isinstance(each, int | float) and not isinstance(each, bool) for each in value)
    )


def _found(value: Any) -> FoundObject:
    try:
        return _object(value)
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise BadBox(
            f"Each box must be {_WANTED}, but got {str(value)[:100]}.", "Connect TextDetect's bboxes."
        ) from error


def _object(value: Any) -> FoundObject:
    if isinstance(value, Mapping):
        x, y, width, height = (float(value[key]) for key in ("x", "y", "width", "height"))
        score = None if value.get("score") is None else float(value["score"])
        return FoundObject(_finite(x, y, x + width, y + height), label=str(value.get("label") or ""), score=score)
    if not _is_box(value):
        raise TypeError("neither a mapping nor a row of numbers")
    *corners, score = (float(each) for each in value) if len(value) > 4 else (*map(float, value), None)
    if score is not None and not math.isfinite(score):
        raise ValueError("the score is not finite")
    return FoundObject(_finite(*corners), score=score)


def _finite(*corners: float) -> Box:
    if not all(map(math.isfinite, corners)):
        raise ValueError("not finite")
    return Box(*corners)
