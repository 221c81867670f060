"""The preview sheet: three panels with their captions, whatever the picture's shape."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith import Cutout, Picture
from cutsmith.result.preview import checkerboard, preview


def cutout(width: int, height: int) -> Cutout:
    """The left half of an orange picture, cut out."""
    pixels = np.full((height, width, 3), (230, 120, 20), np.uint8)
    alpha = np.zeros((height, width), np.float32)
    alpha[:, : width // 2] = 1
    return Cutout(Picture(pixels), alpha, pixels, alpha, {})


def runs(occupied: np.ndarray, gap: int) -> int:
    """How many runs of True there are that lie more than `gap` apart."""
    places = np.flatnonzero(occupied)
    return 1 + int(np.count_nonzero(np.diff(places) > gap))


@pytest.mark.parametrize(("width", "height"), [(8, 6), (24, 900), (300, 200), (3000, 90)])
def test_captions_never_touch_each_other(width, height) -> None:
    sheet = preview(cutout(width, height)).pixels
    captions = (sheet[:34] < 128).all(axis=2).any(axis=0)
    assert runs(captions, 9) == 3


def test_the_panels_are_the_picture_its_mask_and_the_cut_out_on_a_checkerboard() -> None:
    sheet = preview(cutout(300, 200)).pixels[34:234]
    before, mask, after = (sheet[:, 12 + at : 312 + at] for at in (0, 312, 624))
    assert (before == (230, 120, 20)).all()
    assert (mask[:, :150] == 255).all()
    assert (mask[:, 150:] == 0).all()
    assert (after[:, :150] == (230, 120, 20)).all()
    np.testing.assert_array_equal(after[:, 150:], checkerboard(300, 200)[:, 150:])
