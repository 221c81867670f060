"""Clicks as point editors write them, and what is told of a text that holds none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfyui_nodes.click_points import EXAMPLE, click_points
from cutsmith.errors import BadPoint
from cutsmith.protocols import Point

NUMBERS = st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))


def test_what_kjnodes_points_editor_writes_is_read() -> None:
    text = '[{"x": 231.5, "y": 180}, {"x": 0, "y": 12.25}]'
    assert click_points(text, 1, "positive_points") == [Point(231.5, 180, 1), Point(0, 12.25, 1)]
    assert click_points(text, 0, "negative_points") == [Point(231.5, 180, 0), Point(0, 12.25, 0)]


@given(st.lists(st.tuples(NUMBERS, NUMBERS)), st.sampled_from([0, 1]))
def test_pairs_and_objects_are_the_same_points(pairs, label) -> None:
    wanted = [Point(float(x), float(y), label) for x, y in pairs]
    objects = [{"x": x, "y": y, "anything": "else"} for x, y in pairs]
    assert click_points(json.dumps(pairs), label, "points") == wanted
    assert click_points(json.dumps(objects, indent=1), label, "points") == wanted


@pytest.mark.parametrize("text", ["", "  \n\t", "[]", " [ ] ", None, "None"])
def test_an_empty_text_and_an_empty_list_are_no_points(text) -> None:
    assert click_points(text, 1, "positive_points") == []


def test_the_example_that_messages_give_is_understood() -> None:
    assert click_points(EXAMPLE, 1, "positive_points") == [Point(240, 180, 1)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("240, 180", "is not JSON"),
        ("[[240, 180]", "is not JSON"),
        ("{'x': 240}", "is not JSON"),
        ("[" * 200_000, "is not JSON"),
        (f"[[1{'0' * 5000}, 1]]", "is not JSON"),
        ('{"x": 240, "y": 180}', "got a JSON dict"),
        ('"240,180"', "got a JSON str"),
        ("240", "got a JSON int"),
        ("null", "got a JSON NoneType"),
        ("[240, 180]", "got the entry 240"),
        ("[null]", "got the entry null"),
        ('["12"]', 'got the entry "12"'),
        ('[{"x": 240}]', r'got the entry \{"x": 240\}'),
        ('[{"X": 240, "Y": 180}]', "got the entry"),
        ("[[240]]", r"got the entry \[240\]"),
        ("[[240, 180, 1]]", r"got the entry \[240, 180, 1\]"),
        ('[["240", "180"]]', r'got the entry \["240", "180"\]'),
        ('[{"x": "240", "y": 180}]', "got the entry"),
        ("[[true, false]]", r"got the entry \[true, false\]"),
        ('[{"x": 1, "y": true}]', "got the entry"),
        ("[[[1], [2]]]", "got the entry"),
        ("[[NaN, 180]]", r"got the entry \[NaN, 180\]"),
        ('[{"x": 240, "y": NaN}]', "got the entry"),
        ("[[Infinity, 180]]", "got the entry"),
        ("[[240, -Infinity]]", "got the entry"),
        ("[[240, 1e999]]", "got the entry"),
        (f"[[1{'0' * 400}, 180]]", "got the entry"),
    ],
)
def test_what_is_no_list_of_points_is_told_with_the_input_and_an_example(text, told) -> None:
    with pytest.raises(BadPoint, match=f"^positive_points must be a JSON list of points .*{told}") as caught:
        click_points(text, 1, "positive_points")
    assert EXAMPLE in caught.value.what
    assert caught.value.remedy


def test_one_wrong_entry_among_right_ones_is_the_one_that_is_told() -> None:
    with pytest.raises(BadPoint, match=r"but got the entry \[3\]\."):
        click_points("[[1, 2], [3], [4, 5]]", 1, "positive_points")
