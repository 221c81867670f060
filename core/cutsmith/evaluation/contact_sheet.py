"""The worst results as one picture: photograph, true alpha, alpha and their difference side by side."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cutsmith.result.annotation import fitting

if TYPE_CHECKING:
    from numpy.typing import NDArray

PANEL = 300
"""The longer side of each panel, in pixels."""

_GAP = 12
_TITLE = 30


@dataclass(frozen=True)
class Strip:
    """One line of the sheet: photograph uint8 (H, W, 3), true alpha and alpha float (H, W) in [0, 1]."""

    title: str
    image: NDArray[np.uint8]
    truth: NDArray[np.float32]
    alpha: NDArray[np.float32]


class Line(NamedTuple):
    """One line of any sheet: panels, uint8 (H, W) or (H, W, 3) of one size, under a title."""

    title: str
    panels: Sequence[NDArray[np.uint8]]


def contact_sheet(strips: Sequence[Strip]) -> bytes:
    """The sheet as JPEG, one strip below another. In the difference red is too much, blue too little."""
    columns = ("picture", "true alpha", "alpha", "difference: red too much, blue too little")
    return drawn_sheet(columns, [Line(strip.title, _panels(strip)) for strip in strips])


def drawn_sheet(columns: Sequence[str], lines: Sequence[Line]) -> bytes:
    """A sheet as JPEG: the names of the columns, then the lines. Titles that are too long lose their middle."""
    from PIL import Image, ImageDraw, ImageFont

    drawn = [[Image.fromarray(scaled(panel)).convert("RGB") for panel in line.panels] for line in lines]
    width = len(columns) * (PANEL + _GAP) + _GAP
    height = _GAP + _TITLE + sum(_TITLE + panels[0].height + _GAP for panels in drawn)
    sheet = Image.new("RGB", (width, height), "white")
    draw, font, small = ImageDraw.Draw(sheet), ImageFont.load_default(18), ImageFont.load_default(14)
    for column, name in enumerate(columns):
        draw.text((_GAP + column * (PANEL + _GAP), _GAP), name, fill="#555555", font=small)
    top = _GAP + _TITLE
    for line, panels in zip(lines, drawn, strict=True):
        draw.text((_GAP, top), fitting(draw, line.title, width - 2 * _GAP, font), fill="black", font=font)
        for column, panel in enumerate(panels):
            sheet.paste(panel, (_GAP + column * (PANEL + _GAP), top + _TITLE))
        top += _TITLE + panels[0].height + _GAP
    data = io.BytesIO()
    sheet.save(data, "JPEG", quality=90)
    return data.getvalue()


def scaled(panel: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`panel`, uint8 (H, W) or (H, W, 3), at the size that it has on a sheet: its longer side is `PANEL` pixels."""
    from PIL import Image

    height, width = panel.shape[:2]
    scale = PANEL / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(panel).resize(size, Image.Resampling.LANCZOS))


def _panels(strip: Strip) -> list[NDArray[np.uint8]]:
    difference = np.asarray(strip.alpha, np.float32) - strip.truth
    much, little = np.clip(difference, 0, 1), np.clip(-difference, 0, 1)
    tinted = np.stack([1 - little, 1 - much - little, 1 - much], -1)
    return [strip.image, _gray(strip.truth), _gray(strip.alpha), np.round(tinted * 255).astype(np.uint8)]


def _gray(alpha: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.round(np.clip(alpha, 0, 1) * 255).astype(np.uint8)
