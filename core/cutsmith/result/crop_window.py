"""The part of a picture around a subject that is worked on alone, and how it is laid back without a seam."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cutsmith.errors import BadOption, must_be
from cutsmith.geometry import Box, box_of_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What a mask says below this is a trace, which neither makes the crop larger nor is laid back.
TRACE = 0.05
# What reaches this is the subject.
_SUBJECT = 0.5


class CropWindow(NamedTuple):
    """Which pixels of a picture are cropped: whole pixels, from the top left corner.

    A window larger than its picture reaches beyond it: then `x` or `y` is below 0.
    """

    x: int
    y: int
    width: int
    height: int

    def within(self, width: int, height: int) -> tuple[slice, slice]:
        """The rows and columns of the window that lie in a picture of this size."""
        return (
            slice(max(self.y, 0), min(self.y + self.height, height)),
            slice(max(self.x, 0), min(self.x + self.width, width)),
        )


def windows_around(
    masks: Iterable[NDArray[np.float32]],
    *,
    margin: float = 0.2,
    multiple: int = 8,
    size: tuple[int, int] | None = None,
) -> list[CropWindow]:
    """A window around each mask's subject, so that all crops can have one size.

    Without `size`, all windows have the size of the largest, so that nothing has to be resized. With it, each has the
    proportions of `size` and fits its own subject. A window is moved into its picture; where the picture is too small,
    the window is centred over it and reaches beyond. A mask without a subject (nothing above 0.05) has a window in the
    middle of its picture, as large as the others'; alone, or with `size`, the whole picture.

    Args:
        masks: float32 (H, W) in [0, 1], all of one size; they may be made as they are asked for.
        margin: how far the window reaches beyond the subject, as a share of the longer side of the subject's box.
        multiple: of which width and height are multiples, in pixels, 1 or more.
        size: (width, height) in pixels that each crop will be resized to; rounded up to `multiple` by `delivered_size`.

    Raises:
        BadOption: `margin` is below 0 or not finite, or `multiple` or a side is below 1.
    """
    if not (math.isfinite(margin) and margin >= 0):
        raise BadOption(must_be("The margin", "a number, 0 or more", str(margin)), "0.2 is usual.")
    for name, value in (("multiple", multiple), *zip(("width", "height"), size or (1, 1), strict=True)):
        if value < 1:
            raise BadOption(must_be(f"The {name}", "a whole number of pixels, 1 or more", str(value)), "8 is usual.")
    shapes, boxes, counted = [], [], []
    for mask in masks:
        height, width = mask.shape
        found = box_of_mask(mask > TRACE)
        shapes.append((width, height))
        boxes.append(_grown(found or Box(0, 0, width, height), margin, width, height))
        counted += [boxes[-1]] if found else []
    if size is not None:
        wide, high = delivered_size(size, multiple)
        sides = [_with_proportions(box, wide / high) for box in boxes]
    else:
        counted = counted or boxes
        largest = (math.ceil(max(box.width for box in counted)), math.ceil(max(box.height for box in counted)))
        sides = [delivered_size(largest, multiple)] * len(boxes)
    return [_placed(box, *side, *shape) for box, side, shape in zip(boxes, sides, shapes, strict=True)]


def delivered_size(size: tuple[int, int], multiple: int) -> tuple[int, int]:
    """`size`, (width, height), rounded up to `multiple`."""
    width, height = (math.ceil(side / multiple) * multiple for side in size)
    return width, height


def weight_of_mask(mask: NDArray[np.float32], feather: int) -> NDArray[np.float32]:
    """How much of an edited crop is laid back: float32 (H, W) in [0, 1].

    It is 1 where `mask`, float32 (H, W) in [0, 1], reaches 0.5, and falls with the mask to 0 at 0.05. Around what
    reaches 0.5 it also falls smoothly with the distance: the pixel `feather` pixels away still has a little, and that
    one pixel further has none.
    """
    import cv2

    weight = np.asarray(np.clip((mask - TRACE) / np.float32(_SUBJECT - TRACE), 0, 1), np.float32)
    inside = mask >= _SUBJECT
    if not inside.any() or not feather:
        return weight
    distance = cv2.distanceTransform((~inside).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(np.maximum(weight, _smooth(1 - distance / np.float32(feather + 1))), np.float32)


def weight_of_window(window: CropWindow, width: int, height: int, feather: int) -> NDArray[np.float32]:
    """How much of an edited crop is laid back at most: float32 (window's height, width) in [0, 1].

    It falls smoothly to 0 within `feather` pixels at the sides of `window` that lie inside a picture of this size, and
    stays 1 at those that are the picture's own edges.
    """
    rows = _ramp(window.height, feather, fades=(window.y > 0, window.y + window.height < height))
    columns = _ramp(window.width, feather, fades=(window.x > 0, window.x + window.width < width))
    return np.minimum.outer(rows, columns)


def _grown(box: Box, margin: float, width: int, height: int) -> Box:
    reach = margin * max(box.width, box.height)
    return Box(box.x0 - reach, box.y0 - reach, box.x1 + reach, box.y1 + reach).clip(width, height)


def _with_proportions(box: Box, proportions: float) -> tuple[int, int]:
    """The sides of the smallest window around `box` whose width is `proportions` times its height."""
    width = max(box.width, box.height * proportions)
    return max(round(width), 1), max(round(width / proportions), 1)


def _placed(box: Box, width: int, height: int, picture_width: int, picture_height: int) -> CropWindow:
    return CropWindow(
        _start((box.x0 + box.x1) / 2, width, picture_width),
        _start((box.y0 + box.y1) / 2, height, picture_height),
        width,
        height,
    )


def _start(middle: float, side: int, whole: int) -> int:
    """Where a window of `side` pixels begins, centred on `middle` as far as `whole` pixels allow."""
    room = whole - side
    return room // 2 if room < 0 else min(max(round(middle - side / 2), 0), room)


def _ramp(length: int, feather: int, fades: tuple[bool, bool]) -> NDArray[np.float32]:
    steps = np.arange(1, length + 1, dtype=np.float32)
    ramp = np.full(length, np.inf, np.float32)
    if fades[0]:
        ramp = np.minimum(ramp, steps)
    if fades[1]:
        ramp = np.minimum(ramp, steps[::-1])
    return _smooth(ramp / np.float32(feather + 1))


def _smooth(share: NDArray[np.float32]) -> NDArray[np.float32]:
    """0 up to 0, 1 from 1 on, and between them without a kink."""
    share = np.clip(share, 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
