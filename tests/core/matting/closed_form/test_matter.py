"""Closed form from soft masks: what is sure stays, what is doubtful is solved, at any size and for any input."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cutsmith.errors import BadArray, Cancelled
from cutsmith.matting.closed_form.edge_width import (
    adaptive_band,
    adaptive_trimap,
    edge_width,
    is_hard,
    scale_of,
)
from cutsmith.matting.closed_form.matter import ClosedFormMatter
from cutsmith.matting.trimap import Band

SIDE = 120
ROWS, COLUMNS = np.indices((SIDE, SIDE)).astype(np.float32)
unhurried = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
sides = st.integers(1, 24)


def disc(softness: float, radius: float = 35) -> np.ndarray:
    """A disc whose edge takes `softness` pixels from 0 to 1."""
    distance = radius - np.hypot(ROWS - SIDE / 2, COLUMNS - SIDE / 2)
    return np.clip(distance / max(softness, 1e-6) + 0.5, 0, 1).astype(np.float32)


def mixed(alpha: np.ndarray) -> np.ndarray:
    """A bright subject with a little texture before a dark background."""
    texture = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 12, (*alpha.shape, 3)), (0, 0), 1.5)
    colours = alpha[..., None] * np.array([210, 170, 120]) + (1 - alpha[..., None]) * np.array([40, 60, 90])
    return np.rint(np.clip(colours + texture, 0, 255)).astype(np.uint8)


@unhurried
@given(st.data(), sides, sides)
def test_alpha_is_in_range_and_of_the_masks_size_for_any_picture(data, height, width) -> None:
    image = data.draw(arrays(np.uint8, (height, width, 3)))
    mask = data.draw(arrays(np.float32, (height, width), elements=st.floats(0, 1, width=32)))
    before = mask.copy()
    alpha = ClosedFormMatter().alpha(image, mask)
    assert alpha.shape == mask.shape
    assert alpha.dtype == np.float32
    assert alpha.min() >= 0
    assert alpha.max() <= 1
    np.testing.assert_array_equal(mask, before)


@unhurried
@given(st.data(), sides, sides)
def test_what_a_person_marked_known_is_unchanged(data, height, width) -> None:
    image = data.draw(arrays(np.uint8, (height, width, 3)))
    trimap = data.draw(arrays(np.uint8, (height, width), elements=st.sampled_from([0, 128, 255])))
    alpha = ClosedFormMatter().alpha(image, np.full((height, width), 0.5, np.float32), trimap=trimap)
    assert (alpha[trimap == 0] == 0).all()
    assert (alpha[trimap == 255] == 1).all()


def test_far_from_the_edge_alpha_is_the_mask_to_the_bit() -> None:
    mask = disc(3) * np.float32(0.99)
    alpha = ClosedFormMatter().alpha(mixed(disc(3)), mask)
    far = ~adaptive_band(mask, edge_width(mask))
    np.testing.assert_array_equal(alpha[far], mask[far])


@pytest.mark.parametrize("effort", ["fast", "balanced", "exact"])
def test_a_blurred_mask_becomes_the_true_edge(effort) -> None:
    truth = disc(2)
    blurred = cv2.GaussianBlur(truth, (0, 0), 3)
    alpha = ClosedFormMatter(effort=effort).alpha(mixed(truth), blurred)
    assert np.abs(alpha - truth).sum() < 0.5 * np.abs(blurred - truth).sum()


def test_a_slot_whose_colours_are_like_its_surroundings_stays_as_the_mask_has_it() -> None:
    mask = np.clip(disc(1.2), 0, 1)
    mask[56:62, 45:75] = 0
    mask = cv2.GaussianBlur(mask, (0, 0), 0.6)
    image = np.full((SIDE, SIDE, 3), 128, np.uint8)
    image[mask < 0.5] = 122
    alpha = ClosedFormMatter().alpha(image, mask)
    assert alpha[58:60, 50:70].max() < 0.3


@pytest.mark.parametrize("effort", ["fast", "balanced"])
def test_a_large_picture_is_worked_out_at_a_smaller_size_and_agrees_with_it(effort) -> None:
    truth = disc(4)
    image, mask = mixed(truth), cv2.GaussianBlur(truth, (0, 0), 2)
    small = ClosedFormMatter(effort=effort).alpha(image, mask)
    size = (SIDE * 20, SIDE * 20)
    large = ClosedFormMatter(effort=effort).alpha(
        cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR)
    )
    again = cv2.resize(large, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    assert np.abs(again - small).mean() < 0.01


@pytest.mark.parametrize("value", [0.0, 0.3, 0.5, 0.7, 1.0])
def test_a_mask_with_one_side_only_is_the_alpha(value) -> None:
    mask = np.full((30, 40), value, np.float32)
    np.testing.assert_array_equal(ClosedFormMatter().alpha(mixed(disc(1))[:30, :40], mask), mask)


@pytest.mark.parametrize("trimap", [np.zeros((30, 40)), np.full((30, 40), 255), np.full((30, 40), 128)])
def test_a_trimap_of_one_kind_is_taken(trimap) -> None:
    mask = np.full((30, 40), 0.3, np.float32)
    alpha = ClosedFormMatter().alpha(mixed(disc(1))[:30, :40], mask, trimap=trimap.astype(np.uint8))
    expected = {0: 0.0, 255: 1.0, 128: 0.3}[int(trimap[0, 0])]
    np.testing.assert_allclose(alpha, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        (np.zeros((30, 40), np.uint8), np.zeros((30, 40), np.float32)),
        (np.zeros((30, 40, 4), np.uint8), np.zeros((30, 40), np.float32)),
        (np.zeros((30, 40, 3), np.float64), np.zeros((30, 40), np.float32)),
        (np.zeros((30, 40, 3), np.uint8), np.zeros((40, 30), np.float32)),
        (np.zeros((30, 40, 3), np.uint8), np.full((30, 40), np.nan, np.float32)),
        (np.zeros((30, 40, 3), np.uint8), np.full((30, 40), 2, np.float32)),
    ],
)
def test_bad_arrays_are_refused(image, mask) -> None:
    with pytest.raises(BadArray):
        ClosedFormMatter().alpha(image, mask)


def test_a_hard_mask_is_known_beyond_its_band() -> None:
    mask = (disc(0) > 0.5).astype(np.float32)
    alpha = ClosedFormMatter(Band(4, 4)).alpha(mixed(disc(2)), mask)
    distance = np.abs(np.hypot(ROWS - SIDE / 2, COLUMNS - SIDE / 2) - 35)
    np.testing.assert_array_equal(alpha[distance > 7], mask[distance > 7])
    assert ((alpha > 0.1) & (alpha < 0.9)).any()


def test_a_hard_mask_stays_hard_for_a_picture_that_is_worked_out_at_a_smaller_size() -> None:
    rows, columns = np.indices((2400, 2400)).astype(np.float32)
    truth = np.clip((700 - np.hypot(rows - 1200, columns - 1200)) / 2 + 0.5, 0, 1)
    shifted = (np.roll(truth, 4, axis=1) > 0.5).astype(np.float32)  # confidently wrong at its edge
    image = mixed(truth)
    alpha = ClosedFormMatter().alpha(image, shifted)
    assert np.abs(alpha - truth).sum() < 0.5 * np.abs(shifted - truth).sum()


def test_it_can_be_left_at_any_time() -> None:
    class Impatient:
        def check(self) -> None:
            raise Cancelled("Enough.")

        def warn(self, text: str) -> None: ...

        def progress(self, share: float) -> None: ...

    with pytest.raises(Cancelled):
        ClosedFormMatter().alpha(mixed(disc(3)), disc(8), watch=Impatient())


# ---- the width of an edge


@pytest.mark.parametrize("softness", [1.0, 3.0, 8.0])
def test_the_width_is_that_of_the_soft_edge(softness) -> None:
    mask = disc(softness)
    rim = np.abs(np.hypot(ROWS - SIDE / 2, COLUMNS - SIDE / 2) - 35) < 2
    assert edge_width(mask)[rim].mean() == pytest.approx(0.9 * softness, rel=0.35)


def test_widths_and_bands_scale_with_the_picture() -> None:
    mask = cv2.resize(disc(4), (1200, 1200), interpolation=cv2.INTER_LINEAR)
    large = cv2.resize(mask, (3600, 3600), interpolation=cv2.INTER_LINEAR)
    assert scale_of(large.shape) == pytest.approx(3 * scale_of(mask.shape))
    band = adaptive_band(mask, edge_width(mask))
    enlarged = adaptive_band(large, edge_width(large))[1::3, 1::3]
    assert (band != enlarged).mean() < 0.005


def test_the_trimap_of_the_adaptive_band_has_three_values() -> None:
    trimap = adaptive_trimap(disc(5))
    assert set(np.unique(trimap)) == {0, 128, 255}
    assert trimap[SIDE // 2, SIDE // 2] == 255
    assert trimap[0, 0] == 0


def test_only_a_mask_without_soft_pixels_is_hard() -> None:
    assert is_hard((disc(0) > 0.5).astype(np.float32))
    assert not is_hard(disc(1.5))
