"""A model's traces of doubt far from the edge: alpha that nobody sees, but that keeps a picture from being trimmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cutsmith.machine.cancelling import check
from cutsmith.matting.regions import grown

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Alpha below this is a trace: 12 levels of 255.
_TRACE = 0.05
# Where alpha crosses this, there is the subject's edge.
_EDGE = 0.5
# Far from the edge is more than this share of the picture's longer side: 21 pixels of 700.
_FAR = 0.03
# At the least, in pixels: small pictures have soft edges too.
_LEAST_FAR = 16
# The smooth edge of a faint hair reaches so far beyond it, in pixels; there its traces stay.
_FALL = 3
# Of how many cells, at least, the longer side of a large picture is made.
_CELLS = 700


def without_strays(alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """`alpha`, float32 (H, W) in [0, 1], without traces far from the subject's edge; the same array if it has none.

    A trace is alpha below 0.05, or above 0.95 inside the subject. Far is more than 3% of the picture's longer side, and
    more than 16 pixels, from the subject (alpha of 0.5 or more), or inside from anything else; and more than 3 pixels
    from anything that is no trace. Such alpha becomes 0, or 1. So hair and shadows of 0.05 or more stay as they are,
    with their smooth edges.
    """
    is_subject = alpha >= _EDGE
    if not is_subject.any():
        return alpha
    cleaned = alpha
    for value, traces, edge in (
        (0, (alpha > 0) & (alpha < _TRACE), is_subject),
        (1, (alpha < 1) & (alpha > 1 - _TRACE), ~is_subject),
    ):
        check()
        if traces.any():
            others = ~traces & (alpha != value)
            stray = traces & _far_from(edge, max(_FAR * max(alpha.shape), _LEAST_FAR)) & ~grown(others, _FALL)
            if stray.any():
                cleaned = cleaned.copy() if cleaned is alpha else cleaned
                cleaned[stray] = value
    return cleaned


def _far_from(region: NDArray[np.bool_], distance: float) -> NDArray[np.bool_]:
    """The pixels more than `distance` from all of `region`, bool (H, W).

    Measured in cells of a large picture: a few pixels more may count as near.
    """
    import cv2

    check()
    height, width = region.shape
    cell = max(1, max(height, width) // _CELLS)
    rows, columns = -(-height // cell), -(-width // cell)
    padded = np.zeros((rows * cell, columns * cell), np.float32)
    padded[:height, :width] = region
    held = cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA) > 0
    if not held.any():
        return np.ones_like(region)
    check()
    away = cv2.distanceTransform((~held).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    # From the middle of a cell to that of another, there may be one side less between their pixels.
    is_far = (away - 1) * cell > distance if cell > 1 else away > distance
    enlarged = cv2.resize(is_far.view(np.uint8), (columns * cell, rows * cell), interpolation=cv2.INTER_NEAREST)
    far: NDArray[np.bool_] = enlarged[:height, :width].view(np.bool_)
    return far
