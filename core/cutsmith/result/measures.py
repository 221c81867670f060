"""A cut-out in a few numbers, by which a shop sorts thousands of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from cutsmith.result.cutout import Cutout

_INSIDE = 0.5
# Smaller parts, in shares of all that is inside, are specks.
_SMALLEST_PART = 0.001


class Measures(NamedTuple):
    """A cut-out in numbers.

    Attributes:
        area: the share of the picture that the subject covers: the mean of alpha, in [0, 1].
        mean_probability: the mean of the soft mask where alpha is at least 0.5; None if that is nowhere.
        components: how many connected parts there are where alpha is at least 0.5, by 8 neighbours. Parts of less than
            a thousandth of them together are not counted.
    """

    area: float
    mean_probability: float | None
    components: int


def measures(cutout: Cutout) -> Measures:
    """The numbers of `cutout`."""
    import cv2

    inside = cutout.alpha >= _INSIDE
    area = float(cutout.alpha.mean(dtype=np.float64))
    if not inside.any():
        return Measures(area, None, 0)
    _, _, statistics, _ = cv2.connectedComponentsWithStats(inside.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    sizes = statistics[1:, cv2.CC_STAT_AREA]
    parts = int(np.count_nonzero(sizes >= _SMALLEST_PART * sizes.sum()))
    return Measures(area, float(cutout.soft_mask[inside].mean(dtype=np.float64)), parts)
