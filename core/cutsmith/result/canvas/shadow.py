"""The soft shadow under a subject that stands on the ground: dark where it touches, fading outward."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cutsmith.geometry import Box

_SOLID = 0.5
# The lower edge casts a shadow up to this height above the lowest point, a share of the subject's longer side.
_NEAR_GROUND = 0.1
# Two shadows together, as of a lamp and of a bright room: (opacity, blur across, blur down), the blurs as shares of the
# subject's longer side.
_LAYERS = ((0.45, 0.012, 0.006), (0.25, 0.05, 0.018))
DARKEST = 1 - math.prod(1 - opacity for opacity, _, _ in _LAYERS)
"""The opacity of the shadow where it is darkest, if nothing else is wanted: 0.59."""
# Toward the canvas's edge the shadow fades out over this share of the shorter side; the outermost pixels have none.
_FADE = 0.03
_LEAST = 1 / 512


def contact_shadow(alpha: NDArray[np.float32], box: Box, darkest: float = DARKEST) -> NDArray[np.float32]:
    """The opacity of the shadow of `alpha` on the ground.

    Args:
        alpha: float32 (H, W) in [0, 1], the subject on its canvas.
        box: the subject's box there, in pixels.
        darkest: in [0, 1], the opacity where the shadow is darkest.

    Returns:
        float32 (H, W) in [0, darkest]; 0 at the canvas's outermost pixels. Nothing of the subject is spared: it is to
        be drawn behind.
    """
    import cv2

    height, width = alpha.shape
    longer = max(box.width, box.height)
    shadow = np.zeros((height, width), np.float32)
    lowest, strength = _contact(alpha, longer)
    columns = np.flatnonzero(strength > 0)
    if not columns.size:
        return shadow
    for opacity, across, down in _LAYERS:
        sigma_x, sigma_y = max(across * longer, 0.6), max(down * longer, 0.6)
        line = np.zeros((height, width), np.float32)
        line[lowest[columns], columns] = strength[columns]
        thick = max(round(sigma_y), 1)
        line = cv2.dilate(line, np.ones((thick, 1), np.uint8))
        blurred = cv2.GaussianBlur(line, (0, 0), sigma_x, sigmaY=sigma_y, borderType=cv2.BORDER_CONSTANT)
        peak = float(blurred.max())
        if peak > 0:
            # Light of the two adds up as through two filters.
            shadow = 1 - (1 - shadow) * (1 - opacity * blurred / peak)
    shadow *= _fading(height, width) * np.float32(darkest / DARKEST)
    return np.where(shadow < _LEAST, np.float32(0), shadow).astype(np.float32)


def _contact(alpha: NDArray[np.float32], longer: float) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(the lowest row of the subject in each column, how much it touches the ground there, in [0, 1])."""
    solid = alpha >= _SOLID
    is_there = solid.any(axis=0)
    lowest = alpha.shape[0] - 1 - np.argmax(solid[::-1], axis=0)
    if not is_there.any():
        return lowest, np.zeros(alpha.shape[1], np.float32)
    above = lowest[is_there].max() - lowest
    strength = np.clip(1 - above / max(_NEAR_GROUND * longer, 1.0), 0, 1) ** 2
    return lowest, np.where(is_there, strength, 0).astype(np.float32)


def _fading(height: int, width: int) -> NDArray[np.float32]:
    """1 inside, falling to 0 at the outermost pixels: float32 (height, width)."""
    reach = max(_FADE * min(height, width), 1.0)
    down, across = (
        np.minimum(np.minimum(np.arange(side), np.arange(side)[::-1]) / reach, 1.0) for side in (height, width)
    )
    faded: NDArray[np.float32] = (down[:, None] * across[None, :]).astype(np.float32)
    return faded
