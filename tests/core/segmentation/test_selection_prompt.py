from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutsmith.errors import BadArray
from cutsmith.segmentation.selection_prompt import prompt_of_selection


def selection(height: int = 40, width: int = 60) -> np.ndarray:
    soft = np.zeros((height, width), np.uint8)
    soft[10:30, 5:45] = 255
    soft[9], soft[30] = 100, 100
    return soft


def test_the_box_is_that_of_what_is_selected_by_half_or_more() -> None:
    prompt = prompt_of_selection(selection(), 60, 40, with_points=False)
    assert prompt.box == (5, 10, 45, 30)
    assert prompt.points == ()


def test_points_lie_deep_inside() -> None:
    prompt = prompt_of_selection(selection(), 60, 40, with_points=True)
    assert 1 <= len(prompt.points) <= 3
    for x, y, label in prompt.points:
        assert label == 1
        assert 10 <= x <= 40
        assert 18 <= y <= 22


def test_of_a_faint_selection_each_pixel_counts() -> None:
    faint = (selection() // 4).astype(np.uint8)
    assert prompt_of_selection(faint, 60, 40, with_points=False).box == (0, 9, 60, 31)


@given(st.integers(0, 39), st.integers(0, 59))
def test_a_single_pixel_is_a_box_and_a_point_in_it(row: int, column: int) -> None:
    one = np.zeros((40, 60), bool)
    one[row, column] = True
    prompt = prompt_of_selection(one, 60, 40, with_points=True)
    assert prompt.box == (column, row, column + 1, row + 1)
    assert [tuple(point) for point in prompt.points] == [(column + 0.5, row + 0.5, 1)]


def test_nothing_selected_and_another_size_are_told() -> None:
    with pytest.raises(BadArray, match="Nothing in the picture is selected"):
        prompt_of_selection(np.zeros((40, 60), np.uint8), 60, 40, with_points=True)
    with pytest.raises(BadArray, match="The selection must be of shape"):
        prompt_of_selection(np.zeros((40, 61), np.uint8), 60, 40, with_points=True)
