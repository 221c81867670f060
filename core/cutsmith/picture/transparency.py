"""A picture's own transparency: what is hidden under it, how models see it, and whether it is a cut-out already."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutsmith.picture.samples import laid_on

# Alpha below this is 0 in a file of 8 bits: nobody has seen the colours there.
_SEEN = 0.5 / 255
# Alpha below this, 2 levels of 255, is invisible on any background.
_FAINT = 2.5 / 255
WHITE = 255
_GRAY = 128
# From this value on, in all three channels, a colour cannot be told from white by a model.
_NEARLY_WHITE = 225
# The subject of a cut-out is surrounded: much of the picture is empty, and so is much of its border.
_LEAST_EMPTY = 0.05
_LEAST_EMPTY_BORDER = 0.2
# Photographs with a margin, with round corners or turned by some degrees fill their rectangle like no subject does.
_RECTANGLE = 0.9


def hidden(alpha: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The pixels of which `alpha`, float32 (H, W) in [0, 1], shows nothing: bool (H, W)."""
    return alpha < _SEEN


def is_empty(alpha: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where `alpha`, float32 (H, W) in [0, 1], shows nothing that anybody would notice: bool (H, W).

    Some programs leave a level or two behind where they removed a background. Beside it, a picture so faint as a
    whole is not empty.
    """
    return alpha < max(_SEEN, min(_FAINT, 0.5 * float(alpha.max(initial=0))))


def without_hidden_colours(pixels: NDArray[Any], alpha: NDArray[np.float32]) -> NDArray[Any]:
    """`pixels`, (H, W, 3), with the colour of the nearest visible pixel wherever `alpha` is empty.

    What a file has under alpha 0 is left over from its making: a removed background, black, or noise. It may not
    tint edges, blurs or averages. Nor may colours under a level or two, which are rounded or left over as well.
    Where nothing at all is visible, all is black.

    Args:
        pixels: uint8 or uint16 (H, W, 3); returned as they are if nothing is hidden.
        alpha: float32 (H, W) in [0, 1].
    """
    import cv2

    unseen = is_empty(alpha)
    if not unseen.any():
        return pixels
    if unseen.all():
        return np.zeros_like(pixels)
    _, labels = cv2.distanceTransformWithLabels(
        unseen.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    # Each visible pixel has a label of its own, from 1 on, so that one look-up gives all colours.
    visible = np.flatnonzero(~unseen)
    pixel_of_label = np.zeros(len(visible) + 1, np.intp)
    pixel_of_label[labels.ravel()[visible]] = visible
    colour_of_label = pixels.reshape(-1, 3)[pixel_of_label]
    filled: NDArray[Any] = colour_of_label.take(labels.ravel(), axis=0).reshape(pixels.shape)
    return filled


def as_models_see(colours: NDArray[np.uint8], alpha: NDArray[np.float32]) -> NDArray[np.uint8]:
    """sRGB `colours`, uint8 (H, W, 3), with `alpha`, float32 (H, W) in [0, 1], as one opaque picture for a model.

    The picture is laid on white, or on gray if most of what is visible is nearly white itself. Alpha counts in
    relation to its largest value: a photograph at half its opacity looks as it did before somebody faded it, and not
    washed out. A faint shadow beside an opaque subject stays faint.
    """
    strongest = float(alpha.max(initial=0))
    if strongest < _SEEN:
        return np.full_like(colours, WHITE)
    # A faded photograph without an empty part stays as white as it is.
    is_white = is_empty(alpha).any() and _is_nearly_white(colours, alpha > 0.5 * strongest)
    return laid_on(colours, alpha / np.float32(strongest), _GRAY if is_white else WHITE)


def _is_nearly_white(colours: NDArray[np.uint8], seen: NDArray[np.bool_]) -> bool:
    """Whether most of the pixels in `seen` are nearly white in `colours`."""
    darkest = np.minimum(np.minimum(colours[..., 0], colours[..., 1]), colours[..., 2])
    return bool(np.count_nonzero(seen & (darkest >= _NEARLY_WHITE)) > 0.5 * np.count_nonzero(seen))


def is_cut_out(alpha: NDArray[np.float32]) -> bool:
    """Whether `alpha`, float32 (H, W) in [0, 1], already cuts a subject out of its surroundings.

    At least 5 % of the picture and 20 % of its border are empty, and what is left does not fill a rectangle, as
    photographs with a margin or with round corners do.
    """
    import cv2

    if not is_surrounded(alpha):
        return False
    solid = (alpha > 0.5 * alpha.max()).view(np.uint8)
    contours, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    corners = np.concatenate(contours)
    # Corners of pixels, not their centres: a rectangle of one row has an area, too.
    outline = np.concatenate([corners + np.array(shift) for shift in ((0, 0), (1, 0), (0, 1), (1, 1))])
    _, (width, height), _ = cv2.minAreaRect(outline.astype(np.float32))
    return bool(np.count_nonzero(solid) < _RECTANGLE * width * height)


def is_surrounded(alpha: NDArray[np.float32]) -> bool:
    """Whether something is visible, and 5 % of the picture and 20 % of its border are empty."""
    empty = is_empty(alpha)
    border = np.concatenate([empty[0], empty[-1], empty[:, 0], empty[:, -1]])
    return bool(_LEAST_EMPTY <= empty.mean() < 1 and border.mean() >= _LEAST_EMPTY_BORDER)
