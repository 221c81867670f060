"""The signals of a mask's shape: its parts and holes, whether the frame cuts it, how much a threshold changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOW, _HIGH = 0.2, 0.8  # thresholds between which a stable mask hardly changes
_SPECK = 0.002  # of the subject's area
_MANY = 10  # specks; more say nothing new


def shape_signals(mask: NDArray[np.float32]) -> dict[str, float]:
    """The signals of shape, by their names (see `cutsmith.quality.signals.Signals`).

    Args:
        mask: float32 (H, W) in [0, 1], with pixels above 0.5.
    """
    import cv2

    inside = (mask > 0.5).view(np.uint8)
    count = int(np.count_nonzero(inside))
    wide, narrow = int(np.count_nonzero(mask > _LOW)), int(np.count_nonzero(mask > _HIGH))
    _, _, statistics, _ = cv2.connectedComponentsWithStats(inside, connectivity=8)
    parts = statistics[1:, cv2.CC_STAT_AREA]
    # The frame's lower side is left out: subjects stand on it.
    frame = np.concatenate([inside[0], inside[:, 0], inside[:, -1]])
    return {
        "instability": 1 - 2 * narrow / (wide + narrow),
        "scattering": 1 - int(parts.max()) / count,
        "specks": min(int(np.count_nonzero(parts < max(_SPECK * count, 2))), _MANY) / _MANY,
        "holes": _holes(inside) / count,
        "frame_contact": float(frame.mean()),
    }


def _holes(inside: NDArray[np.uint8]) -> int:
    """How many pixels the mask encloses without having them."""
    import cv2

    outside = cv2.copyMakeBorder(1 - inside, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    _, labels = cv2.connectedComponents(outside, connectivity=4)
    return int(np.count_nonzero((labels != labels[0, 0]) & (outside > 0)))
