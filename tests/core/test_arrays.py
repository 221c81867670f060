"""Arrays that are handed in: what is taken, what it becomes, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from cutsmith.arrays import checked_image, checked_mask, checked_plane
from cutsmith.errors import BadArray

SHAPE = (60, 80)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float16, np.float32, np.float64])
def test_masks_of_every_usual_kind_mean_the_same(dtype):
    inside = np.zeros(SHAPE, bool)
    inside[10:20, 30:40] = True
    mask = inside.astype(dtype) * (255 if dtype is np.uint8 else 1)
    checked = checked_mask(mask.astype(dtype), SHAPE)
    assert checked.dtype == np.float32
    np.testing.assert_array_equal(checked, inside.astype(np.float32))


def test_every_level_of_eight_bits_is_its_share_of_255():
    levels = np.arange(256, dtype=np.uint8)[None]
    np.testing.assert_array_equal(checked_mask(levels), levels.astype(np.float32) / np.float32(255))


@given(npst.arrays(np.float32, (3, 4), elements=st.floats(0, 1, width=32)))
def test_a_soft_mask_is_taken_as_it_is(mask):
    assert checked_mask(mask) is mask


@given(npst.arrays(np.float64, (2, 3), elements=st.floats(-0.1, 1.1)))
def test_the_overshoot_of_resizing_is_clipped(mask):
    np.testing.assert_array_equal(checked_mask(mask), np.clip(mask.astype(np.float32), 0, 1))


@pytest.mark.parametrize("value", [1.11, -0.11, 255.0, -1.0, 1e30])
def test_more_than_rounding_is_refused_with_what_was_found(value):
    mask = np.full(SHAPE, 0.5)
    mask[1, 2] = value
    with pytest.raises(
        BadArray, match=r"mask must be bool, uint8, uint16, or float in \[0, 1\], but got values from"
    ) as caught:
        checked_mask(mask, SHAPE)
    assert f"{value:g}" in caught.value.found
    assert caught.value.option == "mask"
    assert caught.value.cures


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_counted(value):
    mask = np.zeros(SHAPE, np.float32)
    mask[0, :3] = value
    with pytest.raises(BadArray, match="3 values that are NaN or infinite"):
        checked_mask(mask, SHAPE)


@pytest.mark.parametrize("dtype", [np.int64, np.uint32, np.complex64, object])
def test_another_dtype_is_refused_by_name(dtype):
    with pytest.raises(BadArray, match=f"but got {np.dtype(dtype)}"):
        checked_mask(np.full(SHAPE, 2, dtype), SHAPE)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int8, np.int64])
def test_whole_numbers_of_0_and_1_mean_background_and_subject(dtype):
    mask = np.zeros(SHAPE, dtype)
    mask[2:5, 3:9] = 1
    np.testing.assert_array_equal(checked_mask(mask), mask.astype(np.float32))
    assert checked_mask(np.ones(SHAPE, dtype)).min() == 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_whole_numbers_count_by_their_full_range(dtype):
    full = np.iinfo(dtype).max
    mask = np.array([[0, 1, full // 3, full]], dtype)
    np.testing.assert_allclose(checked_mask(mask), mask / full, rtol=1e-6)


def test_eight_bits_in_sixteen_are_refused_with_the_cure():
    with pytest.raises(BadArray, match="no value above 255") as caught:
        checked_mask(np.full((4, 4), 255, np.uint16))
    assert "astype(np.uint8)" in caught.value.remedy


def test_negative_whole_numbers_are_refused():
    with pytest.raises(BadArray, match="int16"):
        checked_mask(np.full((4, 4), -1, np.int16))


def test_lists_images_of_one_channel_and_a_last_axis_of_one_are_masks():
    hard = np.zeros((5, 6), bool)
    hard[1:3, 2:5] = True
    wanted = hard.astype(np.float32)
    gray = Image.fromarray((hard * 255).astype(np.uint8))
    deep = Image.fromarray((hard * 65535).astype(np.uint16))
    for mask in (
        hard.tolist(),
        wanted.tolist(),
        gray,
        gray.convert("1"),
        deep,
        Image.fromarray(wanted),
        wanted[..., None],
    ):
        np.testing.assert_array_equal(checked_mask(mask, (5, 6)), wanted)


@pytest.mark.parametrize(
    ("mask", "told"),
    [
        (Image.new("RGBA", (6, 5)), "mode RGBA"),
        (Image.new("P", (6, 5)), "mode P"),
        ([[1, 2], [3]], "an array of numbers"),
        ("mask.png", "'mask.png'"),
        (None, "None"),
        (b"bytes", "b'bytes'"),
        (np.zeros((1, 5, 6)), r"shape \(1, 5, 6\)"),
        (np.array([["a"]]), "<U1"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(mask, told):
    with pytest.raises(BadArray, match=told):
        checked_mask(mask)


@pytest.mark.parametrize(
    ("shape", "expected"), [((80, 60), SHAPE), ((60, 80, 2), SHAPE), ((60, 80, 3), None), ((0, 4), None), ((4,), None)]
)
def test_another_shape_is_refused_with_both(shape, expected):
    with pytest.raises(BadArray, match="must be of shape") as caught:
        checked_mask(np.zeros(shape, np.float32), expected)
    assert str(shape) in caught.value.found
    assert str(expected or "(H, W)") in caught.value.wanted


def test_the_error_is_about_the_option_that_is_named():
    with pytest.raises(BadArray, match="The soft mask must be") as caught:
        checked_mask(np.zeros(3), name="soft mask")
    assert caught.value.option == "soft_mask"
    with pytest.raises(BadArray) as caught:
        checked_plane(np.zeros((3, 4)), "trimap", (4, 3))
    assert caught.value.option == "trimap"


@pytest.mark.parametrize(
    "image",
    [np.zeros((3, 4), np.uint8), np.zeros((3, 4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8), np.zeros((3, 4, 3))],
)
def test_what_is_not_an_image_is_refused(image):
    with pytest.raises(BadArray, match="The image must be of") as caught:
        checked_image(image)
    assert caught.value.option == "image"
