"""The bytes of a cut-out on its canvas: made smaller where a marketplace wants that, and what failed is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutsmith import Cutout, Picture
from cutsmith.result.canvas.of_output import Frame
from cutsmith.result.canvas.presets import find_preset
from cutsmith.result.canvas.settings import Canvas
from cutsmith.result.canvas.writing import encode_mask_on_canvas, encode_on_canvas

AMAZON = find_preset("amazon")
CANVAS = Canvas("600x600", 0.9)


@pytest.fixture(scope="module")
def noisy() -> Cutout:
    pixels = np.random.default_rng(3).integers(0, 255, (900, 900, 3), np.uint8)
    alpha = np.zeros((900, 900), np.float32)
    alpha[50:850, 50:850] = 1
    return Cutout(Picture(pixels), alpha, pixels, alpha, {})


def test_a_jpeg_is_made_smaller_until_it_fits_and_that_is_told(noisy) -> None:
    full = encode_on_canvas(noisy, Frame(CANVAS, AMAZON), "white", ".jpg")
    assert (full.remarks, full.checks) == ((), ())
    limit = replace(AMAZON, bytes_most=int(len(full.data) * 0.8))
    fitted = encode_on_canvas(noisy, Frame(CANVAS, limit), "white", ".jpg")
    assert len(fitted.data) <= limit.bytes_most
    assert fitted.checks == ()
    assert "quality was lowered from 95 to" in fitted.remarks[0]


def test_no_quality_goes_below_80_and_what_is_still_too_large_fails_its_check(noisy) -> None:
    tiny = Frame(CANVAS, replace(AMAZON, bytes_most=1000))
    found = encode_on_canvas(noisy, tiny, "white", ".jpg")
    assert "from 95 to 80" in found.remarks[0]
    assert "0 MB or less" in found.checks[0]
    low = encode_on_canvas(noisy, tiny, "white", ".jpg", quality=60)
    assert low.remarks == ()
    assert len(low.checks) == 1


def test_without_a_preset_nothing_is_checked(noisy) -> None:
    found = encode_on_canvas(noisy, Frame(Canvas("600x600", 0.3)), "gray", ".jpg")
    assert found.checks == ()


def test_the_profile_of_a_preset_is_srgb_and_the_bytes_are_the_same_each_time(noisy) -> None:
    first, second = (encode_on_canvas(noisy, Frame(CANVAS, AMAZON), "white", ".jpg").data for _ in range(2))
    assert first == second
    assert Picture.read(first).icc is not None


def test_a_mask_is_laid_out_like_its_picture(noisy) -> None:
    mask = Picture.read(encode_mask_on_canvas(noisy, Frame(CANVAS, AMAZON), ".png").data).pixels[..., 0]
    assert mask.shape == (600, 600)
    assert (mask[31:569, 31:569] == 255).all()
    assert mask[0].max() == 0
