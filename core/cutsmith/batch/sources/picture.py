"""One picture of a batch, as its source names it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cutsmith.errors import CutsmithError

NO_FIELDS: Mapping[str, Any] = {}
"""The options of a picture without any; one for all of them, because there may be a million."""


@dataclass(frozen=True, slots=True)
class SourcePicture:
    """One picture that the inputs of a batch name.

    Attributes:
        source: its path or address, as it will stand in the manifest. A row without one is called FILE:LINE.
        under: the folder that its result goes to, below the folder of all results, with forward slashes; "" for that
            folder itself.
        name: the wanted name of its result, without suffix; None for the picture's own.
        fields: the options of its row, in JSON's form, as `Request.from_fields` takes them.
        error: why its row cannot be done.
    """

    source: str
    under: str = ""
    name: str | None = None
    fields: Mapping[str, Any] = field(default_factory=lambda: NO_FIELDS)
    error: CutsmithError | None = None


@dataclass
class Sources:
    """All pictures that the inputs of a batch name, each once.

    Attributes:
        found: the pictures, in the order of the inputs; those of a folder in natural order.
        notices: what was left out, for the user.
    """

    found: list[SourcePicture] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
