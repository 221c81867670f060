"""A calibration learns which masks are wrong, never from the subject that it is judged on."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from cutsmith.quality.calibration import Calibration, calibration
from cutsmith.quality.fitting import BROKEN, TAKEN, Observation, fitted, left_out, threshold
from cutsmith.quality.ranking import area_ratio, reliability, risks
from cutsmith.quality.signals import Signals

QUIET = Signals(**{each.name: 0.0 for each in fields(Signals)})


def observations(seed: int = 0) -> list[Observation]:
    """Masks whose error goes with their undecidedness and their edge, of six subjects."""
    chance = np.random.default_rng(seed)
    found = []
    for number in range(120):
        doubt, edge = chance.uniform(0, 0.5), chance.uniform(0, 1)
        wrong = float(np.clip(0.9 * (doubt + 0.01) ** 0.6 * (edge + 0.01) ** 0.5 * chance.uniform(0.95, 1.05), 0, 1))
        signals = replace(QUIET, undecidedness=doubt, soft_share=doubt, weak_edge=edge, busyness=chance.uniform(0, 9))
        found.append(Observation(f"s{number % 6}-{number}", f"s{number % 6}", TAKEN, signals, wrong, wrong / 3))
    broken = replace(QUIET, weak_edge=1.0)
    return [*found, *(Observation("s0-x", f"s{n}", BROKEN, broken, 0.5, 0.2, "half cut off") for n in range(6))]


def test_unseen_subjects_are_ranked_nearly_perfectly_and_said_is_true() -> None:
    data = observations()
    said = left_out(data)
    taken = np.array([each.kind == TAKEN for each in data])
    wrong = np.array([each.wrong for each in data])
    assert area_ratio(said[taken], wrong[taken]) < 1.05
    assert all(abs(part.said - part.true) < 0.05 for part in reliability(said[taken], wrong[taken]))


def test_no_signal_of_doubt_makes_a_mask_look_better() -> None:
    found = fitted(observations(), "m", "d")
    assert min(found.weights) >= 0
    worse = replace(QUIET, undecidedness=0.3, weak_edge=0.5)
    assert found.uncertainty(worse) > found.uncertainty(QUIET)


def test_a_subject_is_judged_without_its_own_pictures() -> None:
    data = observations()
    # One subject whose truth is upside down must not change what is said of it.
    turned = [replace(each, wrong=1 - each.wrong) if each.subject == "s3" else each for each in data]
    before, after = left_out(data), left_out(turned)
    own = np.array([each.subject == "s3" for each in data])
    np.testing.assert_allclose(before[own], after[own])
    assert not np.allclose(before[~own], after[~own])


def test_the_threshold_lets_few_broken_masks_pass_and_sends_few_good_ones() -> None:
    good = [Observation(f"g-{n}", "g", TAKEN, QUIET, 0.01, 0.01) for n in range(200)]
    broken = [Observation(f"b-{n}", "b", BROKEN, QUIET, 0.5, 0.2, "eroded") for n in range(200)]
    apart = np.concatenate([np.linspace(0, 0.1, 200), np.linspace(0.2, 0.9, 200)])
    limit = threshold(apart, [*good, *broken])
    assert 0.2 < limit < 0.25, "as high as broken masks allow"
    mixed = np.concatenate([np.linspace(0, 0.5, 200), np.linspace(0.1, 0.9, 200)])
    limit = threshold(mixed, [*good, *broken])
    assert (mixed[:200] >= limit).mean() <= 0.1, "a person's time comes first where both cannot be had"


def test_a_calibration_survives_json() -> None:
    found = fitted(observations(), "m", "d")
    again = Calibration.from_json(found.to_json())
    assert again.uncertainty(replace(QUIET, undecidedness=0.2)) == pytest.approx(
        found.uncertainty(replace(QUIET, undecidedness=0.2)), abs=1e-4
    )
    with pytest.raises(ValueError, match="version 9"):
        Calibration.from_json({**found.to_json(), "version": 9})


def test_the_shipped_calibration_is_of_the_default_network() -> None:
    shipped = calibration()
    assert shipped.model == "isnet-general-use"
    assert 0 < shipped.threshold < 0.2
    assert min(shipped.weights) >= 0


def test_risks_are_means_of_what_is_accepted() -> None:
    np.testing.assert_allclose(risks(np.array([0.3, 0.1, 0.2]), np.array([6.0, 0.0, 3.0])), [0, 1.5, 3])
    assert area_ratio(np.array([1, 2, 3]), np.array([1, 2, 3])) == 1
    assert area_ratio(np.array([3, 2, 1]), np.array([1, 2, 3])) > 1
