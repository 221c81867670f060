"""Windows around a subject: they hold it, stay in the picture, have one size; and weights fade where they shall."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutsmith.errors import BadOption
from cutsmith.result.crop_window import CropWindow, weight_of_mask, weight_of_window, windows_around


def mask_of(width: int, height: int, *box: int) -> np.ndarray:
    mask = np.zeros((height, width), np.float32)
    if box:
        x0, y0, x1, y1 = box
        mask[y0:y1, x0:x1] = 1
    return mask


def test_the_window_has_the_margin_and_is_a_multiple() -> None:
    (window,) = windows_around([mask_of(400, 300, 100, 100, 200, 150)], margin=0.2, multiple=8)
    # 20 pixels on each side of 100 x 50: 140 x 90, and then multiples of 8.
    assert window == CropWindow(78, 77, 144, 96)


def test_a_window_at_the_edge_is_moved_inside() -> None:
    (window,) = windows_around([mask_of(400, 300, 350, 0, 400, 40)], margin=0.5, multiple=16)
    assert window.x + window.width == 400
    assert window.y == 0


def test_all_windows_have_the_size_of_the_largest_and_an_empty_mask_asks_for_none() -> None:
    masks = [mask_of(400, 300, 10, 10, 50, 50), mask_of(400, 300), mask_of(400, 300, 200, 100, 300, 180)]
    windows = windows_around(masks, margin=0, multiple=1)
    assert {(each.width, each.height) for each in windows} == {(100, 80)}
    assert windows[1] == CropWindow(150, 110, 100, 80)


def test_without_any_subject_the_window_is_the_picture() -> None:
    assert windows_around([mask_of(400, 304)], multiple=8) == [CropWindow(0, 0, 400, 304)]


def test_a_size_gives_its_proportions_around_each_subject() -> None:
    masks = [mask_of(800, 600, 100, 100, 200, 150), mask_of(800, 600, 400, 100, 420, 300)]
    one, two = windows_around(masks, margin=0, size=(1024, 512))
    assert (one.width, one.height) == (100, 50)
    assert (two.width, two.height) == (400, 200)


def test_where_the_picture_is_too_small_the_window_reaches_beyond_both_sides() -> None:
    (window,) = windows_around([mask_of(100, 40, 10, 5, 90, 35)], margin=0, size=(512, 512))
    assert (window.width, window.height) == (80, 80)
    assert (window.y, window.y + window.height) == (-20, 60)
    assert window.within(100, 40) == (slice(0, 40), slice(10, 90))


@given(st.integers(1, 60), st.integers(1, 60), st.data(), st.floats(0, 2), st.sampled_from([1, 8, 64]), st.booleans())
def test_the_subject_lies_in_its_window(width, height, data, margin, multiple, is_sized) -> None:
    x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    x1, y1 = data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height))
    size = data.draw(st.tuples(st.integers(1, 100), st.integers(1, 100))) if is_sized else None
    (window,) = windows_around([mask_of(width, height, x0, y0, x1, y1)], margin=margin, multiple=multiple, size=size)
    # A pixel less where proportions are rounded.
    slack = 1 if is_sized else 0
    assert window.x <= x0 + slack
    assert window.y <= y0 + slack
    assert window.x + window.width >= x1 - slack
    assert window.y + window.height >= y1 - slack
    if not is_sized:
        assert window.width % multiple == 0
        assert window.height % multiple == 0
    for start, side, whole in ((window.x, window.width, width), (window.y, window.height, height)):
        assert (0 <= start <= whole - side) if side <= whole else (start <= 0 and start + side >= whole)


@pytest.mark.parametrize(
    "wrong", [{"margin": -0.1}, {"margin": math.nan}, {"multiple": 0}, {"size": (0, 5)}, {"size": (5, -1)}]
)
def test_values_out_of_range_are_refused(wrong) -> None:
    with pytest.raises(BadOption, match="must be"):
        windows_around([mask_of(9, 9, 1, 1, 2, 2)], **wrong)


def test_the_weight_is_whole_on_the_subject_and_fades_within_the_feather() -> None:
    weight = weight_of_mask(mask_of(60, 40, 20, 15, 30, 25), 8)
    assert (weight[15:25, 20:30] == 1).all()
    row = weight[20, 30:40]
    assert (np.diff(row[:8]) < 0).all()
    assert row[7] > 0
    assert row[8] == 0
    np.testing.assert_array_equal(weight_of_mask(mask_of(60, 40, 20, 15, 30, 25), 0), mask_of(60, 40, 20, 15, 30, 25))
    assert weight_of_mask(mask_of(60, 40), 8).max() == 0


def test_a_window_fades_at_its_own_sides_and_not_at_the_pictures() -> None:
    weight = weight_of_window(CropWindow(0, 10, 30, 20), 100, 30, 4)
    assert (weight[-1, :20] == 1).all()
    assert (weight[10, :20] == 1).all()
    assert 0 < weight[0, 5] < 0.2
    assert 0 < weight[10, -1] < 0.2
    assert weight_of_window(CropWindow(5, 5, 9, 9), 100, 100, 0).min() == 1
