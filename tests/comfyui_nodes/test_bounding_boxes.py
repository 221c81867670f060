"""Boxes of ComfyUI's own type and of other packs: read without a guess, and given back as they came."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from comfyui_nodes.bounding_boxes import native_boxes, objects_of
from cutsmith.errors import BadBox
from cutsmith.geometry import Box
from cutsmith.protocols import Point
from cutsmith.result.cutout import FoundObject

pytestmark = pytest.mark.torch

MUG = {"x": 10, "y": 20, "width": 30.5, "height": 40, "label": "red mug", "score": 0.75}
SPOON = {"x": 1, "y": 2, "width": 3, "height": 4}
FOUND_MUG = FoundObject(Box(10, 20, 40.5, 60), label="red mug", score=0.75)
FOUND_SPOON = FoundObject(Box(1, 2, 4, 6))

# Quarters of pixels: adding and taking away is exact.
quarters = st.integers(-4000, 4000).map(lambda value: value / 4)
native = st.fixed_dictionaries(
    {
        "x": quarters,
        "y": quarters,
        "width": quarters,
        "height": quarters,
    },
    optional={"label": st.sampled_from(["mug", "red mug", "Löffel"]), "score": st.sampled_from([0.0, 0.3, 1.0])},
)


@given(st.lists(st.lists(native, max_size=3), min_size=1, max_size=3))
def test_boxes_of_our_own_nodes_come_back_as_they_went(frames) -> None:
    objects = objects_of(frames, len(frames))
    assert [native_boxes(each) for each in objects] == frames
    assert objects_of([native_boxes(each) for each in objects], len(frames)) == objects


def test_what_has_no_box_is_left_out() -> None:
    clicked = FoundObject(points=(Point(3, 4),), predicted_iou=0.9)
    assert native_boxes([clicked]) == []
    assert native_boxes([clicked, FOUND_MUG]) == [MUG]


def test_without_a_detectors_score_sam2s_own_estimate_is_given() -> None:
    (native_box,) = native_boxes([FoundObject(Box(1, 2, 4, 6), predicted_iou=0.9)])
    assert native_box == {**SPOON, "score": 0.9}
    assert native_boxes([FoundObject(Box(1, 2, 4, 6), score=0.0, predicted_iou=0.9)])[0]["score"] == 0.0


def test_a_score_that_is_not_known_is_left_out() -> None:
    (native_box,) = native_boxes([FOUND_SPOON])
    assert native_box == SPOON
    # As workflows give it that were run by another version, or by another pack.
    assert objects_of([{**SPOON, "score": None}], 1) == [[FOUND_SPOON]]


def test_numbers_of_numpy_become_pythons_own() -> None:
    """ComfyUI sends the boxes of some nodes to its page, as JSON."""
    box = Box(*np.array([1, 2, 4, 6], np.float32))
    made = native_boxes([FoundObject(box, label="mug", score=np.float32(0.5))])
    assert json.loads(json.dumps(made)) == [{**SPOON, "label": "mug", "score": 0.5}]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("bboxes", [MUG, [MUG], (MUG,), [[MUG]]], ids=["a dict", "a list", "a tuple", "a nested list"])
def test_one_box_stands_for_every_image(bboxes, count) -> None:
    assert objects_of(bboxes, count) == [[FOUND_MUG]] * count


def test_a_flat_list_stands_for_every_image_and_a_list_of_lists_has_one_an_image() -> None:
    assert objects_of([MUG, SPOON], 3) == [[FOUND_MUG, FOUND_SPOON]] * 3
    assert objects_of([[MUG], [MUG, SPOON], []], 3) == [[FOUND_MUG], [FOUND_MUG, FOUND_SPOON], []]
    assert objects_of([[MUG, SPOON]], 2) == [[FOUND_MUG, FOUND_SPOON]] * 2


def test_the_lists_of_several_images_are_not_one_and_the_same() -> None:
    for bboxes in (MUG, [MUG], [[MUG]]):
        one, other = objects_of(bboxes, 2)
        one.clear()
        assert other == [FOUND_MUG]


@pytest.mark.parametrize("bboxes", [None, [], ()])
def test_no_boxes_are_none_for_each_image(bboxes) -> None:
    assert objects_of(bboxes, 3) == [[], [], []]


def test_no_box_in_any_image_is_a_batch_in_which_nothing_was_found() -> None:
    assert objects_of([[], []], 2) == [[], []]
    assert objects_of([[]], 2) == [[], []]


CORNERS = [[1, 2, 4, 6], [10, 20, 40.5, 60]]
FOUND = [FoundObject(Box(*corners)) for corners in CORNERS]


@pytest.mark.parametrize(
    "bboxes",
    [
        CORNERS,
        [tuple(corners) for corners in CORNERS],
        tuple(tuple(corners) for corners in CORNERS),
        np.array(CORNERS),
        np.array(CORNERS, np.float32),
        torch.tensor(CORNERS),
        torch.tensor(CORNERS, dtype=torch.float16),
        [np.array(corners) for corners in CORNERS],
        [torch.tensor(corners) for corners in CORNERS],
        [tuple(np.float32(value) for value in corners) for corners in CORNERS],
        [[torch.tensor(value) for value in corners] for corners in CORNERS],
    ],
    ids=[
        "lists",
        "tuples",
        "tuples of tuples",
        "an array",
        "a float32 array",
        "a tensor",
        "a float16 tensor",
        "arrays",
        "tensors",
        "tuples of numpy's numbers",
        "lists of tensors without a shape",
    ],
)
def test_corners_of_other_packs_stand_for_every_image(bboxes) -> None:
    assert objects_of(bboxes, 2) == [FOUND, FOUND]


@pytest.mark.parametrize(
    "bboxes",
    [
        [CORNERS, CORNERS[:1]],
        [np.array(CORNERS), np.array(CORNERS[:1])],
        [torch.tensor(CORNERS), torch.tensor(CORNERS[:1])],
        [[tuple(np.float64(value) for value in corners) for corners in frame] for frame in (CORNERS, CORNERS[:1])],
    ],
    ids=["lists", "arrays", "tensors", "tuples of numpy's numbers"],
)
def test_corners_in_a_list_an_image_are_that_images(bboxes) -> None:
    assert objects_of(bboxes, 2) == [FOUND, FOUND[:1]]


@pytest.mark.parametrize("box", [CORNERS[0], tuple(CORNERS[0]), np.array(CORNERS[0]), torch.tensor(CORNERS[0])])
def test_four_numbers_alone_are_one_box(box) -> None:
    assert objects_of(box, 2) == [FOUND[:1], FOUND[:1]]


SCORED = [[*CORNERS[0], 0.5], [*CORNERS[1], 0.25]]
FOUND_SCORED = [FoundObject(Box(*row[:4]), score=row[4]) for row in SCORED]


@pytest.mark.parametrize("rows", [SCORED, np.array(SCORED), torch.tensor(SCORED), [tuple(row) for row in SCORED]])
def test_a_fifth_number_is_the_score(rows) -> None:
    assert objects_of(rows, 2) == [FOUND_SCORED, FOUND_SCORED]
    assert objects_of([rows, rows[:1]], 2) == [FOUND_SCORED, FOUND_SCORED[:1]]
    assert objects_of(rows[0], 1) == [FOUND_SCORED[:1]]


def test_a_score_that_is_not_finite_is_refused() -> None:
    with pytest.raises(BadBox, match=r"^Each box must be .*\[x0, y0, x1, y1, score\]"):
        objects_of([[1, 2, 4, 6, float("nan")]], 1)


@pytest.mark.parametrize("bboxes", [np.zeros((0, 4)), torch.zeros(0, 4), torch.zeros(2, 0, 4), [torch.zeros(0, 4)] * 2])
def test_arrays_without_a_box_are_none(bboxes) -> None:
    assert objects_of(bboxes, 2) == [[], []]


def test_corners_and_native_boxes_may_stand_side_by_side() -> None:
    assert objects_of([SPOON, CORNERS[1]], 1) == [FOUND]
    assert objects_of([[SPOON], [CORNERS[1]]], 2) == [FOUND[:1], FOUND[1:]]


def test_boxes_for_another_number_of_images_are_told_with_both_numbers() -> None:
    with pytest.raises(BadBox, match="1 or 3 lists of boxes for 3 images, but got 2") as caught:
        objects_of([[MUG], [SPOON]], 3)
    assert "same batch" in caught.value.remedy


@pytest.mark.parametrize(
    "bboxes",
    [
        "10,20,30,40",
        5,
        [1, 2, 3],
        [1, 2, 3, 4, 5, 6],
        ["1234"],
        [["1234"]],
        [[None]],
        [None],
        [MUG, [SPOON]],
        [MUG, None],
        [[[[1, 2, 3, 4]]]],
        [True, False, True, False],
        torch.zeros(3),
        torch.zeros(2, 3, 6),
        {"x": 1, "y": 2, "width": 3},
        [{"x0": 1, "y0": 2, "x1": 3, "y1": 4}],
        [[MUG, {}]],
        {**MUG, "x": None},
        {**MUG, "x": "left"},
        {**MUG, "score": "high"},
    ],
)
def test_what_is_no_box_is_told_with_what_is_wanted(bboxes) -> None:
    with pytest.raises(BadBox, match=r"must be \{x, y, width, height\} in pixels, \[x0, y0, x1, y1\]") as caught:
        objects_of(bboxes, 2)
    assert caught.value.remedy


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 10**400])
@pytest.mark.parametrize("place", range(4))
def test_a_box_that_is_not_finite_is_refused(value, place) -> None:
    corners = [1, 2, 4, 6]
    corners[place] = value
    native_box = dict(zip(("x", "y", "width", "height"), corners, strict=True))
    bad = [corners, [corners], [[corners], []], native_box, [[native_box], []]]
    if isinstance(value, float):
        bad += [torch.tensor(corners), [np.array(corners)]]
    for bboxes in bad:
        with pytest.raises(BadBox, match=r"^Each box must be"):
            objects_of(bboxes, 2)
