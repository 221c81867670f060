"""How much time and memory closed-form matting may take: what each value of the option `matting_effort` means."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from cutsmith.options import MattingEffort


class Effort(NamedTuple):
    """The limits of one effort.

    Attributes:
        most_pixels: the most unknown pixels of a wide region that are solved at the picture's own size.
        tolerance: of iterations: the residual at which they stop, relative to the right side.
        tolerance_with_prior: the same where alpha is drawn to a prior. Slow errors are then small from the beginning.
        may_reduce: whether a smaller size may be taken where memory does not hold the equations.
    """

    most_pixels: float
    tolerance: float
    tolerance_with_prior: float
    may_reduce: bool = True


EFFORTS: Mapping[MattingEffort, Effort] = MappingProxyType(
    {
        "fast": Effort(60_000, 5e-5, 3e-4),
        "balanced": Effort(300_000, 5e-5, 3e-4),
        "exact": Effort(math.inf, 1.5e-5, 1.5e-5, may_reduce=False),
    }
)
