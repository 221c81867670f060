from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutsmith.finetuning import prompting

MASKS = st.builds(
    lambda seed, width, height, share: np.random.default_rng(seed).random((height, width)) < share,
    st.integers(0, 1000),
    st.integers(4, 40),
    st.integers(4, 40),
    st.floats(0.01, 1),
)
SEEDS = st.integers(0, 1000).map(np.random.default_rng)


@given(MASKS, SEEDS)
def test_a_jittered_box_is_a_box_near_the_true_one(mask, generator) -> None:
    if not mask.any():
        return
    x0, y0, x1, y1 = prompting.jittered_box(mask, generator)
    true = prompting.box_of_object(mask)
    assert 0 <= x0 < x1 <= mask.shape[1] + 2
    assert 0 <= y0 < y1 <= mask.shape[0] + 2
    most = 0.1 * max(true[2] - true[0], true[3] - true[1]) + 2
    assert max(abs(a - b) for a, b in zip((x0, y0, x1, y1), true, strict=True)) <= most + 1e-9


@given(MASKS, MASKS, SEEDS)
def test_a_correction_is_where_the_mask_is_wrong_and_says_what_is_true(predicted, truth, generator) -> None:
    height, width = (min(a, b) for a, b in zip(predicted.shape, truth.shape, strict=True))
    predicted, truth = predicted[:height, :width], truth[:height, :width]
    x, y, label = prompting.correction(predicted, truth, generator)
    assert label == truth[int(y), int(x)]
    if (predicted ^ truth).any():
        assert predicted[int(y), int(x)] != truth[int(y), int(x)]


@given(MASKS, SEEDS)
@settings(max_examples=50)
def test_a_rough_mask_is_a_soft_mask_of_the_same_size(mask, generator) -> None:
    if not mask.any():
        return
    painted = prompting.rough_mask(mask, generator)
    assert (painted.shape, painted.dtype) == (mask.shape, np.float32)
    assert 0 <= painted.min() <= painted.max() <= 1


def test_a_box_elsewhere_avoids_what_is_there() -> None:
    taken = np.zeros((100, 100), bool)
    taken[:, :50] = True
    boxes = [prompting.box_elsewhere(taken, np.random.default_rng(seed)) for seed in range(50)]
    shares = [taken[int(y0) : int(y1), int(x0) : int(x1)].mean() for x0, y0, x1, y1 in boxes]
    assert np.mean(shares) < 0.1


def test_the_plans_are_those_of_use() -> None:
    generator = np.random.default_rng(0)
    plans = [prompting.drawn_plan(generator) for _ in range(4000)]
    assert {plan.rounds for plan in plans} == {0, 3, 4, 5, 6, 7, 8}
    assert {plan.clicks for plan in plans} == {1, 2, 3}
    shares = {first: np.mean([plan.first == first for plan in plans]) for first in ("box", "clicks", "rough mask")}
    assert shares == pytest.approx({"box": 0.5, "clicks": 0.35, "rough mask": 0.15}, abs=0.03)
