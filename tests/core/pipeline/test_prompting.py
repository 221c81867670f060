"""What the segmenter is asked for: boxes, clicks and a rough mask, put together by the rules of `asked_by_boxes`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutsmith.geometry import Box
from cutsmith.pipeline.prompting import Asked, asked_by_boxes
from cutsmith.protocols import Point, Prompt
from cutsmith.result.cutout import FoundObject
from cutsmith.segmentation.prompts import checked_prompts

WIDTH, HEIGHT = 80, 60
LEFT = FoundObject(Box(5, 5, 40, 50), label="mug", score=0.9)
RIGHT = FoundObject(Box(30, 10, 70, 55), label="spoon", score=0.6)
IN_LEFT, IN_RIGHT, IN_BOTH, OUTSIDE = Point(10, 10), Point(60, 40), Point(35, 30), Point(75, 2)
BESIDE = Point(50, 3, 0)

points = st.builds(Point, st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.sampled_from([0, 1]))
boxes = st.builds(
    lambda x, y, width, height: FoundObject(Box(x, y, x + width, y + height)),
    st.integers(0, WIDTH - 10),
    st.integers(0, HEIGHT - 10),
    st.integers(1, 30),
    st.integers(1, 30),
)


def blot(*places: tuple[slice, slice]) -> np.ndarray:
    """A rough mask, float32 (H, W), that is 0.75 in `places`."""
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    for place in places:
        mask[place] = 0.75
    return mask


def test_each_box_is_an_object_in_the_order_of_the_boxes() -> None:
    asked = asked_by_boxes([LEFT, RIGHT], [], None)
    assert asked == [Asked(Prompt(LEFT.box), LEFT), Asked(Prompt(RIGHT.box), RIGHT)]


def test_a_click_on_the_subject_belongs_to_every_box_that_it_lies_in() -> None:
    asked = asked_by_boxes([LEFT, RIGHT], [IN_LEFT, IN_BOTH, IN_RIGHT], None)
    assert [each.prompt.points for each in asked] == [(IN_LEFT, IN_BOTH), (IN_BOTH, IN_RIGHT)]
    assert [each.found.points for each in asked] == [(IN_LEFT, IN_BOTH), (IN_BOTH, IN_RIGHT)]
    assert [(each.found.label, each.found.score) for each in asked] == [("mug", 0.9), ("spoon", 0.6)]


def test_clicks_outside_all_boxes_are_one_more_object() -> None:
    further = Point(2, 58)
    asked = asked_by_boxes([LEFT, RIGHT], [OUTSIDE, IN_LEFT, further], None)
    assert len(asked) == 3
    assert asked[-1] == Asked(Prompt(None, (OUTSIDE, further)), FoundObject(points=(OUTSIDE, further)))


def test_clicks_without_boxes_are_one_object() -> None:
    assert asked_by_boxes([], [IN_LEFT, IN_RIGHT], None) == [
        Asked(Prompt(None, (IN_LEFT, IN_RIGHT)), FoundObject(points=(IN_LEFT, IN_RIGHT)))
    ]


def test_a_click_beside_the_subject_holds_for_all_and_is_no_object_itself() -> None:
    asked = asked_by_boxes([LEFT, RIGHT], [BESIDE, IN_LEFT, OUTSIDE], None)
    assert [each.prompt.points for each in asked] == [(IN_LEFT, BESIDE), (BESIDE,), (OUTSIDE, BESIDE)]
    assert [each.found.points for each in asked] == [(IN_LEFT,), (), (OUTSIDE,)]


def test_a_rough_mask_is_shared_out_among_the_boxes() -> None:
    mask = blot(np.s_[20:30, 10:20], np.s_[20:30, 50:78])
    left, right = asked_by_boxes([LEFT, RIGHT], [], mask)
    np.testing.assert_array_equal(left.prompt.mask, blot(np.s_[20:30, 10:20]))
    np.testing.assert_array_equal(right.prompt.mask, blot(np.s_[20:30, 50:70]))
    assert mask[20:30, 70:78].all()  # what was given is as it was


def test_a_box_in_which_the_rough_mask_shows_nothing_goes_without() -> None:
    left, right = asked_by_boxes([LEFT, RIGHT], [], blot(np.s_[20:30, 10:20]))
    assert left.prompt.mask is not None
    assert right.prompt.mask is None


def test_one_box_takes_the_rough_mask_as_it_is() -> None:
    mask = blot(np.s_[20:30, 10:60])  # beyond the box
    (asked,) = asked_by_boxes([LEFT], [IN_LEFT], mask)
    np.testing.assert_array_equal(asked.prompt.mask, mask)


def test_without_boxes_a_rough_mask_goes_with_the_clicks() -> None:
    mask = blot(np.s_[20:30, 10:20])
    (asked,) = asked_by_boxes([], [IN_LEFT, BESIDE], mask)
    assert asked.prompt.points == (IN_LEFT, BESIDE)
    np.testing.assert_array_equal(asked.prompt.mask, mask)
    assert asked.found == FoundObject(points=(IN_LEFT,))


@pytest.mark.parametrize("clicks", [[], [BESIDE]])
def test_a_rough_mask_alone_is_one_object(clicks) -> None:
    mask = blot(np.s_[20:30, 10:20])
    (asked,) = asked_by_boxes([], clicks, mask)
    assert (asked.prompt.box, asked.prompt.points, asked.found) == (None, tuple(clicks), FoundObject())
    np.testing.assert_array_equal(asked.prompt.mask, mask)


def test_beside_boxes_a_rough_mask_is_not_that_of_the_other_clicks() -> None:
    *_, loose = asked_by_boxes([LEFT], [OUTSIDE], blot(np.s_[20:30, 10:20]))
    assert loose.prompt == Prompt(None, (OUTSIDE,))


@pytest.mark.parametrize(("found", "clicks"), [([], []), ([LEFT, RIGHT], [IN_LEFT]), ([], [OUTSIDE])])
def test_an_empty_mask_is_none(found, clicks) -> None:
    assert asked_by_boxes(found, clicks, blot()) == asked_by_boxes(found, clicks, None)


@pytest.mark.parametrize("clicks", [[], [BESIDE]])
def test_where_nothing_is_asked_for_there_is_no_prompt(clicks) -> None:
    assert asked_by_boxes([], clicks, None) == []


@settings(max_examples=100, deadline=None)
@given(st.lists(boxes, max_size=4), st.lists(points, max_size=6), st.booleans(), st.integers(0, 2**32 - 1))
def test_no_click_is_lost_and_the_engine_takes_every_prompt(found, clicks, with_mask, seed) -> None:
    mask = None
    if with_mask:
        generator = np.random.default_rng(seed)
        mask = (generator.random((HEIGHT, WIDTH)) * (generator.random((HEIGHT, WIDTH)) < 0.01)).astype(np.float32)
    asked = asked_by_boxes(found, clicks, mask)
    prompts = [each.prompt for each in asked]
    assert len(checked_prompts(prompts, WIDTH, HEIGHT)) == len(prompts)
    assert [prompt.box for prompt in prompts][: len(found)] == [each.box for each in found]
    assert len(prompts) - len(found) in (0, 1)
    taken = {point for prompt in prompts for point in prompt.points}
    assert {point for point in clicks if point.label} <= taken
    if prompts:
        assert taken == set(clicks)
