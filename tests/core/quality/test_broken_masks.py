"""Masks that are broken on purpose are wrong, and only as they say."""

from __future__ import annotations

import numpy as np

from cutsmith.quality.broken_masks import broken
from cutsmith.quality.observing import errors, observed


def ring() -> np.ndarray:
    rows, columns = np.mgrid[:200, :240]
    distance = np.hypot(rows - 100, columns - 120)
    return ((distance < 70) & (distance > 25)).astype(np.float32)


def test_each_way_is_wrong_and_sure_of_itself() -> None:
    mask = ring()
    other = np.tri(50, dtype=np.float32)
    found = dict(broken(mask, other, np.random.default_rng(0)))
    assert set(found) == {
        "eroded", "flooded", "half cut off", "shuffled", "a hole filled", "background enclosed",
    }  # fmt: skip
    for way, wrong in found.items():
        assert errors(wrong, mask)[0] > 0.05, way
        assert wrong.shape == mask.shape
    assert (found["eroded"] <= mask).all()
    assert (found["flooded"] >= mask).all()
    assert found["a hole filled"][100, 120] == 1
    assert found["a hole filled"][0, 0] == 0


def test_a_mask_without_holes_is_not_filled() -> None:
    solid = np.zeros((90, 90), np.float32)
    solid[20:70, 20:70] = 1
    assert {"a hole filled", "background enclosed"}.isdisjoint(dict(broken(solid, solid, np.random.default_rng(0))))
    assert not dict(broken(np.zeros_like(solid), solid, np.random.default_rng(0)))


def test_errors_are_shares() -> None:
    mask = ring()
    assert errors(mask, mask) == (0, 0)
    assert errors(1 - mask, mask)[0] == 1
    assert errors(np.zeros_like(mask), np.zeros_like(mask)) == (0, 0)


def test_observations_are_the_same_each_time_and_know_their_subject() -> None:
    mask = ring()
    image = np.where(mask[..., None] > 0, (200, 40, 40), (30, 90, 200)).astype(np.uint8)
    told, again = (list(observed("cup-2", image, mask, mask, mask, 0.1, mask[:, ::-1])) for _ in range(2))
    for one, other in zip(told, again, strict=True):
        assert (one.kind, one.way, one.wrong) == (other.kind, other.way, other.wrong)
        # Sums of 32-bit floats depend in their last digits on where an array lies in memory.
        np.testing.assert_allclose(one.signals.values(), other.signals.values(), rtol=1e-4, atol=1e-6)
    assert {each.subject for each in told} == {"cup"}
    taken = next(each for each in told if each.kind == "taken mask")
    assert taken.wrong == 0
    assert taken.signals.disagreement == 0.1
