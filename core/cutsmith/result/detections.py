"""`Detections`: where the objects are that words named."""

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
        picture: the source, upright.
        found: at least one detection, highest score first.
        provenance: how it was found: version, model, weights, device and options.
        warnings: texts for the user.
        seconds: the time of each stage.
    """

    picture: Picture
    found: tuple[Detection, ...]
    provenance: Mapping[str, str]
    warnings: tuple[str, ...]
    seconds: Mapping[str, float]
