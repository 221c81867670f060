"""A picture for people: before, mask and after side by side, the after on a checkerboard."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.picture import Picture
from cutsmith.result.annotation import annotated
from cutsmith.result.cutout import FoundObject

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.result.cutout import Cutout
    from cutsmith.result.detections import Detections

PANEL_SIDE = 640
_GAP = 12
_SQUARE = 12
_CAPTION_HEIGHT = 34
_PAPER = 250
_INK = 40


def preview(cutout: Cutout, side: int = PANEL_SIDE) -> Picture:
    """`cutout` as one sRGB picture: the source, its alpha, and the result on a checkerboard, with captions.

    Boxes, labels and scores of requested objects, and the mask's outline, are drawn on the source.

    Args:
        cutout: the result to show.
        side: the longer side of each panel, in pixels; a smaller picture keeps its size.
    """
    scale, size = _shown_size(cutout.picture, side)
    before = _shown(cutout.picture, size)
    if cutout.objects:
        inside = _shrunk(np.rint(cutout.soft_mask * 255).astype(np.uint8), size) >= 128
        before = annotated(before, cutout.objects, inside, scale)
    mask = _shrunk(np.rint(cutout.alpha * 255).astype(np.uint8), size)
    after = _shown(cutout.as_picture(), size)
    panels = {"before": before, "mask": np.repeat(mask[..., None], 3, axis=2), "after": after}
    return Picture(_side_by_side(panels))


def preview_of_detections(detections: Detections, side: int = 2 * PANEL_SIDE) -> Picture:
    """The picture with the boxes, labels and scores of all detections, its longer side at most `side` pixels."""
    scale, size = _shown_size(detections.picture, side)
    found = [FoundObject(each.box, label=each.label, score=each.score) for each in detections.found]
    return Picture(annotated(_shown(detections.picture, size), found, scale=scale))


def _shown_size(picture: Picture, side: int) -> tuple[float, tuple[int, int]]:
    """(scale, (width, height)) of `picture` with its longer side at most `side` pixels."""
    scale = min(side / max(picture.width, picture.height), 1.0)
    return scale, (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))


def checkerboard(width: int, height: int, square: int = _SQUARE) -> NDArray[np.uint8]:
    """The usual pattern for transparency: uint8 (height, width, 3), squares of `square` pixels in two grays."""
    rows, columns = np.arange(height) // square, np.arange(width) // square
    light = (rows[:, None] + columns[None, :]) % 2 == 0
    return np.repeat(np.where(light, 255, 226).astype(np.uint8)[..., None], 3, axis=2)


def _shown(picture: Picture, size: tuple[int, int]) -> NDArray[np.uint8]:
    """`picture` shrunk to `size`, its transparency on a checkerboard."""
    colours = replace(picture, alpha=None).srgb()
    if picture.alpha is None:
        return _shrunk(colours, size)
    # Average colours by their alpha; otherwise those under alpha 0 would darken the smaller edge.
    premultiplied = _shrunk(np.rint(colours * picture.alpha[..., None]).astype(np.uint8), size)
    share = _shrunk(np.rint(picture.alpha * 255).astype(np.uint8), size)[..., None] / 255
    board = checkerboard(*size)
    return np.clip(np.rint(premultiplied + (1 - share) * board), 0, 255).astype(np.uint8)


def _shrunk(array: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    from PIL import Image

    return np.asarray(Image.fromarray(array).resize(size, Image.Resampling.BOX))


def _side_by_side(panels: dict[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    from PIL import Image, ImageDraw, ImageFont

    height, width = next(iter(panels.values())).shape[:2]
    font = ImageFont.load_default(18)
    # Captions may be wider than their panels.
    column = max(width, *(ceil(font.getlength(caption)) for caption in panels))
    sheet = Image.new("RGB", (len(panels) * (column + _GAP) + _GAP, height + _CAPTION_HEIGHT + _GAP), (_PAPER,) * 3)
    draw = ImageDraw.Draw(sheet)
    for number, (caption, panel) in enumerate(panels.items()):
        left = _GAP + number * (column + _GAP)
        draw.text((left + column / 2, _CAPTION_HEIGHT / 2), caption, fill=(_INK,) * 3, font=font, anchor="mm")
        sheet.paste(Image.fromarray(panel), (left + (column - width) // 2, _CAPTION_HEIGHT))
    return np.asarray(sheet)
