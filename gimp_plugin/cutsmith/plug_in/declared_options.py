"""The engine's declared options, from the file beside cutsmith.py in GIMP, or from the engine itself in a clone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING or __package__ != "plug_in":
    from cutsmith.options import DEFAULT_BAND, OPTIONS, Option
else:  # In GIMP, where install.py copied it.
    from options import DEFAULT_BAND, OPTIONS, Option

__all__ = ["DEFAULT_BAND", "MODEL_OPTIONS", "OPTIONS", "Option"]

MODEL_OPTIONS = tuple(name for name, option in OPTIONS.items() if option.kind == "model")
"""The options that name a model: those for the remover, the segmenter and the detector."""
