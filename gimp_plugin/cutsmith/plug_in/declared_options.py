"""The engine's options as it declares them: in GIMP the file beside cutsmith.py, in a clone the engine's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING or __package__ != "plug_in":
    from cutsmith.options import DEFAULT_BAND, OPTIONS, Option
else:  # In GIMP, where install.py put it.
    from options import DEFAULT_BAND, OPTIONS, Option

__all__ = ["DEFAULT_BAND", "MODEL_OPTIONS", "OPTIONS", "Option"]

MODEL_OPTIONS = tuple(name for name, option in OPTIONS.items() if option.kind == "model")
"""Those that name a model: the remover's, the segmenter's and the detector's."""
