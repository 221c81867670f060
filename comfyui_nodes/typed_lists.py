"""Parses the JSON lists of points and boxes that people type, and that the editor on the node writes."""

from __future__ import annotations

import json
from typing import Any

from cutsmith.errors import UsageError

# ComfyUI makes the text "None" of the null that old workflows may hold.
_NO_TEXT = ("", "None")


def typed_list(text: str | None, wanted: str, remedy: str, error_type: type[UsageError]) -> list[Any]:
    """The entries of the JSON list in `text`. An empty text has none.

    Raises:
        UsageError: the text is not JSON or not a list. It is an `error_type` whose message begins with `wanted`.
    """
    if text is None or text.strip() in _NO_TEXT:
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:  # huge numbers and very deep brackets raise these too
        raise error_type(f"{wanted}, but it is not JSON ({error}).", remedy) from error
    if not isinstance(found, list):
        raise error_type(f"{wanted}, but got a JSON {type(found).__name__}.", "Put it in [ ].")
    return found
