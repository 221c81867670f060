"""Matting never removes what the mask was sure of, nor fills what it was sure is not, however thin it is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cutsmith import Picture, refine_mask
from cutsmith.matting.closed_form.matter import ClosedFormMatter, closed_form_alpha
from cutsmith.matting.kept_parts import with_isolated_ridges
from cutsmith.matting.trimap import Band, trimap_from_soft_mask

# The first solve in an environment compiles for a minute.
pytestmark = pytest.mark.slow

SIDE = 96
ROWS, COLUMNS = np.indices((SIDE, SIDE)).astype(np.float64)
SUBJECT, BACKGROUND = np.array([120.0, 80, 50]), np.array([110.0, 150, 190])

unhurried = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
angles = st.floats(0, np.pi)
thicknesses = st.integers(1, 8)
reaches = st.integers(0, 12)
softnesses = st.sampled_from([0.0, 1.0])
contrasts = st.floats(0.05, 1)
noises = st.sampled_from([0, 6, 20])
seeds = st.integers(0, 2**16)


def axis(angle: float, length: float, x: float = SIDE / 2, y: float = SIDE / 2) -> np.ndarray:
    """Distances from a segment around (x, y), float64 (SIDE, SIDE)."""
    along = (COLUMNS - x) * np.cos(angle) + (ROWS - y) * np.sin(angle)
    across = -(COLUMNS - x) * np.sin(angle) + (ROWS - y) * np.cos(angle)
    return np.hypot(across, np.maximum(np.abs(along) - length / 2, 0))


def bar(distance: np.ndarray, thickness: float, softness: float) -> np.ndarray:
    """Coverage of what is at most half the `thickness` away: a hard mask at a softness of 0."""
    if softness == 0:
        # A pixel is 1 wide: a bar of 1 has one everywhere.
        return (distance <= max(thickness / 2, 0.71)).astype(np.float32)
    return np.clip((thickness / 2 - distance) / softness + 0.5, 0, 1).astype(np.float32)


def picture(mask: np.ndarray, contrast: float, noise: float, seed: int) -> np.ndarray:
    """A subject where `mask` is, whose colour is more like the background's the lower the contrast, with a texture."""
    subject = BACKGROUND + contrast * (SUBJECT - BACKGROUND)
    texture = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, noise, (SIDE, SIDE, 3)), (0, 0), 1)
    mixed = BACKGROUND + mask[..., None] * (subject - BACKGROUND) + texture
    return np.rint(np.clip(mixed, 0, 255)).astype(np.uint8)


@unhurried
@given(
    angles, thicknesses, reaches, st.sampled_from([0.0, 1.0]), st.floats(0.05, 1), st.sampled_from([0, 6, 20]), seeds
)
def test_a_part_alone_keeps_its_middle(angle, thickness, reach, softness, contrast, noise, seed) -> None:
    distance = axis(angle, 60)
    mask = bar(distance, thickness + softness, softness)
    alpha = ClosedFormMatter(Band(reach, reach)).alpha(picture(mask, contrast, noise, seed), mask)
    middle = (distance <= 0.71) & (mask >= 0.95)
    assert alpha[middle].mean() >= 0.5


@unhurried
@given(
    angles, thicknesses, reaches, st.sampled_from([0.0, 1.0]), st.floats(0.05, 1), st.sampled_from([0, 6, 20]), seeds
)
def test_a_slot_stays_open(angle, thickness, reach, softness, contrast, noise, seed) -> None:
    distance = axis(angle, 40)
    board = (np.maximum(abs(COLUMNS - SIDE / 2), abs(ROWS - SIDE / 2)) < 40).astype(np.float32)
    mask = np.minimum(board, 1 - bar(distance, thickness + softness, softness))
    alpha = ClosedFormMatter(Band(reach, reach)).alpha(picture(mask, contrast, noise, seed), mask)
    middle = (distance <= 0.71) & (mask <= 0.05)
    assert alpha[middle].mean() <= 0.5


@unhurried
@given(angles, thicknesses, st.integers(1, 6), contrasts, noises, seeds)
def test_a_strand_of_another_colour_than_its_body_stays(angle, thickness, reach, contrast, noise, seed) -> None:
    body = np.hypot(COLUMNS - SIDE / 2, ROWS - SIDE / 2) < 18
    distance = axis(angle, 84)
    mask = np.maximum(body, bar(distance, thickness, 0))
    image = picture(mask, contrast, noise, seed)
    image[body] = (30, 160, 40)
    alpha = ClosedFormMatter(Band(reach, reach)).alpha(image, mask.astype(np.float32))
    beyond = np.hypot(COLUMNS - SIDE / 2, ROWS - SIDE / 2) > 18 + 2 * reach
    middle = (distance <= 0.71) & (mask > 0.5) & beyond
    for side in (COLUMNS > SIDE / 2, COLUMNS < SIDE / 2):
        if (middle & side).any():
            assert alpha[middle & side].mean() >= 0.5


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6])
def test_a_bird_in_the_sky_is_whole(size) -> None:
    image = np.full((60, 80, 3), (120, 170, 220), np.uint8)
    mask = np.zeros((60, 80), np.uint8)
    bird = np.s_[20 : 20 + size, 30 : 30 + size]
    image[bird], mask[bird] = 25, 255
    alpha = refine_mask(Picture(image), mask).alpha
    assert alpha[bird].mean() > 0.95
    assert alpha.sum() < 1.2 * size**2


@pytest.mark.parametrize("place", [np.s_[0:2, :], np.s_[:, 77:80], np.s_[0:3, 0:3]], ids=["row", "column", "corner"])
def test_a_thin_part_at_the_pictures_edge_stays(place) -> None:
    image = np.full((60, 80, 3), (120, 170, 220), np.uint8)
    mask = np.zeros((60, 80), np.uint8)
    image[place], mask[place] = 25, 255
    assert refine_mask(Picture(image), mask).alpha[place].mean() > 0.9


def test_a_pattern_of_lines_keeps_lines_and_gaps() -> None:
    mask = np.zeros((60, 80), np.float32)
    mask[10:50, 10:70:6] = mask[10:50, 11:70:6] = mask[10:50, 12:70:6] = 1
    image = np.where(mask[..., None] > 0, 30, 200).repeat(3, axis=2).astype(np.uint8)
    alpha = ClosedFormMatter().alpha(image, mask)
    assert alpha[mask == 1].min() > 0.9
    gaps = np.s_[12:48, 13:68]
    assert alpha[gaps][mask[gaps] == 0].max() < 0.4


def test_what_the_mask_is_sure_of_nowhere_stays() -> None:
    mask = np.hypot(COLUMNS - 30, ROWS - 60) < 20
    mask = mask.astype(np.float32)
    faint = np.s_[10:12, 30:80]
    mask[faint] = 0.7
    image = picture(mask, 1, 0, 0)
    alpha = ClosedFormMatter().alpha(image, mask)
    assert abs(alpha[faint] - mask[faint]).max() < 0.15
    # What is less likely than not is left to matting.
    mask[faint] = 0.2
    assert ClosedFormMatter().alpha(image, mask)[faint].max() < 0.2


def test_the_corners_of_a_body_and_round_edges_get_no_seeds() -> None:
    body = (np.maximum(abs(COLUMNS - 48), abs(ROWS - 48)) < 30).astype(np.float32)
    disc = (np.hypot(COLUMNS - 48, ROWS - 48) < 30).astype(np.float32)
    for mask in (body, disc):
        image = picture(mask, 1, 6, 0)
        trimap = trimap_from_soft_mask(mask)
        np.testing.assert_array_equal(with_isolated_ridges(trimap, mask), trimap)
        np.testing.assert_array_equal(ClosedFormMatter().alpha(image, mask), closed_form_alpha(image, trimap, mask))


def test_a_trimap_that_was_given_is_taken_literally() -> None:
    image = np.full((40, 60, 3), (120, 170, 220), np.uint8)
    mask = np.zeros((40, 60), np.float32)
    mask[10:12, 5:55] = 1
    image[10:12, 5:55] = 25
    trimap = np.zeros((40, 60), np.uint8)
    trimap[6:16] = 128
    assert (ClosedFormMatter().alpha(image, mask, trimap=trimap) == 0).all()


def test_specks_beside_a_body_stay_as_the_mask_has_them() -> None:
    mask = (np.hypot(COLUMNS - 48, ROWS - 48) < 20).astype(np.float32)
    mask[48, 70:72] = mask[30:32, 66] = 1
    image = picture(mask, 1, 0, 0)
    alpha = ClosedFormMatter().alpha(image, mask)
    assert alpha[48, 70:72].min() > 0.9
    assert alpha[30:32, 66].min() > 0.9


def test_a_speck_amid_doubt_leaves_no_patch_with_a_seam() -> None:
    mask = (np.hypot(COLUMNS - 30, ROWS - 48) < 20).astype(np.float32)
    image = picture(mask, 1, 0, 0)
    mask[30:66, 56:90] = 0.35
    mask[46:48, 72:74] = 0.6
    assert ClosedFormMatter().alpha(image, mask)[40:56, 64:84].max() < 0.15
