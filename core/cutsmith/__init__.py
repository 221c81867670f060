"""Cutsmith cuts subjects out of pictures.

    from cutsmith import cut_out
    cut = cut_out("photo.jpg")
    cut.save("cut.png")

Names are loaded when they are first used, so that `import cutsmith` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cutsmith.cutout import Cutout
    from cutsmith.detections import Detections, find_detections
    from cutsmith.errors import CutsmithError, SubjectNotFound
    from cutsmith.geometry import Box
    from cutsmith.picture import Picture
    from cutsmith.pipeline import cut_out
    from cutsmith.protocols import Detection
    from cutsmith.refinement import refine_mask

__version__ = "0.1.0"

_HOMES = {
    "Box": "cutsmith.geometry",
    "CutsmithError": "cutsmith.errors",
    "Cutout": "cutsmith.cutout",
    "Detection": "cutsmith.protocols",
    "Detections": "cutsmith.detections",
    "Picture": "cutsmith.picture",
    "SubjectNotFound": "cutsmith.errors",
    "cut_out": "cutsmith.pipeline",
    "find_detections": "cutsmith.detections",
    "refine_mask": "cutsmith.refinement",
}

__all__ = [
    "Box",
    "Cutout",
    "CutsmithError",
    "Detection",
    "Detections",
    "Picture",
    "SubjectNotFound",
    "__version__",
    "cut_out",
    "find_detections",
    "refine_mask",
]


def __getattr__(name: str) -> object:
    """Load a public name from the module that holds it (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'cutsmith' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
