"""Other looks of the same picture, whose embeddings are kept like its own: mirrored, and smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLAIN, MIRRORED, SMALLER = "plain", "mirrored", "smaller"
_SMALLER = 0.7


def varied(image: NDArray[np.uint8], variant: str) -> NDArray[np.uint8]:
    """The picture, uint8 (H, W, 3), as `variant` shows it, of the same size."""
    return _varied(image, variant, is_mask=False)


def varied_mask(mask: NDArray[np.bool_], variant: str) -> NDArray[np.bool_]:
    """A mask, bool (H, W), of the picture that `variant` shows."""
    return np.asarray(_varied(mask.astype(np.uint8), variant, is_mask=True) > 0)


def _varied(array: NDArray[Any], variant: str, *, is_mask: bool) -> NDArray[Any]:
    if variant == MIRRORED:
        return np.ascontiguousarray(array[:, ::-1])
    if variant == SMALLER:
        return _smaller(array, is_mask=is_mask)
    return array


def _smaller(array: NDArray[Any], *, is_mask: bool) -> NDArray[Any]:
    """The array at 0.7 of its size in the middle; around a picture its border goes on, around a mask nothing is."""
    import cv2

    height, width = array.shape[:2]
    rows, columns = max(1, round(height * _SMALLER)), max(1, round(width * _SMALLER))
    method = cv2.INTER_NEAREST if is_mask else cv2.INTER_AREA
    shrunk = cv2.resize(array, (columns, rows), interpolation=method)
    top, left = (height - rows) // 2, (width - columns) // 2
    around = cv2.BORDER_CONSTANT if is_mask else cv2.BORDER_REPLICATE
    return np.asarray(
        cv2.copyMakeBorder(shrunk, top, height - rows - top, left, width - columns - left, around, value=0)
    )
