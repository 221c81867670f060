"""EXIF orientation: turning a picture upright, once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDEWAYS = frozenset({5, 6, 7, 8})
"""Orientations that swap width and height."""


def upright(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """`array`, (H, W, ...), turned and mirrored as EXIF tag 274 says: 1 to 8; any other value leaves it as it is.

    A contiguous copy, except where the array is upright already. CIPA DC-008 (EXIF 2.32), section 4.6.4 A.
    """
    if orientation in SIDEWAYS:
        array = array.swapaxes(0, 1)
    # After the swap: which axes the orientation mirrors.
    mirror_rows = orientation in (3, 4, 7, 8)
    mirror_columns = orientation in (2, 3, 6, 7)
    if mirror_rows:
        array = array[::-1]
    if mirror_columns:
        array = array[:, ::-1]
    return np.ascontiguousarray(array)
