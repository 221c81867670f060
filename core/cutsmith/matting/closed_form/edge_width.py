"""How wide the soft edge of a mask is around each pixel, and which pixels that leaves to matting.

A crisp edge is 1 to 1.6 pixels wide, hair 3 to 8. Crisp edges want a narrow band, because every known pixel helps the
solver; hair reaches further than the mask can tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cutsmith.machine.cancelling import check
from cutsmith.matting.trimap import BACKGROUND, FOREGROUND, SURE, SURELY_NOT, UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEANT_SIDE = 1024
"""All widths are meant in pixels of a picture of this long side, in pixels; they grow with larger pictures."""

_WINDOW = 31
# A network's crispest edges have a soft pixel for each two of the edge; a mask with so few is hard.
_HARD = 0.1
# A window that holds two pixels of an edge has some of it; one with less has no width.
_LEAST_EDGE = 2
# The band reaches so far around the mask's own soft edge: the crispest, the widest, and more per pixel of width.
_NARROWEST, _WIDEST, _CRISP, _GROWTH = 3.0, 12.0, 2.0, 2.0


def scale_of(shape: tuple[int, ...]) -> float:
    """By what a width is multiplied for a picture of `shape` (H, W, ...): 1 up to `MEANT_SIDE`, more above."""
    return max(max(shape[:2]) / MEANT_SIDE, 1.0)


def edge_width(soft_mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean width of the soft edges around each pixel, float32 (H, W), in pixels at `MEANT_SIDE`.

    It is the area that is neither sure nor surely not, over the length of the edge at 0.5, both within a window of 31
    pixels. It is large where the mask is undecided and has no edge.

    Args:
        soft_mask: float32 (H, W) in [0, 1].
    """
    import cv2

    check()
    scale = scale_of(soft_mask.shape)
    window = 2 * round(_WINDOW * scale / 2) + 1
    soft = is_soft(soft_mask).astype(np.float32)
    # Half of the gradient's pixels lie on either side of the edge.
    edge = is_edge(soft_mask).astype(np.float32)
    size = (window, window)
    area = np.asarray(cv2.boxFilter(soft, -1, size), np.float32)
    check()
    length = cv2.boxFilter(edge, -1, size, dst=edge)
    length /= 2
    length += np.float32(_LEAST_EDGE / window**2)
    area /= length
    area /= np.float32(scale)
    return area


def is_soft(soft_mask: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where the mask is neither sure nor surely not, bool (H, W)."""
    return (soft_mask > SURELY_NOT) & (soft_mask < SURE)


def is_edge(soft_mask: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The pixels on both sides of the edge at 0.5, bool (H, W)."""
    import cv2

    check()
    inside = (soft_mask > 0.5).view(np.uint8)
    edge = cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    return np.asarray(edge).view(np.bool_)


def is_hard(soft_mask: NDArray[np.float32]) -> bool:
    """Whether the mask (H, W) has no soft edge to speak of, as one that was painted, selected or cut off has none."""
    return bool(np.count_nonzero(is_soft(soft_mask)) < _HARD * np.count_nonzero(is_edge(soft_mask)))


def adaptive_band(soft_mask: NDArray[np.float32], width: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The pixels that are left to matting, bool (H, W): the mask's soft edge, and more around it the wider it is.

    Args:
        soft_mask: float32 (H, W) in [0, 1].
        width: float32 (H, W), from `edge_width`.
    """
    import cv2

    start = is_soft(soft_mask) | is_edge(soft_mask)
    if start.all() or not start.any():
        return start
    check()
    distance = cv2.distanceTransform((~start).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    check()
    reach = np.clip(_NARROWEST + _GROWTH * (width - _CRISP), _NARROWEST, _WIDEST)
    reach *= np.float32(scale_of(soft_mask.shape))
    band: NDArray[np.bool_] = distance <= reach
    return band


def adaptive_trimap(soft_mask: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The trimap of the adaptive band: uint8 (H, W) of 0, 128 and 255.

    Args:
        soft_mask: float32 (H, W) in [0, 1].
    """
    trimap = np.where(soft_mask > 0.5, FOREGROUND, BACKGROUND).astype(np.uint8)
    trimap[adaptive_band(soft_mask, edge_width(soft_mask))] = UNKNOWN
    return trimap
