"""Regions of a picture: bool (H, W)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cutsmith.machine.cancelling import check

if TYPE_CHECKING:
    from numpy.typing import NDArray


def grown(region: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    """The pixels at most `radius` rows and columns from one of `region`, bool (H, W): bool (H, W)."""
    import cv2

    check()
    square = np.ones((2 * radius + 1,) * 2, np.uint8)
    return np.asarray(cv2.dilate(region.view(np.uint8), square)).view(np.bool_)
