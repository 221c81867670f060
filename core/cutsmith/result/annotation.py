"""Boxes, labels, scores and mask outlines drawn on a picture so that they can be read on any background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

    from cutsmith.geometry import Box
    from cutsmith.protocols import Point
    from cutsmith.result.cutout import FoundObject

# Every line is drawn twice, a light one inside a dark one, so that one of them stands out on any background.
_DARK = (16, 16, 16)
_LIGHTS = ((255, 214, 10), (64, 224, 255), (255, 128, 224), (144, 255, 96), (255, 160, 64), (190, 170, 255))
_OUTLINE = (255, 255, 255)
_ON_SUBJECT = (40, 190, 60)
_BESIDE = (225, 40, 40)
_LETTER_HEIGHT = 15
_PADDING = 3


def annotated(
    image: NDArray[np.uint8], objects: Sequence[FoundObject], mask: NDArray[np.bool_] | None = None, scale: float = 1.0
) -> NDArray[np.uint8]:
    """`image` with the boxes, labels, scores and clicks of `objects`, and the outline of `mask`, drawn on a copy.

    Args:
        image: uint8 (H, W, 3).
        objects: their boxes and points are multiplied by `scale`.
        mask: bool (H, W), true inside the outline.
        scale: size of `image` as a share of the picture in which the boxes were found.
    """
    from PIL import Image, ImageDraw
    from PIL.ImageFont import load_default

    canvas = Image.fromarray(_outlined(image, mask) if mask is not None else image)
    draw = ImageDraw.Draw(canvas)
    font = load_default(_LETTER_HEIGHT)
    boxed = [(found, found.box) for found in objects if found.box is not None]
    # The best last, so that its label lies on top.
    for number, (found, box) in reversed(list(enumerate(boxed))):
        _draw_box(draw, box, scale, _LIGHTS[number % len(_LIGHTS)])
        if text := _label(found):
            _draw_label(draw, text, (box.x0 * scale, box.y0 * scale), canvas.size, font, _LIGHTS[number % len(_LIGHTS)])
    for point in (point for found in objects for point in found.points):
        _draw_point(draw, point, scale)
    return np.asarray(canvas)


def _draw_point(draw: ImageDraw, point: Point, scale: float) -> None:
    """A green disc for a click on the subject, a red one for a click beside it."""
    centre = ((point.x + 0.5) * scale, (point.y + 0.5) * scale)
    for radius, colour in ((7, _DARK), (6, _OUTLINE), (4, _ON_SUBJECT if point.label else _BESIDE)):
        draw.ellipse((centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius), fill=colour)


def _outlined(image: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    import cv2

    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    drawn = image.copy()
    cv2.drawContours(drawn, contours, -1, _DARK, thickness=4, lineType=cv2.LINE_AA)
    cv2.drawContours(drawn, contours, -1, _OUTLINE, thickness=1, lineType=cv2.LINE_AA)
    return drawn


def _draw_box(draw: ImageDraw, box: Box, scale: float, light: tuple[int, int, int]) -> None:
    # x1 and y1 are exclusive: the line lies on the last pixel inside.
    corners = (
        box.x0 * scale,
        box.y0 * scale,
        max(box.x1 * scale - 1, box.x0 * scale),
        max(box.y1 * scale - 1, box.y0 * scale),
    )
    draw.rectangle(corners, outline=_DARK, width=5)
    inner = (corners[0] + 1, corners[1] + 1, corners[2] - 1, corners[3] - 1)
    if inner[0] < inner[2] and inner[1] < inner[3]:
        draw.rectangle(inner, outline=light, width=2)


def _label(found: FoundObject) -> str:
    score = "" if found.score is None else f"{found.score:.2f}"
    return f"{found.label} {score}".strip()


def _draw_label(
    draw: ImageDraw,
    text: str,
    corner: tuple[float, float],
    size: tuple[int, int],
    font: FreeTypeFont | ImageFont,
    light: tuple[int, int, int],
) -> None:
    """Write `text` on a dark tag above the box's top left corner, moved so that it lies inside the picture."""
    text = fitting(draw, text, size[0], font)
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    width, height = right - left + 2 * _PADDING, bottom - top + 2 * _PADDING
    x = max(min(corner[0], size[0] - width), 0)
    above = corner[1] - height
    y = above if above >= 0 else min(corner[1], max(size[1] - height, 0))
    draw.rectangle((x, y, x + width, y + height), fill=_DARK)
    draw.text((x + _PADDING - left, y + _PADDING - top), text, fill=light, font=font)


def fitting(draw: ImageDraw, text: str, width: int, font: FreeTypeFont | ImageFont) -> str:
    """`text`, with its middle left out where it is wider than `width` pixels."""
    shown, keep = text, len(text)
    while keep > 4 and draw.textlength(shown, font=font) + 2 * _PADDING > width:
        keep -= 1
        head = (keep + 1) // 2
        shown = f"{text[:head]}…{text[len(text) - (keep - head) :]}"
    return shown
