"""The fields roi, crop_margin, scale and position -> numbers."""

from __future__ import annotations

import re
from typing import NamedTuple

from cutsmith.geometry import Box
from cutsmith.result.canvas.own_frame import Margins
from cutsmith.result.canvas.settings import Margin
from cutsmith.service.removebg.refusal import Refused, invalid

_LENGTH = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(px|%)?")
_MOST_MARGIN = Margin(500, 0.5)
_LEAST_SCALE, _MOST_SCALE = 10, 100
# A margin has one value for all sides, two for top and bottom and for left and right, or four from the top clockwise.
_SIDES = {1: (0, 0, 0, 0), 2: (0, 1, 0, 1), 4: (0, 1, 2, 3)}


class Length(NamedTuple):
    """A number of pixels, or of percent."""

    number: float
    is_percent: bool

    def of(self, whole: float) -> float:
        """In pixels, where 100% are `whole`."""
        return self.number / 100 * whole if self.is_percent else self.number


class Region(NamedTuple):
    """The rectangle in which a subject is looked for."""

    x0: Length
    y0: Length
    x1: Length
    y1: Length

    def box(self, width: int, height: int) -> Box | None:
        """In pixels of a picture; None for all of it.

        Raises:
            Refused: it reaches beyond the picture, or is empty.
        """
        found = Box(self.x0.of(width), self.y0.of(height), self.x1.of(width), self.y1.of(height))
        if max(found.x0, found.x1) > width or max(found.y0, found.y1) > height:
            raise Refused(
                "roi_exceeds_bounds",
                "ROI exceeds image bounds",
                f"The roi reaches beyond the image, which has {width} x {height} pixels.",
            )
        if found.width < 1 or found.height < 1:
            raise Refused("roi_region_empty", "ROI region is empty", "The roi has no pixel of the image in it.")
        return None if found == (0, 0, width, height) else found


WHOLE = Region(Length(0, True), Length(0, True), Length(100, True), Length(100, True))


def region_of(text: str) -> Region:
    """The region that `roi` gives; all of the picture for "".

    Raises:
        Refused: it is none.
    """
    if not text:
        return WHOLE
    lengths = [_length(each) for each in text.split()]
    corners = [each for each in lengths if each is not None]
    if len(lengths) != 4 or len(corners) != 4:
        raise invalid("roi", text, 'two corners "x1 y1 x2 y2" in px or %')
    return Region(*corners)


def margins_of(text: str) -> Margins:
    """The margins that `crop_margin` gives; none for "".

    Raises:
        Refused: it gives none, or more than 50% or 500 px on a side.
    """
    if not text:
        return Margins()
    lengths = [_length(each) for each in text.split()]
    given = [_margin(each) for each in lengths if each is not None]
    if len(given) != len(lengths) or len(given) not in _SIDES:
        raise invalid("crop_margin", text, "one, two or four lengths in px or %")
    if any(each.pixels > _MOST_MARGIN.pixels or each.share > _MOST_MARGIN.share for each in given):
        raise invalid("crop_margin", text, "at most 50% of the subject, or 500px, on each side")
    return Margins(*(given[index] for index in _SIDES[len(given)]))


def fill_of(text: str) -> float | None:
    """The share of the frame that `scale` gives, in [0.1, 1]; None for the subject's own size.

    Raises:
        Refused: it is neither.
    """
    if text in ("", "original"):
        return None
    length = _length(text)
    is_share = length is not None and (length.is_percent or not text.endswith("px"))
    if length is None or not is_share or not _LEAST_SCALE <= length.number <= _MOST_SCALE:
        raise invalid("scale", text, "original, or from 10% to 100%")
    return length.number / 100


def place_of(text: str) -> tuple[float, float] | None:
    """(share of the free room left of the subject, above it) that `position` gives; None for the subject's own place.

    Raises:
        Refused: it is neither.
    """
    if text in ("", "original"):
        return None
    if text in ("center", "centre"):
        return (0.5, 0.5)
    lengths = [_length(each) for each in text.split()]
    shares = [each.number / 100 for each in lengths if each is not None and each.number <= 100]
    if len(shares) != len(lengths) or len(shares) not in (1, 2) or "px" in text:
        raise invalid("position", text, 'original, center, one value from 0% to 100%, or two: "X% Y%"')
    return shares[0], shares[-1]


def _length(text: str) -> Length | None:
    found = _LENGTH.fullmatch(text.lower())
    return None if found is None else Length(float(found[1]), found[2] == "%")


def _margin(length: Length) -> Margin:
    return Margin(share=length.number / 100) if length.is_percent else Margin(pixels=length.number)
