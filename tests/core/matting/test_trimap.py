"""Soft mask -> trimap: exact reach, no surprises in what is known."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from cutsmith.errors import BadArray, BadOption
from cutsmith.matting.trimap import Band, checked_trimap, default_band, snapped_trimap, trimap_from_soft_mask
from tests.core.matting.told import Told

soft_masks = npst.arrays(
    np.float32,
    npst.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24),
    elements=st.sampled_from([0.0, 0.04, 0.05, 0.06, 0.5, 0.94, 0.95, 0.96, 1.0]).map(np.float32),
)
reaches = st.integers(0, 9)


def squared_distance_to(region: np.ndarray) -> np.ndarray:
    """Squared distance of every pixel to the nearest one of `region`, by trying them all; infinite where none is."""
    ys, xs = region.nonzero()
    y, x = np.indices(region.shape)
    distances = (y[..., None] - ys) ** 2 + (x[..., None] - xs) ** 2
    return distances.min(axis=-1, initial=np.iinfo(np.int64).max)


@given(soft_masks, reaches, reaches)
def test_reach_is_euclidean_and_exact(soft_mask, inner, outer):
    low, high = np.float32(0.05), np.float32(0.95)
    foreground = (soft_mask >= high) & (squared_distance_to(soft_mask < high) > inner**2)
    background = (soft_mask <= low) & (squared_distance_to(soft_mask > low) > outer**2)
    expected = np.where(foreground, 255, np.where(background, 0, 128))
    trimap = trimap_from_soft_mask(soft_mask, Band(inner, outer), low=float(low), high=float(high))
    assert trimap.dtype == np.uint8
    np.testing.assert_array_equal(trimap, expected)


@given(soft_masks, reaches, reaches, reaches, reaches)
def test_a_wider_band_never_knows_more(soft_mask, inner, outer, more_inner, more_outer):
    narrow = trimap_from_soft_mask(soft_mask, Band(inner, outer))
    wide = trimap_from_soft_mask(soft_mask, Band(inner + more_inner, outer + more_outer))
    still_known = wide != 128
    np.testing.assert_array_equal(wide[still_known], narrow[still_known])


@given(soft_masks, reaches)
def test_foreground_and_background_swap_with_the_mask(soft_mask, reach):
    trimap = trimap_from_soft_mask(soft_mask, Band(reach, reach), low=0.25, high=0.75)
    swapped = trimap_from_soft_mask(1 - soft_mask, Band(reach, reach), low=0.25, high=0.75)
    np.testing.assert_array_equal(trimap == 255, swapped == 0)
    np.testing.assert_array_equal(trimap == 128, swapped == 128)


def test_three_pixels_are_three_pixels_on_both_sides_of_a_hard_edge():
    soft_mask = np.zeros((9, 20), np.float32)
    soft_mask[:, 10:] = 1
    assert trimap_from_soft_mask(soft_mask, Band(3, 2))[4].tolist() == [0] * 8 + [128] * 5 + [255] * 7


@pytest.mark.parametrize("reach", [40, 250])
def test_large_bands_are_round(reach):
    soft_mask = np.zeros((801, 801), np.float32)
    soft_mask[400, 400] = 1
    y, x = np.indices(soft_mask.shape) - 400
    expected = np.where(x**2 + y**2 <= reach**2, 128, 0)
    np.testing.assert_array_equal(trimap_from_soft_mask(soft_mask, Band(1, reach)), expected)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_mask_without_an_edge_is_known_everywhere(value):
    trimap = trimap_from_soft_mask(np.full((5, 7), value, np.float32))
    assert (trimap == 255 * value).all()


@pytest.mark.parametrize(
    "soft_mask",
    [
        np.array([[0.5, np.nan]], np.float32),
        np.array([[0.5, np.inf]], np.float32),
        np.array([[0, 255]], np.int64),
        np.array([[0.0, 1.5]], np.float32),
        np.array([[-0.5, 1.0]], np.float32),
        np.zeros((4, 4, 2), np.float32),
        np.zeros((0, 4), np.float32),
    ],
    ids=["nan", "inf", "int64", "above 1", "below 0", "three axes", "empty"],
)
def test_what_is_no_soft_mask_is_refused(soft_mask):
    with pytest.raises(BadArray) as refused:
        trimap_from_soft_mask(soft_mask)
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("mask", "trimap"),
    [(np.array([[0, 255, 128]], np.uint8), [[0, 255, 128]]), (np.array([[False, True]]), [[0, 255]])],
)
def test_bytes_and_booleans_are_read_as_probabilities(mask, trimap):
    assert trimap_from_soft_mask(mask, Band(0, 0)).tolist() == trimap


def test_rounding_errors_beyond_one_are_no_mistake():
    assert trimap_from_soft_mask(np.array([[1.000001, -1e-7]], np.float32), Band(0, 0)).tolist() == [[255, 0]]


@pytest.mark.parametrize("band", [(-1, 3), (3, -1), (2.5, 3), ("3", 3), (None, 3)])
def test_bad_bands_are_refused(band):
    with pytest.raises(BadOption, match="band must be two whole numbers of pixels, 0 or more, but got"):
        Band(*band)


@pytest.mark.parametrize(("low", "high"), [(0.5, 0.5), (0.9, 0.1), (-0.1, 0.9), (0.1, 1.1), (float("nan"), 0.9)])
def test_bad_thresholds_are_refused(low, high):
    with pytest.raises(BadOption, match="uncertain range"):
        trimap_from_soft_mask(np.zeros((3, 3), np.float32), low=low, high=high)


@pytest.mark.parametrize(
    "given_trimap",
    [
        np.array([[0, 128, 255]], np.uint8),
        np.array([[0, 127, 255]], np.int64),
        np.array([[0, 0.5, 1]], np.float64),
        np.array([[0, 0.5, 1]], np.float32),
    ],
)
def test_trimaps_in_the_usual_notations_are_read(given_trimap):
    trimap = checked_trimap(given_trimap)
    assert trimap.dtype == np.uint8
    assert trimap.tolist() == [[0, 128, 255]]


@pytest.mark.parametrize(
    ("given_trimap", "found"),
    [
        (np.array([[0, 128, 256]], np.int64), "256"),
        (np.array([[0, 128, -1]], np.int64), "-1"),
        (np.array([[0.0, 0.5, 1.5]]), "1.5"),
        (np.array([[0.0, 0.5, np.inf]]), "inf"),
        (np.array([[0.0, 0.5, np.nan]]), "nan"),
        (np.array([[0, 1, 2]], np.uint8), "1, 2"),
        (np.array([[True, False]]), "bool"),
        (np.zeros((3, 3, 3), np.uint8), "(3, 3, 3)"),
        (np.zeros((3, 0), np.uint8), "(3, 0)"),
    ],
)
def test_what_is_no_trimap_is_refused_and_named(given_trimap, found):
    with pytest.raises(BadArray) as refused:
        checked_trimap(given_trimap)
    assert found in refused.value.what


def test_a_trimap_of_another_size_than_the_image_is_refused():
    with pytest.raises(BadArray, match="shape"):
        checked_trimap(np.zeros((3, 4), np.uint8), (4, 3))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_soft_values_are_snapped_with_a_word(dtype):
    painted = np.array([[0, 13, 60, 100, 128, 140, 190, 200, 244, 255]], dtype)
    told = Told()
    trimap = checked_trimap(painted / np.float32(255) if dtype is np.float32 else painted, watch=told)
    assert trimap.tolist() == [[0, 0, 0, 128, 128, 128, 128, 255, 255, 255]]
    (warning,) = told.warnings
    assert "7 pixels" in warning
    assert "2 as background, 3 as unknown, 2 as foreground" in warning


def test_a_clean_trimap_is_taken_without_a_word():
    told = Told()
    checked_trimap(np.array([[0, 127, 128, 255]], np.uint8), watch=told)
    checked_trimap(np.array([[0, 127 / 255, 128 / 255, 0.5, 1]], np.float32), watch=told)
    assert told.warnings == []


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_levels_that_are_two_per_cent_off_are_those_levels(dtype):
    told = Told()
    off = np.array([[0, 0.01, 0.49, 0.5, 0.51, 0.99, 1]], dtype)
    assert checked_trimap(off, watch=told).tolist() == [[0, 0, 128, 128, 128, 255, 255]]
    assert checked_trimap(np.array([[0, 4, 124, 131, 251]], np.uint8), watch=told).tolist() == [[0, 0, 128, 128, 255]]
    assert told.warnings == []


@given(npst.arrays(np.uint8, npst.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(3, 255)))
def test_snapping_takes_the_nearest_level_and_is_done_once(painted):
    trimap = snapped_trimap(painted).trimap
    levels = np.array([0, 127.5, 255])
    distance = np.abs(painted[..., None] - levels)
    assert (distance.min(axis=-1) == np.abs(painted - np.where(trimap == 128, 127.5, trimap))).all()
    again = snapped_trimap(trimap)
    np.testing.assert_array_equal(again.trimap, trimap)
    assert again.warning == ""


@given(soft_masks, reaches, reaches)
def test_a_mirrored_or_turned_mask_has_the_mirrored_or_turned_trimap(soft_mask, inner, outer):
    trimap = trimap_from_soft_mask(soft_mask, Band(inner, outer))
    for turned in (np.fliplr, np.flipud, np.transpose):
        np.testing.assert_array_equal(
            trimap_from_soft_mask(np.ascontiguousarray(turned(soft_mask)), Band(inner, outer)), turned(trimap)
        )


@pytest.mark.parametrize("reach", [1, 2, 3, 4, 9])
def test_the_frame_takes_nothing_from_a_subject_that_touches_it(reach):
    soft_mask = np.zeros((40, 50), np.float32)
    soft_mask[:, :25] = 1
    row = [255] * (25 - reach) + [128] * 2 * reach + [0] * (25 - reach)
    assert trimap_from_soft_mask(soft_mask, Band(reach, reach)).tolist() == [row] * 40


@pytest.mark.parametrize(
    ("shape", "reach"), [((1, 1), 3), ((1024, 700), 3), ((2048, 10), 6), ((3000, 4000), 12), ((1200, 1100), 4)]
)
def test_the_default_band_grows_with_the_picture(shape, reach):
    assert default_band(shape) == Band(reach, reach)


@pytest.mark.parametrize("factor", [2, 3])
def test_an_enlarged_picture_has_the_enlarged_trimap(factor):
    """Preview and full size agree, but for pixels at the borders between levels."""
    y, x = np.indices((400, 1024))
    radius = np.hypot(y - 200, x - 500) + 12 * np.sin(x / 9)
    soft_mask = np.clip((140 - radius) / 6 + 0.5, 0, 1).astype(np.float32)
    large = cv2.resize(soft_mask, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
    enlarged = trimap_from_soft_mask(soft_mask).repeat(factor, axis=0).repeat(factor, axis=1)
    different = enlarged != trimap_from_soft_mask(large)
    square = np.ones((2 * factor + 1,) * 2, np.uint8)
    at_borders = cv2.dilate(enlarged, square) != cv2.erode(enlarged, square)
    assert not (different & ~at_borders).any()
    literal = trimap_from_soft_mask(large, Band())
    assert np.count_nonzero(enlarged != literal) > 4 * np.count_nonzero(different)
