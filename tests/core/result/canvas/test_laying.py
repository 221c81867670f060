"""A cut-out on its canvas: where it is, in which colours, and what is behind it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutsmith import Canvas, Cutout, Picture
from cutsmith.picture.declared_colour import ADOBE_RGB, srgb_profile
from cutsmith.picture.icc_profile import ADOBE_RGB_GAMMA, is_srgb, matrix_profile
from cutsmith.result.canvas.laying import lay_out


def cutout(dtype=np.uint8, icc=None, box=(20, 10, 60, 50), size=(80, 100)) -> Cutout:
    """A subject of one colour, opaque in `box` of a picture of (height, width) `size`."""
    full = np.iinfo(dtype).max
    pixels = np.empty((*size, 3), dtype)
    pixels[:] = np.array([0.8, 0.2, 0.4]) * full
    alpha = np.zeros(size, np.float32)
    alpha[box[1] : box[3], box[0] : box[2]] = 1
    picture = Picture(pixels, icc=icc, dpi=(300.0, 300.0), source="shop/ring.jpg")
    return Cutout(picture, alpha, pixels, alpha, {})


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_canvas_has_the_size_the_depth_and_the_subject_where_it_was_placed(dtype) -> None:
    picture = cutout(dtype).on_canvas(Canvas((200, 300), 0.5), "white")
    full = np.iinfo(dtype).max
    assert picture.pixels.shape == (300, 200, 3)
    assert picture.pixels.dtype == dtype
    assert (picture.dpi, picture.source) == ((300.0, 300.0), "shop/ring.jpg")
    inside = picture.pixels[105:195, 55:145]
    assert np.abs(inside - np.array([0.8, 0.2, 0.4]) * full).max() <= 1
    outside = picture.pixels.copy()
    outside[95:205, 45:155] = full  # a cubic reaches two pixels of the picture
    assert (outside == full).all()


def test_without_a_background_it_is_transparent_and_its_alpha_is_the_subjects() -> None:
    picture = cutout().on_canvas(Canvas((80, 80), 0.5))
    assert picture.alpha is not None
    assert picture.alpha.sum() == pytest.approx(40 * 40, rel=0.02)
    assert picture.warnings == ()


def test_a_crop_has_the_very_pixels_of_the_picture() -> None:
    noisy = cutout()
    foreground = np.random.default_rng(1).integers(0, 255, noisy.foreground.shape, np.uint8)
    picture = replace(noisy, foreground=foreground).on_canvas(Canvas(crop=True, margin=5))
    assert picture.pixels.shape == (50, 50, 3)
    assert (picture.pixels[5:45, 5:45] == foreground[10:50, 20:60]).all()
    assert (picture.alpha[5:45, 5:45] == 1).all()
    assert picture.alpha[:5].max() == 0


def test_a_margin_may_reach_beyond_the_picture() -> None:
    picture = cutout(box=(10, 5, 90, 75)).on_canvas(Canvas(crop=True, margin="50%"), "white")
    assert picture.pixels.shape == (150, 160, 3)
    assert (picture.pixels[:38] == 255).all()


def test_a_colour_space_stays_unless_srgb_is_wanted() -> None:
    adobe = matrix_profile(ADOBE_RGB, ADOBE_RGB_GAMMA)
    wide = cutout(np.uint16, adobe)
    kept = lay_out(wide, Canvas((100, 100))).on("white")
    assert kept.icc == adobe
    assert kept.pixels.dtype == np.uint16
    changed = lay_out(wide, Canvas((100, 100)), srgb=True).on("white")
    assert is_srgb(changed.icc)
    centre = changed.pixels[50, 50]
    assert np.abs(centre.astype(int) - wide.picture.srgb()[30, 40]).max() <= 1
    assert (kept.srgb()[50, 50].astype(int) - centre).max() <= 1
    assert (changed.pixels[0] == 255).all()
    untagged = lay_out(cutout(), Canvas((100, 100)), srgb=True).on("white")
    assert untagged.icc == srgb_profile()
    assert lay_out(cutout(np.uint16), Canvas((100, 100)), srgb=True).on("white").pixels.dtype == np.uint16


def test_a_shadow_darkens_the_background_alone() -> None:
    plain = cutout().on_canvas(Canvas((200, 200), 0.5), "white")
    shaded = cutout().on_canvas(Canvas((200, 200), 0.5, shadow=True), "white")
    changed = (plain.pixels != shaded.pixels).any(axis=2)
    assert changed[151:160, 60:140].any()
    assert not changed[55:145, 55:145].any()
    assert (shaded.pixels[-1] == 255).all()
    assert (shaded.pixels <= plain.pixels).all()


def test_a_shadow_on_nothing_is_transparent_and_looks_the_same_on_white() -> None:
    canvas = Canvas((200, 200), 0.5, shadow=True)
    laid = lay_out(cutout(), canvas)
    clear, white = laid.as_picture(), laid.on("white")
    assert clear.alpha is not None
    below = clear.alpha[152, 100]
    assert 0.1 < below < 0.7
    assert (clear.pixels[152, 100] == 0).all()
    seen = clear.pixels * clear.alpha[..., None] + 255 * (1 - clear.alpha[..., None])
    assert np.abs(seen - white.pixels).max() <= 1.5


def test_a_subject_that_is_cut_off_below_has_no_shadow_and_that_is_told() -> None:
    standing = cutout(box=(20, 10, 60, 80))
    picture = standing.on_canvas(Canvas((200, 200), 0.5, shadow=True), "white")
    assert "there is no shadow" in picture.warnings[-1]
    assert (picture.pixels == standing.on_canvas(Canvas((200, 200), 0.5), "white").pixels).all()


def test_a_shadow_alone_changes_nothing_else() -> None:
    picture = cutout().on_canvas(Canvas(shadow=True), "white")
    plain = cutout().on("white")
    assert picture.pixels.shape == plain.pixels.shape
    assert (picture.pixels[:45] == plain.pixels[:45]).all()
    assert (picture.pixels != plain.pixels).any()
