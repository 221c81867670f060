"""Where a picture lies in the dialog's view."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gimp_plugin.cutsmith.plug_in.pointing import Pointing, objects_of
from gimp_plugin.cutsmith.plug_in.view_geometry import ViewGeometry

lengths = st.integers(1, 9000)
places = st.floats(0, 1)


@given(lengths, lengths, st.integers(50, 2000), st.integers(50, 2000), places, places, st.booleans())
def test_a_place_of_the_picture_is_found_again(width, height, wide, high, x, y, is_whole) -> None:
    view = ViewGeometry((width, height), (wide, high))
    if not is_whole:
        view = view.one_to_one(width * x, height * y)
    at = (width * x * 0.99, height * y * 0.99)
    assert view.picture_at(*view.view_at(*at)) == pytest.approx(at, abs=1e-6 * max(width, height) + 0.1)


@given(lengths, lengths, st.integers(50, 2000), st.integers(50, 2000), places, places)
def test_one_to_one_never_leaves_the_view_empty(width, height, wide, high, x, y) -> None:
    view = ViewGeometry((width, height), (wide, high)).one_to_one(width * x, height * y).shifted(-9e4, 9e4)
    columns, rows = view.seen()
    assert len(columns) >= min(width, wide) - 1
    assert len(rows) >= min(height, high) - 1
    assert 0 <= columns.start <= columns.stop <= width
    assert 0 <= rows.start <= rows.stop <= height


@given(lengths, lengths, st.integers(50, 2000), st.integers(50, 2000))
def test_the_whole_picture_is_seen_and_not_stretched(width, height, wide, high) -> None:
    view = ViewGeometry((width, height), (wide, high))
    assert view.seen() == (range(width), range(height))
    left, top = view.view_at(0, 0)
    right, bottom = view.view_at(width, height)
    assert -0.01 <= left <= right <= wide + 0.01
    assert -0.01 <= top <= bottom <= high + 0.01
    assert (right - left) / width == pytest.approx((bottom - top) / height)


def test_clicks_beside_the_picture_fall_on_its_edge() -> None:
    view = ViewGeometry((100, 50), (300, 300))
    assert view.picture_at(-5, -5) == (0, 0)
    x, y = view.picture_at(900, 900)
    assert (99 < x < 100, 49 < y < 50) == (True, True)


@given(lengths, lengths, st.integers(50, 2000), st.integers(50, 2000))
def test_a_click_on_the_far_corner_is_told_as_inside_the_picture(width, height, wide, high) -> None:
    pointing = Pointing()
    pointing.click(*ViewGeometry((width, height), (wide, high)).picture_at(1e5, 1e5), 1)
    (told,) = objects_of(pointing.as_text())
    ((x, y, _),) = told.points
    assert (x < width, y < height) == (True, True)
