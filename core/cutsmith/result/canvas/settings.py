"""`Canvas`: the frame that a cut-out is laid on, and how."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import NamedTuple

from cutsmith.cures import give, leave_out, set_option
from cutsmith.errors import BadOption, shown
from cutsmith.options import Option, what_is_wanted
from cutsmith.output import LENGTH, OUTPUT_OPTIONS, SHARES, SIZE
from cutsmith.picture import DEFAULT_MAX_PIXELS

DEFAULT_FILL = 0.85
"""The share of the canvas that the subject takes where neither fill nor margin is given."""


class Margin(NamedTuple):
    """Room around the subject: `pixels` of the canvas, or `share` of a side of the subject; one of them is 0.

    Of a `Canvas`, that side is the subject's longer one.
    """

    pixels: float = 0.0
    share: float = 0.0

    def beside(self, side: float) -> float:
        """The margin in pixels of the canvas beside a subject whose side is that many pixels there."""
        return self.pixels + self.share * side


@dataclass(frozen=True)
class Canvas:
    """The frame that a cut-out is laid on.

    Attributes:
        size: (width, height) in pixels, or a text such as "2000x2000"; None for a frame that follows from `crop`.
        fill: in (0, 1], the share of the canvas that the subject's box takes along the side that limits it; None for
            all that the margin leaves, or 0.85 without a margin.
        margin: the least room around the subject: a number of pixels, or a text such as "20px" or "5%" (of the longer
            side of the subject, as it is laid out); None for none. On a side where the picture's edge cuts the subject
            off there is none.
        position: "centre", "top", "bottom", "left", "right", "top-left" and so on; or how much of the free room lies
            left of the subject and above it, as "50%,100%".
        shadow: whether a soft shadow is drawn where the subject stands on the ground.
        crop: without a size, whether the frame is cut down to the subject and its margin. Else it is the picture's.
        scale: how many times as large as in the picture the subject becomes, for a group of pictures that belong
            together (`layout.group_scale`); None for what `fill` and `margin` say.

    Raises:
        BadOption: a value is invalid, or two values exclude each other.
    """

    size: tuple[int, int] | str | None = None
    fill: float | None = None
    margin: float | str | None = None
    position: str | None = None
    shadow: bool = False
    crop: bool = False
    scale: float | None = None

    def __post_init__(self) -> None:
        size: object = self.size
        if isinstance(size, tuple | list) and len(size) == 2:
            object.__setattr__(self, "size", f"{size[0]}x{size[1]}")
        if isinstance(self.margin, int | float) and not isinstance(self.margin, bool):
            object.__setattr__(self, "margin", f"{self.margin:g}" if math.isfinite(self.margin) else str(self.margin))
        for name, value in (("canvas", self.size), *((each, getattr(self, each)) for each in _CHECKED)):
            _check(OUTPUT_OPTIONS[name], value)
        if self.scale is not None and not (math.isfinite(self.scale) and self.scale > 0):
            raise BadOption(option="scale", found=shown(self.scale), wanted="a number above 0")
        _check_room(self)

    @property
    def pixels(self) -> tuple[int, int] | None:
        """(width, height), where the canvas has a size of its own."""
        if self.size is None:
            return None
        width, height = _groups(SIZE, str(self.size))
        return int(width), int(height)

    @property
    def room(self) -> Margin:
        """The margin, as numbers."""
        if self.margin is None:
            return Margin()
        number, unit = _groups(LENGTH, str(self.margin))
        return Margin(share=float(number) / 100) if unit == "%" else Margin(pixels=float(number))

    @property
    def shares(self) -> tuple[float, float]:
        """The position: the shares of the free room that lie left of the subject and above it, each in [0, 1]."""
        text = (self.position or "centre").strip().lower()
        found = re.fullmatch(SHARES, text)
        if found is not None:
            return float(found[1]) / 100, float(found[2]) / 100
        words = set(re.split("[- ]", text))
        across = 0.0 if "left" in words else 1.0 if "right" in words else 0.5
        down = 0.0 if "top" in words else 1.0 if "bottom" in words else 0.5
        return across, down

    @property
    def most_fill(self) -> float:
        """The share that the subject takes at most, in (0, 1]."""
        if self.fill is not None:
            return float(self.fill)
        return DEFAULT_FILL if self.margin is None else 1.0


_CHECKED = ("fill", "margin", "position", "shadow", "crop")


def _groups(pattern: str, text: str) -> tuple[str, str]:
    found = re.fullmatch(pattern, text.strip().lower())
    assert found is not None, "checked when the canvas was made"
    return found[1], found[2] or ""


def _check(option: Option, value: object) -> None:
    if wanted := what_is_wanted(option, value):
        cure = give(option.name, option.example) if option.example else leave_out(option.name)
        raise BadOption("", cure, option=option.name, found=shown(value), wanted=wanted)


def _check_room(canvas: Canvas) -> None:
    """Refuse what excludes each other, and a margin that leaves no room."""
    size = canvas.pixels
    if size is None:
        for name, what in (("fill", "what share of a canvas the subject takes"), ("position", "a place on a canvas")):
            if getattr(canvas, name) is not None:
                raise BadOption(
                    f"A {name} says {what}, but no canvas was given.",
                    give("canvas", OUTPUT_OPTIONS["canvas"].example),
                    leave_out(name, "Or"),
                    option=name,
                )
        if canvas.margin is not None and not canvas.crop:
            raise BadOption(
                "A margin is room around the subject, but the frame stays the picture's own.",
                set_option("crop", True, "To cut the frame down"),
                give("canvas", OUTPUT_OPTIONS["canvas"].example, "Or"),
                option="margin",
            )
        return
    width, height = size
    if width * height > DEFAULT_MAX_PIXELS:
        raise BadOption(
            f"A canvas may have at most {DEFAULT_MAX_PIXELS // 1_000_000} million pixels, but {width} x {height} are "
            f"{width * height / 1e6:.0f} million.",
            give("canvas", OUTPUT_OPTIONS["canvas"].example),
            option="canvas",
        )
    if canvas.crop:
        raise BadOption(
            "The size of the result cannot both be given and follow from the subject.",
            leave_out("crop", "For the canvas"),
            leave_out("canvas", "For the subject's size"),
            option="crop",
        )
    if 2 * canvas.room.pixels >= min(width, height):
        raise BadOption(
            f"A margin of {canvas.room.pixels:g} pixels on each side leaves no room on a canvas of {width} x {height}.",
            give("margin", OUTPUT_OPTIONS["margin"].example),
            option="margin",
        )
