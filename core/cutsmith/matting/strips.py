"""Filters of large planes strip by strip, so that a cancelled run ends between two of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutsmith.machine.cancelling import check

_PIXELS = 4_000_000
"""Of one strip: about a tenth of a second for the slowest filter here."""


def in_strips(plane: NDArray[Any], reach: int, work: Callable[[NDArray[Any]], NDArray[Any]]) -> NDArray[Any]:
    """`work(plane)`, (H, W), for a `work` whose pixels depend on no row more than `reach` away."""
    height, width = plane.shape
    rows = max(_PIXELS // width, 2 * reach, 1)
    if height <= rows:
        check()
        return work(plane)
    parts = []
    for first in range(0, height, rows):
        check()
        top, last = max(first - reach, 0), min(first + rows, height)
        parts.append(work(plane[top : min(last + reach, height)])[first - top : last - top])
    return np.concatenate(parts)
