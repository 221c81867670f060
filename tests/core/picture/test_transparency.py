"""What is hidden under alpha 0, how models see transparency, and which pictures are cut out already."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutsmith.picture.transparency import as_models_see, is_cut_out, is_empty, is_surrounded, without_hidden_colours

HEIGHT, WIDTH = 90, 120
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)


def disk(x=60.0, y=45.0, radius=30.0):
    return (np.hypot(COLUMNS - x, ROWS - y) <= radius).astype(np.float32)


def turned_rectangle(degrees):
    angle = np.radians(degrees)
    x, y = COLUMNS - 60, ROWS - 45
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return ((abs(along) < 40) & (abs(across) < 24)).astype(np.float32)


def portrait():
    """A head, and shoulders that the lower border cuts."""
    shoulders = (abs(COLUMNS - 60) < 45 - 0.3 * (HEIGHT - ROWS)) & (ROWS > 62)
    return np.maximum(disk(60, 36, 24), shoulders.astype(np.float32))


def rounded_corners():
    solid = np.ones((HEIGHT, WIDTH), np.float32)
    for x, y, rows, columns in ((14, 14, np.s_[:14], np.s_[:14]), (105, 14, np.s_[:14], np.s_[106:])):
        solid[rows, columns] = disk(x, y, 14)[rows, columns]
        solid[::-1][rows, columns] = disk(x, y, 14)[rows, columns]
    return solid


def margin(width):
    solid = np.zeros((HEIGHT, WIDTH), np.float32)
    solid[width:-width, width:-width] = 1
    return solid


CUT_OUT = {
    "a disk": disk(),
    "a disk at half its opacity": disk() * 0.5,
    "a ring": disk() - disk(radius=12),
    "a portrait": portrait(),
    "two things": np.maximum(disk(30, 45, 18), disk(90, 45, 22)),
    "letters": np.where((COLUMNS // 6 % 2 == 0) & (abs(ROWS - 45) < 12) & (abs(COLUMNS - 60) < 50), 1, 0),
}
# What programs that remove backgrounds leave behind.
REMAINS = np.random.default_rng(0).integers(0, 3, (HEIGHT, WIDTH)) / 255
CUT_OUT |= {
    "a disk on a level of 1": np.maximum(disk(), 1 / 255),
    "a disk on levels of 0 to 2": np.maximum(disk(), REMAINS),
    "a disk at 1 % of its opacity": disk() * 0.01,
}
NOT_CUT_OUT = {
    "a photograph": np.ones((HEIGHT, WIDTH)),
    "a faded photograph": np.full((HEIGHT, WIDTH), 0.5),
    "254 of 255 everywhere": np.full((HEIGHT, WIDTH), 254 / 255),
    "a photograph with round corners": rounded_corners(),
    "a photograph with a margin": margin(12),
    "a photograph with a thin margin": margin(2),
    "a photograph turned by 5 degrees": turned_rectangle(5),
    "a photograph turned by 30 degrees": turned_rectangle(30),
    "a photograph with a hole": 1 - disk(),
    "a vignette": np.clip(1.2 - np.hypot((COLUMNS - 60) / 75, (ROWS - 45) / 56), 0.05, 1),
    "a window with its shadow": np.maximum(margin(14), margin(8) * 0.3),
    "a level of 1 everywhere": np.full((HEIGHT, WIDTH), 1 / 255),
    "a photograph with a margin of 0 to 2": np.maximum(margin(12), REMAINS),
    "nothing at all": np.zeros((HEIGHT, WIDTH)),
    "a watermark's worth of holes": 1 - disk(20, 20, 4),
}


@pytest.mark.parametrize("alpha", CUT_OUT.values(), ids=CUT_OUT)
def test_a_subject_with_nothing_around_it_is_cut_out(alpha):
    assert is_cut_out(alpha.astype(np.float32))


@pytest.mark.parametrize("alpha", NOT_CUT_OUT.values(), ids=NOT_CUT_OUT)
def test_a_photograph_with_some_transparency_is_not_cut_out(alpha):
    assert not is_cut_out(alpha.astype(np.float32))


def test_a_rectangle_with_a_margin_is_surrounded_although_it_may_be_a_photograph():
    assert is_surrounded(margin(12))
    assert not is_surrounded(np.zeros((HEIGHT, WIDTH), np.float32))
    assert not is_surrounded(np.ones((HEIGHT, WIDTH), np.float32))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([np.uint8, np.uint16]), st.floats(0.0, 1.0))
def test_hidden_colours_are_replaced_by_visible_ones_and_nothing_else_changes(seed, dtype, share):
    random = np.random.default_rng(seed)
    full = np.iinfo(dtype).max
    pixels = random.integers(0, full + 1, (9, 11, 3)).astype(dtype)
    alpha = (random.random((9, 11)) * (random.random((9, 11)) < share)).astype(np.float32)
    filled = without_hidden_colours(pixels, alpha)
    unseen = is_empty(alpha)
    np.testing.assert_array_equal(filled[~unseen], pixels[~unseen])
    seen = {tuple(colour) for colour in pixels[~unseen].tolist()} or {(0, 0, 0)}
    assert {tuple(colour) for colour in filled[unseen].tolist()} <= seen
    other = np.where(unseen[..., None], full - pixels, pixels)
    np.testing.assert_array_equal(without_hidden_colours(other, alpha), filled)


def test_the_nearest_visible_colour_is_taken():
    pixels = np.zeros((3, 9, 3), np.uint8)
    pixels[:, 0], pixels[:, 8] = (200, 0, 0), (0, 0, 200)
    alpha = np.zeros((3, 9), np.float32)
    alpha[:, [0, 8]] = 1
    filled = without_hidden_colours(pixels, alpha)
    np.testing.assert_array_equal(filled[:, 3], pixels[:, 0])
    np.testing.assert_array_equal(filled[:, 5], pixels[:, 8])


def test_a_faded_photograph_looks_to_a_model_as_it_did_before():
    colours = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    np.testing.assert_array_equal(as_models_see(colours, np.full((HEIGHT, WIDTH), 0.4, np.float32)), colours)


def test_a_faint_shadow_beside_an_opaque_subject_stays_faint():
    colours = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    alpha = np.maximum(disk(), disk(64, 49) * 0.2)
    seen = as_models_see(colours, alpha)
    assert seen[45, 60].max() == 0
    assert seen[49, 93].min() > 190


@pytest.mark.parametrize(("colour", "behind"), [((250, 252, 255), 128), ((30, 90, 60), 255), ((255, 255, 0), 255)])
def test_a_white_subject_is_laid_on_gray_and_any_other_on_white(colour, behind):
    colours = np.full((HEIGHT, WIDTH, 3), colour, np.uint8)
    seen = as_models_see(colours, disk())
    assert seen[0, 0].tolist() == [behind] * 3
    assert seen[45, 60].tolist() == list(colour)


def test_a_white_subject_is_laid_on_gray_where_the_background_was_not_quite_removed():
    colours = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    seen = as_models_see(colours, np.maximum(disk(), 1 / 255).astype(np.float32))
    assert seen[45, 60].min() == 255
    assert seen[0, 0].max() <= 129


def test_a_tall_picture_is_laid_in_one_piece():
    random = np.random.default_rng(1)
    colours = random.integers(0, 256, (600, 7, 3), np.uint8)
    alpha = random.random((600, 7)).astype(np.float32)
    opacity = (alpha / alpha.max())[..., None]
    expected = (colours * opacity + 255 * (1 - opacity) + np.float32(0.5)).astype(np.uint8)
    np.testing.assert_array_equal(as_models_see(colours, alpha), expected)


def test_what_a_level_left_behind_hides_does_not_count_but_a_faint_picture_does():
    pixels = np.full((HEIGHT, WIDTH, 3), (255, 0, 255), np.uint8)
    pixels[disk() > 0] = (20, 90, 40)
    filled = without_hidden_colours(pixels, np.maximum(disk(), 1 / 255).astype(np.float32))
    np.testing.assert_array_equal(np.unique(filled.reshape(-1, 3), axis=0), [(20, 90, 40)])
    faint = np.full((HEIGHT, WIDTH), 1 / 255, np.float32)
    np.testing.assert_array_equal(without_hidden_colours(pixels, faint), pixels)
