"""Only a part of a mask is refined, and the rest stays as it is."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith import Picture, refine_mask
from cutsmith.errors import BadArray
from cutsmith.pipeline.refine_within import refine_within
from cutsmith.request import Request

HEIGHT, WIDTH = 240, 320


@pytest.fixture
def scene() -> tuple[Picture, np.ndarray]:
    """A red disc on gray, with a mask that is a little off."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot(rows - 120, columns - 160)
    pixels = np.where((distance <= 70)[..., None], (214, 40, 30), (120, 130, 140)).astype(np.int16)
    pixels += np.random.default_rng(0).integers(-6, 7, pixels.shape, np.int16)
    mask = np.clip((72 - distance) / 8 + 0.5, 0, 1).astype(np.float32)
    return Picture(pixels.clip(0, 255).astype(np.uint8)), mask


def part(left: int, right: int) -> np.ndarray:
    within = np.zeros((HEIGHT, WIDTH), np.uint8)
    within[:, left:right] = 255
    return within


def test_outside_the_part_the_mask_stays_to_the_bit(scene) -> None:
    picture, mask = scene
    cut = refine_within(picture, mask, part(60, 120), Request.of(matting="closed-form"))
    np.testing.assert_array_equal(cut.alpha[:, :60], mask[:, :60])
    np.testing.assert_array_equal(cut.alpha[:, 120:], mask[:, 120:])
    assert np.abs(cut.alpha[:, 80:120] - mask[:, 80:120]).max() > 0.05
    np.testing.assert_array_equal(cut.foreground[:, 200:], picture.pixels[:, 200:])


def test_where_all_is_selected_it_is_the_refined_mask(scene) -> None:
    picture, mask = scene
    request = Request.of(matting="closed-form")
    whole = refine_within(picture, mask, np.ones((HEIGHT, WIDTH), bool), request)
    np.testing.assert_allclose(whole.alpha, refine_mask(picture, mask, request).alpha, atol=1e-6)


def test_a_soft_selection_mixes_both(scene) -> None:
    picture, mask = scene
    request = Request.of(matting="closed-form")
    full, half = (
        refine_within(picture, mask, np.full((HEIGHT, WIDTH), share, np.float32), request) for share in (1.0, 0.5)
    )
    np.testing.assert_allclose(half.alpha, (full.alpha + mask) / 2, atol=1e-5)


def test_a_painted_trimap_says_what_is_solved_for(scene) -> None:
    picture, mask = scene
    trimap = np.where(mask > 0.5, 255, 0).astype(np.uint8)
    trimap[100:140, 60:110] = 128
    cut = refine_within(picture, mask, part(60, 120), Request.of(matting="closed-form", trimap=trimap))
    changed = np.abs(cut.alpha - np.where(part(60, 120), trimap / 255, mask)) > 0.02
    assert changed[100:140, 60:110].any()
    assert not changed[:90].any()


def test_the_pictures_own_transparency_is_kept_or_left_out_everywhere(scene) -> None:
    picture, mask = scene
    half = Picture(picture.pixels, np.full((HEIGHT, WIDTH), 0.5, np.float32))
    request = Request.of(matting="none")
    np.testing.assert_allclose(refine_within(half, mask, part(0, 50), request).alpha, mask / 2, atol=1e-6)
    alone = request.updated({"subject_alone": True})
    np.testing.assert_allclose(refine_within(half, mask, part(0, 50), alone).alpha, mask, atol=1e-6)


def test_nothing_selected_is_told(scene) -> None:
    picture, mask = scene
    with pytest.raises(BadArray, match="Nothing is selected"):
        refine_within(picture, mask, part(9, 9), Request())


def test_the_given_mask_is_left_alone(scene) -> None:
    picture, mask = scene
    before = mask.copy()
    refine_within(picture, mask, part(60, 120), Request.of(matting="none", mask_offset=3))
    np.testing.assert_array_equal(mask, before)


def test_a_soft_lock_is_solved_though_the_gate_would_leave_it_alone(scene) -> None:
    picture, mask = scene
    lock = np.where(part(60, 120) > 0, np.float32(0.45), mask)
    auto = refine_within(picture, lock, part(60, 120), Request.of(matting="auto"))
    closed = refine_within(picture, lock, part(60, 120), Request.of(matting="closed-form"))
    np.testing.assert_array_equal(auto.alpha, closed.alpha)
    assert np.abs(auto.alpha - lock)[100:140, 65:115].max() > 0.2


def test_a_part_of_a_large_picture_gets_the_band_of_the_large_picture(monkeypatch) -> None:
    from cutsmith.pipeline import refine_within as module

    asked = []
    refine = module.refine_mask
    monkeypatch.setattr(module, "refine_mask", lambda *given, **more: asked.append(given) or refine(*given, **more))
    picture = Picture(np.zeros((64, 6000, 3), np.uint8))
    mask, within = np.zeros((64, 6000), np.float32), np.zeros((64, 6000), bool)
    mask[:, :3000], within[20:40, 2990:3010] = 1, True
    refine_within(picture, mask, within, Request.of(matting="closed-form"))
    ((cropped, _, request),) = asked
    assert request.finish.band == (18, 18)
    assert cropped.width == 20 + 2 * 72


def test_the_margin_keeps_its_colours(scene) -> None:
    picture, mask = scene
    haze = np.maximum(mask, np.float32(0.4))
    cut = refine_within(picture, haze, part(60, 120), Request.of(matting="none", threshold=0.5))
    np.testing.assert_array_equal(cut.foreground[:, 125:200], picture.pixels[:, 125:200])
    assert cut.foreground[(cut.alpha > 0.1)].min() > 0


def test_16_bits_with_transparency_keep_their_depth_without_it() -> None:
    pixels = np.full((80, 80, 3), 40_000, np.uint16)
    picture = Picture(pixels, np.full((80, 80), 0.5, np.float32))
    mask, within = np.zeros((80, 80), np.float32), np.zeros((80, 80), bool)
    mask[20:60, 20:60], within[30:50, 30:50] = 1, True
    cut = refine_within(picture, mask, within, Request.of(matting="none", subject_alone=True))
    assert cut.foreground.dtype == cut.picture.pixels.dtype
    assert cut.picture.alpha is None
    np.testing.assert_array_equal(cut.alpha, mask)


@pytest.mark.parametrize("shape", [(HEIGHT + 5, WIDTH), (HEIGHT * WIDTH,)])
def test_a_trimap_of_another_size_is_refused(scene, shape) -> None:
    picture, mask = scene
    with pytest.raises(BadArray, match="trimap"):
        refine_within(picture, mask, part(60, 120), Request.of(trimap=np.zeros(shape, np.uint8)))
