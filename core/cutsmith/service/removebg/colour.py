"""The field bg_color -> a colour and its opacity."""

from __future__ import annotations

import re
from typing import NamedTuple

from cutsmith.errors import BadColour
from cutsmith.result.background import parse_colour
from cutsmith.service.removebg.refusal import invalid

_HEX = re.compile(r"#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_NAME = re.compile(r"[a-z]{3,30}")


class Ground(NamedTuple):
    """A colour behind the subject, (red, green, blue) of 0-255, and its opacity in (0, 1]."""

    colour: tuple[int, int, int]
    opacity: float

    @property
    def on_white(self) -> tuple[int, int, int]:
        """What the eye sees where white lies under it."""
        red, green, blue = (round(255 + (each - 255) * self.opacity) for each in self.colour)
        return red, green, blue


def ground_of(text: str) -> Ground | None:
    """The colour that `bg_color` gives: 3, 4, 6 or 8 hexadecimal digits or a name; None for "" and for no opacity.

    Raises:
        Refused: it is none.
    """
    if not text:
        return None
    found = _HEX.fullmatch(text.lower())
    if found is None:
        return Ground(_named(text), 1.0)
    digits = found[1] if len(found[1]) > 4 else "".join(each * 2 for each in found[1])
    red, green, blue, alpha = (int(f"{digits}ff"[at : at + 2], 16) for at in (0, 2, 4, 6))
    return Ground((red, green, blue), alpha / 255) if alpha else None


def _named(text: str) -> tuple[int, int, int]:
    try:
        if _NAME.fullmatch(text.lower()):
            return parse_colour(text)
    except BadColour:
        pass
    raise invalid("bg_color", text, "3, 4, 6 or 8 hexadecimal digits, or the name of a colour")
