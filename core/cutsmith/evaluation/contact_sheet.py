"""The worst results as one picture: photograph, true alpha, alpha and their difference side by side."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PANEL = 300
_GAP = 12
_TITLE = 30


@dataclass(frozen=True)
class Strip:
    """One line of the sheet: photograph uint8 (H, W, 3), true alpha and alpha float (H, W) in [0, 1]."""

    title: str
    image: NDArray[np.uint8]
    truth: NDArray[np.float32]
    alpha: NDArray[np.float32]


def contact_sheet(strips: Sequence[Strip]) -> bytes:
    """The sheet as JPEG, one strip below another. In the difference red is too much, blue too little."""
    from PIL import Image, ImageDraw, ImageFont

    lines = [_panels(strip) for strip in strips]
    width = 4 * _PANEL + 5 * _GAP
    height = _GAP + _TITLE + sum(_TITLE + panels[0].height + _GAP for panels in lines)
    sheet = Image.new("RGB", (width, height), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(18)
    for column, name in enumerate(("picture", "true alpha", "alpha", "difference: red too much, blue too little")):
        draw.text((_GAP + column * (_PANEL + _GAP), _GAP), name, fill="#555555", font=ImageFont.load_default(14))
    top = _GAP + _TITLE
    for strip, panels in zip(strips, lines, strict=True):
        draw.text((_GAP, top), strip.title, fill="black", font=font)
        for column, panel in enumerate(panels):
            sheet.paste(panel, (_GAP + column * (_PANEL + _GAP), top + _TITLE))
        top += _TITLE + panels[0].height + _GAP
    data = io.BytesIO()
    sheet.save(data, "JPEG", quality=90)
    return data.getvalue()


def _panels(strip: Strip) -> list[Any]:
    from PIL import Image

    height, width = strip.truth.shape
    scale = _PANEL / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    difference = np.asarray(strip.alpha, np.float32) - strip.truth
    much, little = np.clip(difference, 0, 1), np.clip(-difference, 0, 1)
    tinted = np.stack([1 - little, 1 - much - little, 1 - much], -1)
    arrays = [strip.image, _gray(strip.truth), _gray(strip.alpha), np.round(tinted * 255).astype(np.uint8)]
    return [Image.fromarray(each).resize(size, Image.Resampling.LANCZOS).convert("RGB") for each in arrays]


def _gray(alpha: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.round(np.clip(alpha, 0, 1) * 255).astype(np.uint8)
