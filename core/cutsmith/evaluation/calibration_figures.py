"""The figures of a calibration: rankings, reliability, and how many broken masks it would have sent to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.quality.fitting import BROKEN, FIRST, GOOD, TAKEN, threshold
from cutsmith.quality.ranking import area_ratio, reliability, risks
from cutsmith.quality.signals import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cutsmith.evaluation.calibrating import Calibrated
    from cutsmith.quality.fitting import Observation

_COVERAGES = (0.2, 0.4, 0.6, 0.8, 1.0)


def figures(found: Calibrated) -> dict[str, Any]:
    """All figures, of uncertainties by calibrations that had not seen the subject; rankings by folder, too."""
    observations, said = found.observations, found.said
    kinds = np.array([each.kind for each in observations])
    wrong = np.array([each.wrong for each in observations])
    taken = kinds == TAKEN
    limit = threshold(said, observations)
    # A mask that breaking has hardly changed is not broken.
    broken = (kinds == BROKEN) & (wrong > GOOD)
    ways = np.array([each.way for each in observations])
    return {
        "rankings": {
            f"{kind}s, {group}" if group else f"{kind}s": _ranking(observations, said, (kinds == kind) & where)
            for group, where in _groups(observations)
            for kind in (FIRST, TAKEN)
        },
        "reliability": [tuple(part) for part in reliability(said[taken], wrong[taken])],
        "good_in_review": float((said[taken & (wrong < GOOD)] >= limit).mean()) if (wrong[taken] < GOOD).any() else 0.0,
        "broken_in_review": {
            way: (float((said[broken & (ways == way)] >= limit).mean()), int((broken & (ways == way)).sum()))
            for way in sorted(set(ways[broken]))
        },
    }


def _groups(observations: Sequence[Observation]) -> list[tuple[str, NDArray[np.bool_]]]:
    """Each group with where its observations are, then all of them, as ""."""
    names = np.array([each.group for each in observations])
    groups = sorted(set(names.tolist()))
    apart = [(group, names == group) for group in groups] if len(groups) > 1 else []
    return [*apart, ("", np.ones(len(names), bool))]


def _ranking(
    observations: Sequence[Observation], said: NDArray[np.float64], which: NDArray[np.bool_]
) -> dict[str, Any]:
    own = [each for each, is_one in zip(observations, which, strict=True) if is_one]
    wrong = np.array([each.wrong for each in own])
    mean_error = np.array([each.mean_error for each in own])
    areas = np.array([each.signals.area for each in own])
    signals = np.array([each.signals.values() for each in own])
    ratios = {
        name: min(area_ratio(column, wrong), area_ratio(-column, wrong))
        for name, column in zip(SIGNALS, signals.T, strict=True)
    }
    best = min(ratios, key=lambda name: ratios[name])
    chance = np.random.default_rng(0)
    risk, perfect = risks(said[which], wrong), risks(wrong, wrong)
    at = [max(round(coverage * len(own)), 1) - 1 for coverage in _COVERAGES]
    return {
        "pictures": len(own),
        "ratio": area_ratio(said[which], wrong),
        # A share of the subject, times the subject's share of the picture: what it says of the picture's mean error.
        "ratio_of_mean_error": area_ratio(said[which] * areas, mean_error),
        "best_signal": {"name": best, "ratio": ratios[best]},
        "chance": float(np.mean([area_ratio(chance.random(len(own)), wrong) for _ in range(100)])),
        "risks": [
            (coverage, float(risk[each]), float(perfect[each])) for coverage, each in zip(_COVERAGES, at, strict=True)
        ],
    }
