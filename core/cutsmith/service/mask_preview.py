"""A soft mask for the eye: as large as a screen shows it, encoded in little time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cutsmith.cures import give
from cutsmith.picture.samples import samples_from_alpha
from cutsmith.service.failures import BadForm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.service.forms import Fields

LONGEST = "longest"
"""The field that says how long the mask's longer side may be, in pixels."""
LEAST, MOST = 16, 16384


def longest_of(fields: Fields) -> int | None:
    """What the field `longest` says; None without it, for the picture's own size.

    Raises:
        BadForm: it is no whole number of 16 to 16,384.
    """
    text = fields.text(LONGEST)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 6 and LEAST <= int(text) <= MOST):
        wanted = f"a whole number from {LEAST} to {MOST:,}"
        raise BadForm("", give(LONGEST, "1024"), option=LONGEST, found=text[:20], wanted=wanted)
    return int(text)


def encode_preview(soft_mask: NDArray[np.float32], longest: int | None) -> bytes:
    """The gray PNG of `soft_mask`, float32 (H, W) in [0, 1], made smaller where a side is longer than `longest`."""
    import cv2

    height, width = soft_mask.shape
    if longest is not None and max(height, width) > longest:
        share = longest / max(height, width)
        size = (max(round(width * share), 1), max(round(height * share), 1))
        soft_mask = np.asarray(cv2.resize(soft_mask, size, interpolation=cv2.INTER_AREA), np.float32)
    gray = samples_from_alpha(soft_mask, np.dtype(np.uint8))
    # The least effort: somebody waits for it, and it is looked at once.
    _, data = cv2.imencode(".png", gray, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return data.tobytes()
