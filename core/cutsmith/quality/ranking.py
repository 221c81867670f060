"""How good uncertainties are: the risk at each coverage, its area, and whether what was said came true.

Risk and coverage: accept the surest share of all results (the coverage); the risk is their mean error (El-Yaniv and
Wiener, On the Foundations of Noise-free Selective Classification, 2010).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Reliable(NamedTuple):
    """What was said of one part of the results, from the surest part to the most doubtful: means over `pictures`."""

    said: float
    true: float
    pictures: int


def risks(scores: NDArray[Any], errors: NDArray[Any]) -> NDArray[np.float64]:
    """The risk at each coverage, float64 (N,): the mean of the `errors` of the results with the lowest `scores`."""
    ordered = np.asarray(errors, np.float64)[np.argsort(scores, kind="stable")]
    return np.asarray(np.cumsum(ordered) / np.arange(1, len(ordered) + 1))


def area(scores: NDArray[Any], errors: NDArray[Any]) -> float:
    """The area under the risks, the mean risk over all coverages; low is good."""
    return float(risks(scores, errors).mean())


def area_ratio(scores: NDArray[Any], errors: NDArray[Any]) -> float:
    """The area under the risks over that of a perfect ranking: 1 is perfect."""
    best = area(errors, errors)
    return area(scores, errors) / best if best > 0 else 1.0


def reliability(said: NDArray[Any], errors: NDArray[Any], parts: int = 5) -> list[Reliable]:
    """What was said and what was true, in `parts` of as many results each, from the surest on."""
    order = np.argsort(said, kind="stable")
    return [
        Reliable(float(said[part].mean()), float(errors[part].mean()), len(part))
        for part in np.array_split(order, parts)
        if len(part)
    ]
