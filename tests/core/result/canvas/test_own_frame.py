"""The picture's own frame, changed: cut down to the subject, or with the subject at another size or place in it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutsmith.geometry import Box
from cutsmith.result.canvas.laying import lay_in_own_frame
from cutsmith.result.canvas.layout import Subject
from cutsmith.result.canvas.own_frame import Margins, OwnFrame, place_in_own_frame, shrunk_size
from cutsmith.result.canvas.settings import Margin
from tests.core.result.canvas.test_laying import cutout
from tests.core.result.canvas.test_layout import WHOLE, subjects

PIXELS = st.integers(1, 2_000_000)
SHARES = st.tuples(st.floats(0, 1), st.floats(0, 1))
MARGIN = st.one_of(st.integers(0, 500).map(Margin), st.floats(0, 2).map(lambda share: Margin(share=share)))
MARGINS = st.builds(Margins, MARGIN, MARGIN, MARGIN, MARGIN)
# 40 x 30 pixels of a picture of 200 x 100, none of them at its edge.
SMALL = Subject(Box(20, 10, 60, 40), 200, 100)


def test_a_frame_that_is_not_changed_shows_the_very_picture() -> None:
    given_cutout = cutout()
    laid = lay_in_own_frame(given_cutout, OwnFrame())
    assert np.shares_memory(laid.foreground, given_cutout.foreground)
    assert (laid.foreground == given_cutout.foreground).all()
    assert (laid.alpha == given_cutout.alpha).all()
    assert laid.shadow is None


@given(
    subjects(), PIXELS, MARGINS, st.booleans(), st.one_of(st.none(), st.floats(0.1, 1)), st.one_of(st.none(), SHARES)
)
def test_no_frame_has_more_pixels_than_it_may_have_and_the_subject_lies_inside(
    subject, most_pixels, margins, cut_down, fill, place
) -> None:
    placed = place_in_own_frame(subject, OwnFrame(cut_down, margins, fill, place, most_pixels))
    assert placed.width * placed.height <= most_pixels
    clipped = placed.box.clip(placed.width, placed.height)
    assert tuple(clipped) == pytest.approx(tuple(placed.box), abs=1e-6)


@given(WHOLE, st.floats(0.1, 1), SHARES)
def test_the_fill_is_reached_on_the_side_that_limits_it_and_the_place_is_kept(subject, fill, place) -> None:
    placed = place_in_own_frame(subject, OwnFrame(fill=fill, place=place))
    size = (placed.width, placed.height)
    assert size == (subject.width, subject.height)
    assert abs(placed.fill - fill) <= 1 / min(size)
    assert abs(placed.box.x0 - (size[0] - placed.box.width) * place[0]) <= 0.5
    assert abs(placed.box.y0 - (size[1] - placed.box.height) * place[1]) <= 0.5


@pytest.mark.parametrize(
    ("place", "box"),
    [
        ((0.0, 0.0), (0, 0, 40, 30)),
        ((1.0, 1.0), (160, 70, 200, 100)),
        ((0.5, 0.5), (80, 35, 120, 65)),
        ((0.0, 1.0), (0, 70, 40, 100)),
    ],
)
def test_a_subject_keeps_its_size_where_only_its_place_is_given(place, box) -> None:
    assert place_in_own_frame(SMALL, OwnFrame(place=place)).box == box


def test_a_subject_of_another_size_goes_into_the_middle_and_stays_at_an_edge_that_cuts_it_off() -> None:
    assert place_in_own_frame(SMALL, OwnFrame(fill=0.6)).box == (60, 20, 140, 80)
    at_the_foot = Subject(Box(20, 60, 60, 100), 200, 100, ("bottom",))
    assert place_in_own_frame(at_the_foot, OwnFrame(fill=0.2)).box == (90, 80, 110, 100)
    assert place_in_own_frame(at_the_foot, OwnFrame(fill=0.2, place=(0.5, 0.5))).box == (90, 40, 110, 60)


def test_a_frame_is_cut_down_to_the_subject_and_its_margin_on_each_side() -> None:
    assert place_in_own_frame(SMALL, OwnFrame(cut_down=True)).box == (0, 0, 40, 30)
    margins = Margins(Margin(pixels=5), Margin(share=0.25), Margin(share=0.5), Margin(pixels=3))
    placed = place_in_own_frame(SMALL, OwnFrame(cut_down=True, margins=margins))
    assert (placed.width, placed.height) == (3 + 40 + 10, 5 + 30 + 15)
    assert placed.box == (3, 5, 43, 35)


def test_a_margin_is_kept_also_where_the_pictures_edge_cuts_the_subject_off() -> None:
    subject = Subject(Box(20, 60, 60, 100), 200, 100, ("bottom",))
    placed = place_in_own_frame(subject, OwnFrame(cut_down=True, margins=Margins(bottom=Margin(pixels=7))))
    assert (placed.width, placed.height) == (40, 47)


def test_the_picture_is_made_smaller_before_its_margins_are_added() -> None:
    margins = Margins(*[Margin(pixels=5)] * 4)
    placed = place_in_own_frame(SMALL, OwnFrame(cut_down=True, margins=margins, most_pixels=5000))
    assert (placed.width, placed.height) == (20 + 10, 15 + 10)


@pytest.mark.parametrize(
    ("size", "most", "shrunk"),
    [
        ((200, 100), None, (200, 100)),
        ((200, 100), 20000, (200, 100)),
        ((200, 100), 5000, (100, 50)),
        ((9, 1), 1, (1, 1)),
    ],
)
def test_a_size_is_shrunk_to_the_pixels_that_it_may_have(size, most, shrunk) -> None:
    assert shrunk_size(*size, most)[0] == shrunk


def test_a_smaller_frame_has_the_colours_and_the_alpha_of_the_picture() -> None:
    laid = lay_in_own_frame(cutout(), OwnFrame(most_pixels=2000))
    assert laid.alpha.shape == (40, 50)
    assert laid.alpha.sum() == pytest.approx(20 * 20, rel=0.01)
    assert (np.abs(laid.foreground[5:25, 10:30] - np.array([204, 51, 102])) <= 1).all()


@pytest.mark.parametrize("darkest", [0.2, 0.5, 0.9])
def test_the_shadow_is_as_dark_as_was_asked_for(darkest) -> None:
    laid = lay_in_own_frame(cutout(), OwnFrame(shadow_opacity=darkest))
    assert laid.shadow is not None
    assert laid.shadow.max() == pytest.approx(darkest, abs=0.05)
    assert laid.shadow.max() <= darkest


def test_a_background_may_let_through_what_lies_under_it() -> None:
    laid = lay_in_own_frame(cutout(), OwnFrame(shadow_opacity=0.5))
    picture = laid.on("#00ff00", 0.5)
    assert picture.alpha is not None
    assert picture.alpha[30, 40] == 1
    assert (picture.pixels[30, 40] == laid.foreground[30, 40]).all()
    assert picture.alpha[5, 5] == 0.5
    assert picture.pixels[5, 5].tolist() == [0, 255, 0]
    # On white it looks as if the colour, the shadow and the subject had been laid there one after the other.
    on_white = picture.pixels * picture.alpha[..., None] + 255 * (1 - picture.alpha[..., None])
    half_green = np.array([255 / 2, 255, 255 / 2])
    behind = half_green * (1 - laid.shadow[..., None])
    expected = laid.foreground * laid.alpha[..., None] + behind * (1 - laid.alpha[..., None])
    assert np.abs(on_white - expected).max() <= 1.5
