"""Enclosed background: what shows through a subject, as inside a ring or behind a handle, and was kept with it.

A network at 1024 pixels closes such holes. Where the ground around the subject is plain, a patch inside the mask that
has just its colour and is as smooth can only be more of it, if an edge parts it from the subject all around.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LONGEST = 640  # pixels
_PLAIN = 6.0  # standard deviation of the ground's colours in CIELAB of 8 bits; more is no plain ground
_LIKE = 3.0  # deviations of the ground that a colour may be away from it,
_LEAST_LIKE = 5.0  # and at least this much in CIELAB
_LEAST, _MOST = 0.004, 0.5  # of the subject's area
_WHOLE = 0.6  # of its own box's shorter side squared: highlights are thin and ragged


def enclosed_background(image: NDArray[np.uint8], alpha: NDArray[np.float32]) -> NDArray[np.bool_] | None:
    """Where background is left inside the subject, bool (H, W); None if nowhere.

    Args:
        image: uint8 (H, W, 3), sRGB.
        alpha: float32 (H, W) in [0, 1].
    """
    import cv2

    height, width = alpha.shape
    scale = min(1.0, _LONGEST / max(height, width))
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = cv2.GaussianBlur(cv2.resize(image, size, interpolation=cv2.INTER_AREA), (0, 0), 1)
    mask = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    outside, inside = mask < 0.05, mask > 0.95
    if np.count_nonzero(outside) < 100 or np.count_nonzero(inside) < 100:
        return None
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    # The ground near the subject: a shadow or a fall of light makes the far one another colour.
    ground = outside & (cv2.dilate((~outside).view(np.uint8), np.ones((41, 41), np.uint8)) > 0)
    colours = lab[ground if np.count_nonzero(ground) > 100 else outside]
    median = np.median(colours, axis=0)
    spread = float(np.median(np.linalg.norm(colours - median, axis=1)))
    if spread > _PLAIN:
        return None
    like = (np.linalg.norm(lab - median, axis=2) < max(_LIKE * spread, _LEAST_LIKE)) & inside
    like = cv2.morphologyEx(like.view(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    found = _patches(like, int(np.count_nonzero(inside)))
    if found is None:
        return None
    return np.asarray(cv2.resize(found.view(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0)


def _patches(like: NDArray[np.uint8], subject: int) -> NDArray[np.bool_] | None:
    """The parts of `like` that are large and compact enough; None if there are none, or if they are most of it all."""
    import cv2

    count, labels, statistics, _ = cv2.connectedComponentsWithStats(like, connectivity=4)
    kept = []
    for number in range(1, count):
        _, _, wide, high, area = statistics[number]
        if area >= _LEAST * subject and area >= _WHOLE * min(wide, high) ** 2:
            kept.append(number)
    total = int(statistics[kept, cv2.CC_STAT_AREA].sum()) if kept else 0
    # A subject that is the ground's colour as a whole, white on white, is no hole.
    if not kept or total > _MOST * subject:
        return None
    return np.isin(labels, kept)
