"""What is done to a mask by hand: how far its edge moves, what a blur leaves, and in which order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutsmith.errors import BadArray, BadOption
from cutsmith.matting.mask_edits import edited_mask, hardened


def random_mask(height: int, width: int, seed: int, share: float) -> np.ndarray:
    """A mask of which `share` is more than background, in levels of 1/256.

    1 - k/256 is exact in float32, so that "the same" is the same bits.
    """
    generator = np.random.default_rng(seed)
    levels = generator.integers(0, 257, (height, width)) * (generator.random((height, width)) < share)
    return (levels / 256).astype(np.float32)


# The first example pays for an import.
unhurried = settings(max_examples=60, deadline=None)
sides = st.integers(1, 24)
masks = st.builds(random_mask, sides, sides, st.integers(0, 2**32 - 1), st.sampled_from([0.02, 0.3, 1.0]))
offsets = st.integers(-12, 12)
radii = st.integers(1, 12)
blurs = st.floats(0.25, 5)


def dot(side: int) -> np.ndarray:
    """A mask of `side` x `side` pixels with one of the subject's in the middle."""
    mask = np.zeros((side, side), np.float32)
    mask[side // 2, side // 2] = 1
    return mask


def disc(side: int, radius: float) -> np.ndarray:
    y, x = np.indices((side, side)) - side // 2
    return (np.hypot(y, x) <= radius).astype(np.float32)


@unhurried
@given(masks)
def test_without_edits_the_mask_comes_back_as_an_array_of_its_own(mask):
    edited = edited_mask(mask)
    np.testing.assert_array_equal(edited, mask)
    assert edited.dtype == np.float32
    assert not np.shares_memory(edited, mask)


@unhurried
@given(masks, offsets, st.one_of(st.just(0.0), blurs), st.booleans())
def test_every_edit_keeps_the_size_and_the_range_and_leaves_what_was_given_alone(mask, offset, blur, invert):
    before = mask.copy()
    edited = edited_mask(mask, offset=offset, blur=blur, invert=invert)
    assert edited.shape == mask.shape
    assert edited.dtype == np.float32
    assert edited.min() >= 0
    assert edited.max() <= 1
    np.testing.assert_array_equal(mask, before)


@unhurried
@given(masks, offsets, offsets)
def test_a_larger_offset_never_gives_less(mask, one, other):
    smaller, larger = sorted((one, other))
    assert (edited_mask(mask, offset=smaller) <= edited_mask(mask, offset=larger)).all()


@unhurried
@given(masks, radii)
def test_growing_gives_no_less_than_the_mask_and_shrinking_no_more(mask, radius):
    assert (edited_mask(mask, offset=radius) >= mask).all()
    assert (edited_mask(mask, offset=-radius) <= mask).all()


@unhurried
@given(masks, radii)
def test_shrinking_the_subject_is_growing_the_background(mask, radius):
    np.testing.assert_array_equal(edited_mask(mask, offset=-radius), 1 - edited_mask(1 - mask, offset=radius))


@unhurried
@given(masks, radii)
def test_what_grew_and_shrank_covers_the_mask(mask, radius):
    closed = edited_mask(edited_mask(mask, offset=radius), offset=-radius)
    opened = edited_mask(edited_mask(mask, offset=-radius), offset=radius)
    assert (closed >= mask).all()
    assert (opened <= mask).all()


@pytest.mark.parametrize("radius", [1, 2, 3, 4, 5, 8, 13, 24, 40, 64])
def test_a_pixel_grows_into_a_disc_and_hardly_more(radius):
    side = 2 * radius + 9
    grown = edited_mask(dot(side), offset=radius) == 1
    y, x = np.indices((side, side)) - side // 2
    distance = np.hypot(y, x)
    assert grown[distance <= radius].all()
    assert distance[grown].max() <= 1.09 * radius + 1


@unhurried
@given(masks, radii)
def test_beyond_the_edge_there_is_neither_subject_nor_background(mask, radius):
    inside = np.s_[radius : radius + mask.shape[0], radius : radius + mask.shape[1]]
    amid_background = np.pad(mask, radius, constant_values=0)
    np.testing.assert_array_equal(edited_mask(mask, offset=radius), edited_mask(amid_background, offset=radius)[inside])
    amid_subject = np.pad(mask, radius, constant_values=1)
    np.testing.assert_array_equal(edited_mask(mask, offset=-radius), edited_mask(amid_subject, offset=-radius)[inside])


@unhurried
@given(masks, st.sampled_from([48, 1000, 10**9]))
def test_an_offset_beyond_the_picture_reaches_all_of_it(mask, offset):
    assert np.unique(edited_mask(mask, offset=offset)).tolist() == [mask.max()]
    assert np.unique(edited_mask(mask, offset=-offset)).tolist() == [mask.min()]


@unhurried
@given(st.integers(0, 256), blurs, st.integers(1, 30), st.integers(1, 30))
def test_a_blur_leaves_an_even_mask_even(level, blur, height, width):
    even = np.full((height, width), level / 256, np.float32)
    np.testing.assert_allclose(edited_mask(even, blur=blur), even, atol=1e-6)


@unhurried
@given(masks, blurs)
def test_a_blur_makes_nothing_brighter_or_darker_than_it_was(mask, blur):
    blurred = edited_mask(mask, blur=blur)
    assert blurred.min() >= mask.min() - 1e-6
    assert blurred.max() <= mask.max() + 1e-6


@unhurried
@given(st.floats(0.5, 5), st.integers(0, 10))
def test_a_blur_keeps_the_area_of_a_subject_amid_the_picture(blur, radius):
    mask = disc(81, radius)
    blurred = edited_mask(mask, blur=blur)
    assert blurred.mean() == pytest.approx(mask.mean(), rel=1e-3)


@pytest.mark.parametrize("blur", [1.0, 2.5, 6.0])
def test_a_blur_is_a_standard_deviation_in_pixels(blur):
    blurred = edited_mask(dot(81), blur=blur)
    y, x = np.indices(blurred.shape) - 40
    for axis in (y, x):
        assert np.sqrt((blurred * axis**2).sum() / blurred.sum()) == pytest.approx(blur, rel=0.01)


@unhurried
@given(masks)
def test_inverting_twice_gives_the_mask_back(mask):
    inverted = edited_mask(mask, invert=True)
    np.testing.assert_array_equal(inverted, 1 - mask)
    np.testing.assert_array_equal(edited_mask(inverted, invert=True), mask)


def test_hardening_makes_the_inside_solid_and_leaves_the_edge_and_all_below_it() -> None:
    mask = np.array([[0, 0.02, 0.3, 0.5, 0.575, 0.65, 0.8, 0.9, 1]], np.float32)
    wanted = [[0, 0.02, 0.3, 0.5, 0.625, 0.75, 1, 1, 1]]
    np.testing.assert_allclose(hardened(mask, harden=0.2), wanted, atol=1e-6)


def test_the_most_hardening_makes_all_that_is_more_subject_than_not_solid() -> None:
    mask = np.array([[0, 0.49, 0.5, np.nextafter(np.float32(0.5), np.float32(1)), 0.51, 1]], np.float32)
    np.testing.assert_array_equal(hardened(mask, harden=0.5), np.array([[0, 0.49, 0.5, 1, 1, 1]], np.float32))


hardnesses = st.floats(0, 0.5)


@unhurried
@given(masks, hardnesses, hardnesses)
def test_more_hardening_never_gives_less_and_never_moves_the_edge(mask, one, other) -> None:
    softer, harder = sorted((one, other))
    assert (hardened(mask, harden=softer) <= hardened(mask, harden=harder) + 1e-6).all()
    solid = hardened(mask, harden=harder)
    np.testing.assert_array_equal(solid > 0.5, mask > 0.5)
    np.testing.assert_array_equal(solid[mask <= 0.5], mask[mask <= 0.5])
    assert (solid[mask >= 1 - harder + 1e-6] >= 1 - 1e-6).all() or harder == 0


@unhurried
@given(masks, st.floats(0.001, 1))
def test_a_threshold_leaves_no_soft_value(mask, threshold) -> None:
    np.testing.assert_array_equal(hardened(mask, threshold=threshold), mask >= np.float32(threshold))


def test_a_threshold_of_one_keeps_only_what_is_wholly_subject() -> None:
    mask = np.array([[0, 0.5, 254 / 255, 1]], np.float32)
    assert hardened(mask, threshold=1).tolist() == [[0, 0, 0, 1]]


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("harden", -0.1, "from 0 to 0.5"),
        ("harden", 0.51, "from 0 to 0.5"),
        ("harden", np.nan, "from 0 to 0.5"),
        ("threshold", 0, "from 0.001 to 1"),
        ("threshold", 1.01, "from 0.001 to 1"),
        ("threshold", 128, "from 0.001 to 1"),
    ],
)
def test_a_hardness_outside_its_range_is_refused(option, value, wanted) -> None:
    with pytest.raises(BadOption, match=f"{option} must be a number {wanted}, but got"):
        hardened(dot(5), **{option: value})


@unhurried
@given(masks, offsets, blurs)
def test_the_offset_comes_first_then_the_blur_then_the_inversion(mask, offset, blur):
    step_by_step = edited_mask(edited_mask(edited_mask(mask, offset=offset), blur=blur), invert=True)
    np.testing.assert_array_equal(edited_mask(mask, offset=offset, blur=blur, invert=True), step_by_step)


def test_another_order_would_give_another_mask():
    mask = disc(41, 6)
    together = edited_mask(mask, offset=4, blur=2.0, invert=True)
    blurred_first = edited_mask(edited_mask(edited_mask(mask, blur=2.0), offset=4), invert=True)
    inverted_first = edited_mask(edited_mask(edited_mask(mask, invert=True), offset=4), blur=2.0)
    assert np.abs(together - blurred_first).max() > 0.1
    assert np.abs(together - inverted_first).max() > 0.1


@pytest.mark.parametrize("blur", [-0.5, -1e-9, np.nan, np.inf])
def test_a_blur_that_is_no_width_is_refused(blur):
    with pytest.raises(BadOption, match="mask_blur must be a number, 0 or more, but got"):
        edited_mask(dot(5), blur=blur)


@pytest.mark.parametrize(
    "mask",
    [
        np.full((3, 3), 2, np.int64),
        np.zeros((3, 3, 2), np.float32),
        np.zeros((0, 3), np.float32),
        np.full((3, 3), 1.5, np.float32),
        np.full((3, 3), -0.5, np.float32),
        np.full((3, 3), np.nan, np.float32),
    ],
)
def test_what_is_no_mask_is_refused(mask):
    with pytest.raises(BadArray, match="mask"):
        edited_mask(mask, offset=1)


@pytest.mark.parametrize("dtype", [bool, np.uint8])
def test_hard_masks_are_read_as_floats(dtype):
    hard = (dot(5) * (255 if dtype is np.uint8 else 1)).astype(dtype)
    np.testing.assert_array_equal(edited_mask(hard, offset=1), edited_mask(dot(5), offset=1))


def test_the_mask_that_is_given_stays_as_it_was():
    mask = dot(5)
    assert not np.shares_memory(edited_mask(mask), mask)


def test_double_precision_is_taken_and_single_given():
    edited = edited_mask(dot(5).astype(np.float64), offset=1)
    assert edited.dtype == np.float32
    assert edited.sum() == 5
