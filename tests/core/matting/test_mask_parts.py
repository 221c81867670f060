"""Parts of a mask: kept, removed and filled with their soft edges, and never a value invented."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from cutsmith.errors import BadArray, BadOption
from cutsmith.matting.mask_parts import cleaned_mask

masks = npst.arrays(
    np.float32, npst.array_shapes(min_dims=2, max_dims=2, max_side=16), elements=st.sampled_from([0, 0.25, 0.75, 1])
)


def scene() -> np.ndarray:
    """A large part with a hole and a soft rim, a middle-sized part, and a speck."""
    mask = np.zeros((60, 80), np.float32)
    mask[9:41, 9:41] = 0.3
    mask[10:40, 10:40] = 1
    mask[20:24, 20:25] = 0.4
    mask[21:23, 21:24] = 0
    mask[44:56, 50:60] = 0.9
    mask[5, 70] = 0.8
    mask[6, 71] = 0.2
    return mask


def test_the_largest_part_stays_with_its_soft_rim_and_its_hole() -> None:
    mask = scene()
    kept = cleaned_mask(mask, keep_largest=1)
    expected = mask.copy()
    expected[44:56, 50:60] = 0
    expected[5:7, 70:72] = 0
    np.testing.assert_array_equal(kept, expected)


def test_the_two_largest_parts_stay() -> None:
    kept = cleaned_mask(scene(), keep_largest=2)
    assert kept[50, 55] == np.float32(0.9)
    assert kept[5, 70] == 0


def test_specks_go_and_larger_parts_stay() -> None:
    kept = cleaned_mask(scene(), smallest_part=2)
    assert kept[5:7, 70:72].max() == 0
    expected = scene()
    expected[5:7, 70:72] = 0
    np.testing.assert_array_equal(kept, expected)


def test_a_hole_is_filled_with_its_soft_rim_and_the_edge_stays() -> None:
    filled = cleaned_mask(scene(), largest_hole=None)
    assert (filled[20:24, 20:25] == 1).all()
    np.testing.assert_array_equal(filled[9:41, 9], scene()[9:41, 9])
    np.testing.assert_array_equal(filled[41:], scene()[41:])


@pytest.mark.parametrize(("largest", "is_filled"), [(19, False), (20, True)])
def test_holes_are_measured_in_pixels_below_a_half(largest, is_filled) -> None:
    assert (cleaned_mask(scene(), largest_hole=largest)[22, 22] == 1) == is_filled


def test_a_gap_at_the_pictures_edge_is_no_hole() -> None:
    mask = np.ones((8, 8), np.float32)
    mask[0, 3] = 0
    np.testing.assert_array_equal(cleaned_mask(mask, largest_hole=None), mask)


def test_parts_touch_across_a_corner_and_holes_do_not() -> None:
    stairs = np.eye(6, dtype=np.float32)
    np.testing.assert_array_equal(cleaned_mask(stairs, keep_largest=1), stairs)
    ring = np.ones((6, 6), np.float32)
    ring[1, 1] = ring[2, 2] = 0
    assert cleaned_mask(ring, largest_hole=1).min() == 1


@given(masks)
def test_nothing_asked_is_nothing_changed(mask) -> None:
    cleaned = cleaned_mask(mask)
    np.testing.assert_array_equal(cleaned, mask)
    assert cleaned is not mask


@given(masks, st.integers(1, 3), st.integers(0, 5))
def test_what_stays_keeps_its_values_and_doing_it_again_changes_nothing(mask, count, smallest) -> None:
    kept = cleaned_mask(mask, keep_largest=count, smallest_part=smallest)
    assert ((kept == mask) | (kept == 0)).all()
    np.testing.assert_array_equal(cleaned_mask(kept, keep_largest=count, smallest_part=smallest), kept)


@given(masks)
def test_filling_only_adds_and_doing_it_again_changes_nothing(mask) -> None:
    filled = cleaned_mask(mask, largest_hole=None)
    assert ((filled == mask) | (filled == 1)).all()
    np.testing.assert_array_equal(cleaned_mask(filled, largest_hole=None), filled)


def test_a_faint_mask_stays_as_it_is() -> None:
    faint = np.full((5, 6), 0.4, np.float32)
    np.testing.assert_array_equal(cleaned_mask(faint, keep_largest=1, smallest_part=9), faint)


@pytest.mark.parametrize("wrong", [{"keep_largest": 0}, {"smallest_part": -1}, {"largest_hole": -1}])
def test_numbers_out_of_range_are_refused_by_name(wrong) -> None:
    ((name, value),) = wrong.items()
    with pytest.raises(BadOption, match=f"{name} must be a whole number, .* but got {value}"):
        cleaned_mask(scene(), **wrong)


def test_what_is_no_mask_is_refused() -> None:
    with pytest.raises(BadArray):
        cleaned_mask(np.zeros((2, 3, 4), np.float32), keep_largest=1)
