"""Fits a calibration, and judges it on subjects that it has not seen.

The logarithm of the error is a sum of the signals with weights that are never negative: least squares with a small pull
towards the few signals that rank pictures well by themselves, because there are few pictures. Masks that are broken on
purpose count little: enough to teach the signals of colours and edges, too little to spoil the ranking of real ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.quality.calibration import ERROR_OFFSET, Calibration, prepared
from cutsmith.quality.signals import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cutsmith.quality.signals import Signals

FIRST, TAKEN, TRUTH, BROKEN = "first mask", "taken mask", "truth", "broken"
"""The kinds of masks: of the first view, the one that was taken in the end, the true alpha, and broken ones."""
GOOD = 0.05
"""A result of which less than this share is wrong is a good one."""
GOOD_TO_REVIEW = 0.1
"""The share of good results that may go to a person at most."""
BROKEN_TO_REVIEW = 0.975
"""The share of broken masks that go to a person, unless too many good ones would."""
_COUNTS = {FIRST: 1.0, TAKEN: 1.0, TRUTH: 0.1, BROKEN: 0.02}
_PULL = 3.0
_GROUPS = 8
_CONSTANT = 1e-5
_PRIOR = {"undecidedness": 0.3, "soft_share": 0.3, "unsureness": 0.3}


@dataclass(frozen=True)
class Observation:
    """One mask of a picture with a true alpha.

    Attributes:
        picture: the picture's name.
        subject: what the data are split by.
        kind: FIRST, TAKEN, TRUTH or BROKEN; `way` says how it was broken.
        group: what figures are told apart by, such as the folder.
        signals: of the mask.
        wrong: 1 - soft IoU, in [0, 1].
        mean_error: mean |mask - truth|.
    """

    picture: str
    subject: str
    kind: str
    signals: Signals
    wrong: float
    mean_error: float
    way: str = ""
    group: str = ""


def fitted(observations: Sequence[Observation], model: str, data: str) -> Calibration:
    """The calibration that fits `observations` best; its threshold sends nearly all broken masks to a person."""
    from scipy.optimize import lsq_linear

    table = prepared(np.array([each.signals.values() for each in observations]))
    counts = np.array([_COUNTS[each.kind] for each in observations])
    wrong = np.array([each.wrong for each in observations])
    means, deviations = table.mean(axis=0), table.std(axis=0)
    # A signal that is the same in all of the data says nothing.
    deviations = np.where(deviations < _CONSTANT, 1.0, deviations)
    number = len(SIGNALS)
    standardised = np.column_stack([(table - means) / deviations, np.ones(len(table))])
    root = np.sqrt(counts)
    pull = np.sqrt(_PULL) * np.eye(number + 1)[:number]
    prior = np.array([_PRIOR.get(name, 0.0) for name in SIGNALS])
    lowest = np.append(np.zeros(number), -np.inf)
    solution = lsq_linear(
        np.vstack([standardised * root[:, None], pull]),
        np.concatenate([np.log(wrong + ERROR_OFFSET) * root, np.sqrt(_PULL) * prior]),
        (lowest, np.full(number + 1, np.inf)),
    ).x
    raw = Calibration(
        tuple(solution[:number]), tuple(means), tuple(deviations), float(solution[number]), 1.0, model, data
    )
    natural = np.array([each.kind in (FIRST, TAKEN) for each in observations])
    said, true = _meaning(raw.uncertainties(table)[natural], wrong[natural])
    meant = replace(raw, said=said, true=true)
    return replace(meant, threshold=threshold(meant.uncertainties(table), observations))


def _meaning(said: NDArray[np.float64], wrong: NDArray[np.float64]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """What was said and what was true of it on average, in groups, rising: the mean of a logarithm is no mean."""
    from scipy.optimize import isotonic_regression

    groups = [part for part in np.array_split(np.argsort(said, kind="stable"), _GROUPS) if len(part)]
    points = np.array([said[part].mean() for part in groups])
    true = isotonic_regression(np.array([wrong[part].mean() for part in groups])).x
    # Equal ones are parted a little, so that the order of the pictures stays.
    rising = true + 1e-4 * np.arange(1, len(true) + 1)
    return (0.0, *map(float, points), 1.0), (0.0, *map(float, rising), max(1.0, float(rising[-1])))


def threshold(said: NDArray[np.float64], observations: Sequence[Observation]) -> float:
    """The uncertainty from which on a result goes to a person: the largest that lets few broken masks pass."""
    pairs = list(zip(said, observations, strict=True))
    broken = [value for value, each in pairs if each.kind == BROKEN and each.wrong > GOOD]
    good = [value for value, each in pairs if each.kind == TAKEN and each.wrong < GOOD]
    least = float(np.quantile(good, 1 - GOOD_TO_REVIEW)) if good else 0.0
    return max(least, float(np.quantile(broken, 1 - BROKEN_TO_REVIEW)) if broken else 0.1)


def left_out(observations: Sequence[Observation]) -> NDArray[np.float64]:
    """The uncertainty of each observation by a calibration that has not seen its subject: float64 (N,)."""
    said = np.zeros(len(observations))
    for subject in sorted({each.subject for each in observations}):
        others = [each for each in observations if each.subject != subject]
        if not others:
            raise ValueError("there is but one subject")
        found = fitted(others, "", "")
        at = [number for number, each in enumerate(observations) if each.subject == subject]
        said[at] = found.uncertainties(prepared(np.array([observations[each].signals.values() for each in at])))
    return said
