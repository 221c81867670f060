"""`Detections`: where the words were found in a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cutsmith.picture import Picture

if TYPE_CHECKING:
    from cutsmith.protocols import Detection


@dataclass(frozen=True)
class Detections:
    """What was found in a picture.

    Attributes:
        picture: the picture that was searched, upright.
        found: highest score first; one at least.
        provenance: how it was found: version, model, weights, device and options.
        warnings: what the user should know.
        seconds: how long each stage took.
    """

    picture: Picture
    found: tuple[Detection, ...]
    provenance: Mapping[str, str]
    warnings: tuple[str, ...]
    seconds: Mapping[str, float]
