"""Cutsmith cuts subjects out of pictures.

    from cutsmith import cut_out
    cut = cut_out("photo.jpg")
    cut.save("cut.png")

Each name is imported on first use, so that `import cutsmith` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from cutsmith.version import __version__

if TYPE_CHECKING:
    from cutsmith.errors import CutsmithError, SubjectNotFound
    from cutsmith.geometry import Box
    from cutsmith.picture import Picture
    from cutsmith.pipeline.cut_out import cut_out, cut_out_each
    from cutsmith.pipeline.find_detections import find_detections
    from cutsmith.pipeline.loading import ModelPool, Models
    from cutsmith.pipeline.refine_mask import refine_mask
    from cutsmith.protocols import Detection
    from cutsmith.request import Request
    from cutsmith.result.canvas.settings import Canvas
    from cutsmith.result.cutout import Cutout
    from cutsmith.result.detections import Detections

_HOMES = {
    "Box": "cutsmith.geometry",
    "Canvas": "cutsmith.result.canvas.settings",
    "CutsmithError": "cutsmith.errors",
    "Cutout": "cutsmith.result.cutout",
    "Detection": "cutsmith.protocols",
    "Detections": "cutsmith.result.detections",
    "ModelPool": "cutsmith.pipeline.loading",
    "Models": "cutsmith.pipeline.loading",
    "Picture": "cutsmith.picture",
    "Request": "cutsmith.request",
    "SubjectNotFound": "cutsmith.errors",
    "cut_out": "cutsmith.pipeline.cut_out",
    "cut_out_each": "cutsmith.pipeline.cut_out",
    "find_detections": "cutsmith.pipeline.find_detections",
    "refine_mask": "cutsmith.pipeline.refine_mask",
}

__all__ = [
    "Box",
    "Canvas",
    "Cutout",
    "CutsmithError",
    "Detection",
    "Detections",
    "ModelPool",
    "Models",
    "Picture",
    "Request",
    "SubjectNotFound",
    "__version__",
    "cut_out",
    "cut_out_each",
    "find_detections",
    "refine_mask",
]


def __getattr__(name: str) -> object:
    """Import a public name from the module that defines it (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'cutsmith' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
