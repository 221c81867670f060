"""Edits of a mask as people make them by hand: harden it, grow or shrink it, soften its edge, swap in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cutsmith.arrays import checked_mask
from cutsmith.errors import BadOption, shown
from cutsmith.machine.cancelling import check
from cutsmith.matting.strips import in_strips
from cutsmith.options import OPTIONS, what_is_wanted

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Of a regular octagon with the radius 1, the square's share; the diamond (a cross, repeated) has the rest.
_SQUARE_SHARE = 2**0.5 - 1


# Hardening stretches what is more subject than not: the edge, where alpha crosses this, does not move.
_EDGE = 0.5


def hardened(alpha: NDArray[np.float32], *, harden: float = 0.0, threshold: float | None = None) -> NDArray[np.float32]:
    """`alpha`, float32 (H, W) in [0, 1], with a solid inside or without any soft value; a new array.

    Args:
        alpha: 1 = subject.
        harden: from 0 (as it is) to 0.5: values up to 0.5 stay, those from 0.5 to 1 - `harden` are stretched to 0.5 to
            1, and those above become 1. Low values are not cut as well: they are hair and the edge's own smoothness,
            which are worth keeping.
        threshold: values of at least this, in [0.001, 1], become 1, and all others 0; None keeps soft values.

    Raises:
        BadArray: `alpha` is not as described.
        BadOption: `harden` or `threshold` is outside its range or not finite.
    """
    for name, value in (("harden", harden), ("threshold", threshold)):
        if must_be := what_is_wanted(OPTIONS[name], value):
            raise BadOption("", option=name, found=shown(value), wanted=must_be)
    alpha = checked_mask(alpha, name="alpha")
    if threshold is not None:
        return (alpha >= threshold).astype(np.float32)
    solid = alpha.copy()
    if harden:
        inside = alpha > _EDGE
        span = 1 - harden - _EDGE
        solid[inside] = np.minimum(_EDGE + (alpha[inside] - _EDGE) * (_EDGE / span), 1) if span > 0 else 1
    return solid


def edited_mask(
    mask: NDArray[np.float32], *, offset: int = 0, blur: float = 0.0, invert: bool = False
) -> NDArray[np.float32]:
    """`mask`, float32 (H, W) in [0, 1], after the edits, in the order of the arguments; a new array.

    Args:
        mask: 1 = subject.
        offset: pixels by which the subject grows (above 0) or shrinks (below 0): a gray dilation or erosion with a
            regular octagon, which differs from a disk by at most 8% of the radius. Whatever lies beyond the picture's
            edge counts as neither.
        blur: standard deviation of a Gaussian, in pixels, 0 or more.
        invert: whether the background becomes the subject.

    Raises:
        BadArray: `mask` is not as described.
        BadOption: `blur` is negative or not finite.
    """
    if must_be := what_is_wanted(OPTIONS["mask_blur"], blur):
        raise BadOption("", option="mask_blur", found=shown(blur), wanted=must_be)
    mask = checked_mask(mask).copy()
    if offset:
        mask = _moved_edge(mask, abs(offset), grow=offset > 0)
    if blur:
        import cv2

        def blurred(strip: NDArray[np.float32]) -> NDArray[np.float32]:
            soft: NDArray[np.float32] = cv2.GaussianBlur(strip, (0, 0), blur, borderType=cv2.BORDER_REPLICATE)
            return np.clip(soft, 0, 1)

        # OpenCV's kernel reaches four standard deviations.
        mask = in_strips(mask, round(4 * blur) + 1, blurred)
    return 1 - mask if invert else mask


def _moved_edge(mask: NDArray[np.float32], radius: int, *, grow: bool) -> NDArray[np.float32]:
    """The largest value within `radius` pixels, or the smallest.

    A disk would cost its area at each pixel; an octagon, a square and then a diamond, costs no more than its radius.
    """
    import cv2

    # So far away everything is within reach: no kernel has to be larger.
    radius = min(radius, sum(mask.shape))
    move = cv2.dilate if grow else cv2.erode
    square = round(_SQUARE_SHARE * radius)
    if square:
        side = 2 * square + 1
        mask = move(mask, np.ones((side, side), np.uint8), borderType=cv2.BORDER_REPLICATE)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    for _ in range(square, radius):
        check()
        mask = move(mask, cross, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(mask, np.float32)
