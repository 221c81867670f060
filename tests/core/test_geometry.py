"""Boxes: conversion, clipping, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutsmith.errors import BadBox
from cutsmith.geometry import Box, box_of_mask, checked_box, interior_points

COORDINATE = st.floats(-500, 500)
BOX = st.builds(
    lambda x, y, width, height: Box(x, y, x + width, y + height),
    COORDINATE,
    COORDINATE,
    st.floats(0.5, 300),
    st.floats(0.5, 300),
)


@given(BOX, st.integers(1, 400), st.integers(1, 400))
def test_clipping_stays_inside_and_is_idempotent(box, width, height) -> None:
    clipped = box.clip(width, height)
    assert 0 <= clipped.x0 <= clipped.x1 <= width
    assert 0 <= clipped.y0 <= clipped.y1 <= height
    assert clipped.clip(width, height) == clipped


@given(BOX, st.floats(0, 50))
def test_growing_adds_the_margin_on_each_side(box, margin) -> None:
    grown = box.grow(margin)
    assert grown.width == pytest.approx(box.width + 2 * margin)
    assert grown.height == pytest.approx(box.height + 2 * margin)


@given(BOX, st.integers(1, 400), st.integers(1, 400))
def test_slices_hold_every_pixel_that_the_box_touches(box, width, height) -> None:
    clipped = box.clip(width, height)
    touched = np.zeros((height, width), bool)
    touched[clipped.slices()] = True
    rows, columns = np.nonzero(touched)
    expected_rows = [y for y in range(height) if y < clipped.y1 and y + 1 > clipped.y0]
    expected_columns = [x for x in range(width) if x < clipped.x1 and x + 1 > clipped.x0]
    if clipped.width > 0 and clipped.height > 0:
        assert sorted(set(rows)) == expected_rows
        assert sorted(set(columns)) == expected_columns


@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_the_box_of_a_mask_is_the_smallest(width, height, data) -> None:
    pixels = data.draw(st.sets(st.tuples(st.integers(0, height - 1), st.integers(0, width - 1))))
    mask = np.zeros((height, width), bool)
    for pixel in pixels:
        mask[pixel] = True
    box = box_of_mask(mask)
    if not pixels:
        assert box is None
        return
    rows, columns = zip(*pixels, strict=True)
    assert box == Box(min(columns), min(rows), max(columns) + 1, max(rows) + 1)


def test_a_box_that_stands_out_is_clipped() -> None:
    assert checked_box((-10, -10, 50, 1000), 100, 80) == Box(0, 0, 50, 80)


@pytest.mark.parametrize(
    ("box", "told"),
    [
        ((1, 2, 3), r"but got \(1, 2, 3\)"),
        ((1, 2, 3, 4, 5), r"but got \(1, 2, 3, 4, 5\)"),
        (("a", 2, 3, 4), r"but got \('a', 2, 3, 4\)"),
        (None, "but got None"),
        ((math.nan, 2, 3, 4), "but got nan,2,3,4"),
        ((0, 0, math.inf, 4), "but got 0,0,inf,4"),
        ((30, 40, 10, 60), r"inverted(.|\n)*Did you mean: box=10,40,30,60"),
        ((30, 60, 10, 40), r"inverted(.|\n)*Did you mean: box=10,40,30,60"),
        ((10, 10, 10, 40), "no area"),
        ((200, 10, 300, 40), "outside the picture, which is 100 x 80"),
        ((-20, -20, 0, 0), "outside the picture"),
    ],
)
def test_a_bad_box_is_told_what_is_wrong_and_what_is_wanted(box, told) -> None:
    with pytest.raises(BadBox, match=told) as caught:
        checked_box(box, 100, 80)
    assert caught.value.exit_code == 2
    assert caught.value.option == "box"
    assert caught.value.wanted == "x0,y0,x1,y1 in pixels with x0 < x1 and y0 < y1, inside 0,0,100,80"
    assert f"must be {caught.value.wanted}" in caught.value.what


def disc(height: int, width: int, x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.indices((height, width))
    return np.hypot(columns + 0.5 - x, rows + 0.5 - y) <= radius


@given(st.integers(20, 60), st.integers(20, 60), st.integers(6, 18))
def test_the_first_interior_point_of_a_disc_is_its_centre(x: int, y: int, radius: int) -> None:
    ((found_x, found_y), *_) = interior_points(disc(80, 80, x, y, radius), 3)
    assert math.hypot(found_x - x, found_y - y) <= 1.5


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_interior_points_lie_in_the_mask_and_apart_and_are_no_more_than_wanted(seed: int, count: int) -> None:
    mask = np.random.default_rng(seed).random((12, 17)) < 0.6
    points = interior_points(mask, count)
    assert len(points) <= count
    assert len(set(points)) == len(points)
    assert bool(points) == bool(mask.any())
    for x, y in points:
        assert mask[int(y), int(x)]


def test_each_of_two_parts_gets_a_point_and_a_much_thinner_one_gets_none() -> None:
    mask = disc(60, 160, 30, 30, 20) | disc(60, 160, 90, 30, 18)
    mask[29:31, 120:158] = True
    points = interior_points(mask, 3)
    assert [round(x / 30) for x, _ in points] == [1, 3]


def test_the_pictures_own_edge_counts_as_an_edge() -> None:
    assert interior_points(np.ones((21, 41), bool), 1)[0][1] == 10.5
    assert interior_points(np.zeros((21, 41), bool), 3) == []
    assert interior_points(np.zeros((0, 0), bool), 3) == []
