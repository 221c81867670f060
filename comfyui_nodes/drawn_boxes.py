"""Parses boxes drawn by hand: a JSON list of {"x": ..., "y": ..., "width": ..., "height": ...} in pixels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cutsmith.errors import BadBox

from .typed_lists import typed_list

if TYPE_CHECKING:
    from cutsmith.result.cutout import FoundObject

EXAMPLE = '[{"x": 40, "y": 60, "width": 200, "height": 120}]'


def drawn_boxes(text: str | None) -> list[FoundObject]:
    """Parse the boxes in `text`, each as an object. An empty text has none.

    Four numbers [x0, y0, x1, y1] are corners, as in a BBOX. The engine checks whether a box overlaps the picture.

    Raises:
        BadBox: the text is not JSON or not a list of boxes.
    """
    wanted, remedy = f"boxes must be a JSON list of boxes in pixels, such as {EXAMPLE}", "Leave it empty for no boxes."
    found = typed_list(text, wanted, remedy, BadBox)
    if not found:
        return []
    from .bounding_boxes import objects_of

    objects = []
    for each in found:
        try:
            ((box,),) = objects_of([each], 1)
        except (BadBox, ValueError) as error:
            raise BadBox(f"{wanted}, but got the entry {json.dumps(each)[:200]}.", remedy) from error
        objects.append(box)
    return objects
