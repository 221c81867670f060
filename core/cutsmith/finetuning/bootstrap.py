"""How sure a mean difference is: a bootstrap interval over products.

Pictures of one product are alike. To resample them singly would claim more certainty than there is, so products are
resampled whole. The interval is the percentile one, taken wider for few products as Hesterberg gives it ("What Teachers
Should Know About the Bootstrap", The American Statistician, 2015).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES = 2000
CONFIDENCE = 0.95


class Interval(NamedTuple):
    """Between which values a mean lies, at 95 %."""

    low: float
    high: float


def interval_of_mean(values: NDArray[np.float64], units: Sequence[str], *, seed: int) -> Interval | None:
    """The interval of the mean of `values`, (N,), whose unit `units` names; None where there is one unit alone.

    The units are resampled 2,000 times, each with all of its values; `seed` makes that the same in every run.
    """
    _, unit_of = np.unique(np.asarray(units), return_inverse=True)
    counts = np.bincount(unit_of)
    number = len(counts)
    if number < 2:
        return None
    sums = np.bincount(unit_of, weights=values)
    times = np.random.default_rng(seed).multinomial(number, np.full(number, 1 / number), size=RESAMPLES)
    means = (times @ sums) / (times @ counts)
    outside = _share_outside(number)
    low, high = np.quantile(means, [outside, 1 - outside])
    return Interval(float(low), float(high))


def _share_outside(number: int) -> float:
    """The share of the resamples' means to leave out on each side, for so many units: 2.5 % or less."""
    from scipy.special import ndtr, stdtrit

    student = float(stdtrit(number - 1, 0.5 + CONFIDENCE / 2))
    return float(ndtr(-math.sqrt(number / (number - 1)) * student))
