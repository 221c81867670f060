"""Boxes as the editor writes them and as people type them, and what is told of a text that holds none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comfyui_nodes.drawn_boxes import EXAMPLE, drawn_boxes
from cutsmith.errors import BadBox
from cutsmith.geometry import Box

SIDES = st.integers(0, 2**20)


@settings(deadline=None)  # the first call imports what it needs
@given(st.lists(st.tuples(SIDES, SIDES, SIDES, SIDES), max_size=5))
def test_objects_and_corners_are_the_same_boxes(boxes) -> None:
    objects = [{"x": x, "y": y, "width": width, "height": height} for x, y, width, height in boxes]
    corners = [[x, y, x + width, y + height] for x, y, width, height in boxes]
    wanted = [Box(*map(float, each)) for each in corners]
    assert [found.box for found in drawn_boxes(json.dumps(objects))] == wanted
    assert [found.box for found in drawn_boxes(json.dumps(corners))] == wanted


def test_a_label_stays() -> None:
    (found,) = drawn_boxes('[{"x": 1, "y": 2, "width": 3, "height": 4, "label": "cat"}]')
    assert found.label == "cat"


@pytest.mark.parametrize("text", ["", " \n", "[]", None, "None"])
def test_an_empty_text_and_an_empty_list_are_no_boxes(text) -> None:
    assert drawn_boxes(text) == []


def test_the_example_that_messages_give_is_understood() -> None:
    (found,) = drawn_boxes(EXAMPLE)
    assert found.box == Box(40, 60, 240, 180)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("40, 60, 240, 180", "is not JSON"),
        ('{"x": 40, "y": 60, "width": 200, "height": 120}', "got a JSON dict"),
        ("[40, 60, 240, 180]", "got the entry 40"),
        ("[[]]", r"got the entry \[\]"),
        ("[[[1, 2, 3, 4], [5, 6, 7, 8]]]", "got the entry"),
        ("[[1, 2, 3]]", r"got the entry \[1, 2, 3\]"),
        ('[{"x": 1, "y": 2}]', "got the entry"),
        ('[{"x": 1, "y": 2, "width": "wide", "height": 4}]', "got the entry"),
        ("[[1, 2, 3, NaN]]", "got the entry"),
        ('["1,2,3,4"]', "got the entry"),
    ],
)
def test_what_is_no_list_of_boxes_is_told_with_the_input_and_an_example(text, told) -> None:
    with pytest.raises(BadBox, match=f"^boxes must be a JSON list of boxes .*{told}") as caught:
        drawn_boxes(text)
    assert EXAMPLE in caught.value.what
    assert caught.value.remedy
