"""The engine's declared options, from the file beside cutsmith.py in GIMP, or from the engine itself in a clone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING or __package__ != "plug_in":
    from cutsmith import options as declared
else:  # In GIMP, where install.py copied it.
    import options as declared

DEFAULT_BAND = declared.DEFAULT_BAND
DEFAULT_MAX_PIXELS = declared.DEFAULT_MAX_PIXELS
MINIMUM_SIDE = declared.MINIMUM_SIDE
MODEL_OPTIONS = declared.MODEL_OPTIONS
OPTIONS = declared.OPTIONS
Matting = declared.Matting
what_is_wanted = declared.what_is_wanted

__all__ = [
    "DEFAULT_BAND",
    "DEFAULT_MAX_PIXELS",
    "MINIMUM_SIDE",
    "MODEL_OPTIONS",
    "OPTIONS",
    "Matting",
    "offered_range",
    "what_is_wanted",
]


def offered_range(name: str) -> tuple[float, float]:
    """The least and the largest number that a field offers for the option `name`: its usual range, else its limits.

    Raises:
        ValueError: the option has neither.
    """
    option = OPTIONS[name]
    least, most = option.usual or (option.least, option.most)
    if least is None or most is None:
        raise ValueError(f"The option {name} has no range.")
    return least, most
