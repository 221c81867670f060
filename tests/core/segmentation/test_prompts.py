"""What prompts may say: boxes, points and masks are checked before any network runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutsmith.errors import BadArray, BadBox, BadOption, BadPoint
from cutsmith.protocols import Point, Prompt
from cutsmith.segmentation.prompts import MAX_PROMPTS, checked_mask, checked_points, checked_prompts

WIDTH, HEIGHT = 80, 60


@pytest.mark.parametrize(
    ("box", "says"),
    [
        ((60, 10, 20, 40), "inverted"),
        ((10, 10, 10, 40), "no area"),
        ((90, 10, 120, 40), "outside"),
        ((float("nan"), 0, 10, 10), "finite"),
        ((0, 0, float("inf"), 10), "finite"),
        ((0, 0, 10), "not a box"),
    ],
)
def test_a_bad_box_is_told(box, says):
    with pytest.raises(BadBox, match=says):
        checked_prompts([Prompt(box=box)], WIDTH, HEIGHT)


def test_ten_thousand_boxes_are_refused_and_the_limit_is_told():
    with pytest.raises(BadBox, match=f"10,000 .* at most {MAX_PROMPTS:,}"):
        checked_prompts([Prompt(box=(0, 0, 10, 10))] * 10_000, WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("point", "says"),
    [
        ((80, 10), "outside"),
        ((-1, 10), "outside"),
        ((10, 60), "outside"),
        ((float("nan"), 3), "no point"),
        ((3, 4, 2), "no point"),
        ((3, 4, 0.5), "no point"),
        ((3,), "has 1 values"),
        ((3, 4, 1, 1), "has 4 values"),
        (("a", 4), "not made of numbers"),
    ],
)
def test_a_bad_point_is_told(point, says):
    with pytest.raises(BadPoint, match=says):
        checked_points([point], WIDTH, HEIGHT, alone=True)


def test_points_that_are_all_beside_the_subject_need_something_else():
    with pytest.raises(BadPoint, match="all have the label 0"):
        checked_points([(3, 4, 0)], WIDTH, HEIGHT, alone=True)
    assert checked_points([(3, 4, 0)], WIDTH, HEIGHT, alone=False) == (Point(3, 4, 0),)


@given(st.floats(0, WIDTH, exclude_max=True), st.floats(0, HEIGHT, exclude_max=True), st.sampled_from([(), (1,)]))
def test_every_point_inside_is_taken_as_it_is(x, y, label):
    assert checked_points([(x, y, *label)], WIDTH, HEIGHT, alone=True) == (Point(x, y, 1),)


def test_a_mask_of_another_size_is_told_with_both():
    with pytest.raises(BadArray, match=r"\(80, 60\).*wanted \(60, 80\)"):
        checked_mask(np.zeros((WIDTH, HEIGHT), np.float32), WIDTH, HEIGHT)


@pytest.mark.parametrize("mask", [np.full((60, 80), 1.5), np.full((60, 80), np.nan), np.full((60, 80), 3, np.int64)])
def test_a_mask_of_other_values_is_refused(mask):
    with pytest.raises(BadArray):
        checked_mask(mask, WIDTH, HEIGHT)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float64])
def test_masks_of_every_usual_kind_mean_the_same(dtype):
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[10:20, 30:40] = True
    mask = inside.astype(dtype) * (255 if dtype is np.uint8 else 1)
    checked = checked_mask(mask.astype(dtype), WIDTH, HEIGHT)
    assert checked.dtype == np.float32
    np.testing.assert_array_equal(checked, inside.astype(np.float32))


def test_a_prompt_that_says_nothing_is_refused():
    with pytest.raises(BadOption, match="points at nothing"):
        checked_prompts([Prompt()], WIDTH, HEIGHT)
