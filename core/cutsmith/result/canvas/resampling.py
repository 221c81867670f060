"""Colours and alpha at another size.

Colours are weighted by alpha while they are resampled, so that none from outside the subject gets into its edge.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutsmith.picture import Picture

# Alpha below this has no colour worth dividing out.
_FAINT = 1 / 1024


def resampled(
    colours: NDArray[Any], alpha: NDArray[np.float32], size: tuple[int, int]
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """`colours` and `alpha` at `size`: areas are averaged where they shrink, and cubics laid where they grow.

    Args:
        colours: uint8 or uint16 (H, W, 3), straight (not multiplied by alpha).
        alpha: float32 (H, W) in [0, 1].
        size: (width, height) in pixels.

    Returns:
        (colours (height, width, 3) of the same depth, straight; alpha float32 (height, width) in [0, 1]). At the same
        size both are what was given.
    """
    height, width = alpha.shape
    if size == (width, height):
        return colours, alpha
    share = np.clip(_resized(alpha, size), 0.0, 1.0)
    is_faint = share < _FAINT
    divisor = np.where(is_faint, np.float32(1), share)
    highest = np.iinfo(colours.dtype).max
    laid = np.empty((size[1], size[0], 3), colours.dtype)
    # One channel at a time: large photographs as four planes of floats would take gigabytes.
    for channel in range(3):
        plane = colours[..., channel].astype(np.float32)
        mixed = _resized(plane * alpha, size) / divisor
        if is_faint.any():
            # What nobody sees still has the colour of its surroundings, for programs that enlarge without alpha.
            mixed = np.where(is_faint, _resized(plane, size), mixed)
        laid[..., channel] = np.clip(np.rint(mixed), 0, highest)
    return laid, share


def resampled_picture(picture: Picture, size: tuple[int, int]) -> Picture:
    """`picture` at `size`, (width, height) in pixels."""
    if size == (picture.width, picture.height):
        return picture
    if picture.alpha is not None:
        pixels, alpha = resampled(picture.pixels, picture.alpha, size)
        return replace(picture, pixels=pixels, alpha=alpha)
    import cv2

    shrinks = size[0] <= picture.width and size[1] <= picture.height
    way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return replace(picture, pixels=np.asarray(cv2.resize(picture.pixels, size, interpolation=way)))


def _resized(plane: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """One plane, float32 (H, W), at `size`: averages along a side that shrinks, cubics along one that grows."""
    import cv2

    height, width = plane.shape
    across = cv2.INTER_AREA if size[0] <= width else cv2.INTER_CUBIC
    down = cv2.INTER_AREA if size[1] <= height else cv2.INTER_CUBIC
    if across == down:
        return np.asarray(cv2.resize(plane, size, interpolation=across), np.float32)
    wide = cv2.resize(plane, (size[0], height), interpolation=across)
    return np.asarray(cv2.resize(wide, size, interpolation=down), np.float32)
