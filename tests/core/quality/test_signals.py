"""The signals: near 0 for a mask that fits its picture, and raised by what is wrong with one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cutsmith.quality.broken_masks import broken
from cutsmith.quality.signals import SIGNALS, measured


@pytest.fixture(scope="module")
def disc() -> tuple[np.ndarray, np.ndarray]:
    """A red disc with texture on a quiet green ground, and its mask."""
    rows, columns = np.mgrid[:300, :400]
    mask = (np.hypot(rows - 150, columns - 200) < 90).astype(np.float32)
    noise = np.random.default_rng(0).normal(0, 6, (300, 400, 3))
    colours = np.where(mask[..., None] > 0, (190, 60, 50), (60, 130, 80)) + noise
    return np.clip(colours, 0, 255).astype(np.uint8), mask


def test_a_mask_that_fits_gives_no_cause_for_doubt(disc) -> None:
    found = measured(*disc)
    assert found is not None
    assert found.undecidedness < 0.03
    assert found.weak_edge < 0.05
    assert found.background_inside < 0.02
    assert found.subject_outside < 0.02
    assert found.edge_elsewhere == 0
    assert found.area == pytest.approx(disc[1].mean(), rel=0.02)


@pytest.mark.parametrize(
    ("way", "signal"),
    [
        ("eroded", "subject_outside"),
        ("eroded", "edge_outside"),
        ("flooded", "surroundings_inside"),
        ("flooded", "edge_elsewhere"),
        ("half cut off", "weak_edge"),
        ("half cut off", "subject_outside"),
    ],
)
def test_a_mask_that_is_broken_with_confidence_raises_its_signal(disc, way: str, signal: str) -> None:
    image, mask = disc
    good = measured(image, mask)
    wrong = dict(broken(mask, mask, np.random.default_rng(1)))[way]
    bad = measured(image, wrong)
    assert good is not None
    assert bad is not None
    assert getattr(bad, signal) > getattr(good, signal) + 0.05


def test_what_the_views_say_is_taken_over(disc) -> None:
    found = measured(*disc, disagreement=0.4)
    assert found is not None
    assert found.disagreement == 0.4


def test_a_mask_of_nothing_has_no_signals(disc) -> None:
    assert measured(disc[0], np.full(disc[1].shape, 0.5, np.float32)) is None


def test_size_hardly_matters(disc) -> None:
    image, mask = disc
    once = measured(image, mask)
    twice = measured(image.repeat(3, 0).repeat(3, 1), mask.repeat(3, 0).repeat(3, 1))
    assert once is not None
    assert twice is not None
    np.testing.assert_allclose(once.values()[6:10], twice.values()[6:10], atol=0.02)


@settings(max_examples=30, deadline=None)
@given(
    mask=arrays(np.float32, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.floats(0, 1, width=32)),
    seed=st.integers(0, 9),
)
def test_signals_are_finite_for_whatever_mask(mask: np.ndarray, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (*mask.shape, 3), dtype=np.uint8)
    found = measured(image, mask)
    if found is not None:
        assert np.isfinite(found.values()).all()
        assert len(found.values()) == len(SIGNALS)
