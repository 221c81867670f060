"""What prompts may say: boxes, points and masks are checked before any network runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutsmith.errors import BadArray, BadBox, BadOption, BadPoint
from cutsmith.protocols import Point, Prompt
from cutsmith.segmentation.prompts import MAX_PROMPTS, checked_points, checked_prompts

WIDTH, HEIGHT = 80, 60


@pytest.mark.parametrize(
    ("box", "says"),
    [
        ((60, 10, 20, 40), "inverted"),
        ((10, 10, 10, 40), "no area"),
        ((90, 10, 120, 40), "outside"),
        ((float("nan"), 0, 10, 10), "but got nan,0,10,10"),
        ((0, 0, float("inf"), 10), "but got 0,0,inf,10"),
        ((0, 0, 10), "must be x0,y0,x1,y1"),
    ],
)
def test_a_bad_box_is_told(box, says):
    with pytest.raises(BadBox, match=says):
        checked_prompts([Prompt(box=box)], WIDTH, HEIGHT)


def test_ten_thousand_boxes_are_refused_and_the_limit_is_told():
    with pytest.raises(BadBox, match=f"at most {MAX_PROMPTS:,}, but got 10,000"):
        checked_prompts([Prompt(box=(0, 0, 10, 10))] * 10_000, WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("point", "says"),
    [
        ((80, 10), "outside"),
        ((-1, 10), "outside"),
        ((10, 60), "outside"),
        ((float("nan"), 3), "x,y or x,y,label .* but got nan,3"),
        ((3, 4, 2), "label of 1 .* or 0 .* but got 3,4,2"),
        ((3, 4, 0.5), "label of 1 .* or 0 .* but got 3,4,0.5"),
        ((3,), "x,y or x,y,label .* but got 3"),
        ((3, 4, 1, 1), "x,y or x,y,label .* but got 3,4,1,1"),
        (("a", 4), "x,y or x,y,label .* but got a,4"),
        ((None, 4), "x,y or x,y,label .* but got None,4"),
    ],
)
def test_a_bad_point_is_told(point, says):
    with pytest.raises(BadPoint, match=says) as caught:
        checked_points([point], WIDTH, HEIGHT, alone=True)
    assert caught.value.option == "points"
    assert caught.value.found == ",".join(map(str, point))
    assert caught.value.wanted.startswith("x,y")


def test_points_that_are_all_beside_the_subject_need_something_else():
    with pytest.raises(BadPoint, match="all have the label 0"):
        checked_points([(3, 4, 0)], WIDTH, HEIGHT, alone=True)
    assert checked_points([(3, 4, 0)], WIDTH, HEIGHT, alone=False) == (Point(3, 4, 0),)


@given(st.floats(0, WIDTH, exclude_max=True), st.floats(0, HEIGHT, exclude_max=True), st.sampled_from([(), (1,)]))
def test_every_point_inside_is_taken_as_it_is(x, y, label):
    assert checked_points([(x, y, *label)], WIDTH, HEIGHT, alone=True) == (Point(x, y, 1),)


def test_a_rough_mask_is_checked_and_read_as_floats():
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[10:20, 30:40] = 255
    (checked,) = checked_prompts([Prompt(mask=mask)], WIDTH, HEIGHT)
    np.testing.assert_array_equal(checked.mask, (mask > 0).astype(np.float32))
    with pytest.raises(BadArray, match=r"must be of shape \(60, 80\).*\(80, 60\)"):
        checked_prompts([Prompt(mask=mask.T)], WIDTH, HEIGHT)


def test_a_prompt_that_says_nothing_is_refused():
    with pytest.raises(BadOption, match="must have a box, points or a mask"):
        checked_prompts([Prompt()], WIDTH, HEIGHT)
