"""The trimap that is told is the one that the method solves: alpha is new within its band alone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cutsmith.matting.closed_form.matter import ClosedFormMatter, closed_form_alpha
from cutsmith.matting.solved_trimap import solved_trimap
from cutsmith.matting.trimap import UNKNOWN, Band, trimap_from_soft_mask

SIDE = 160
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]


def disc(softness: float) -> NDArray[np.float32]:
    distance = 45 - np.hypot(ROWS - SIDE / 2, COLUMNS - SIDE / 2)
    return np.clip(distance / max(softness, 1e-3) + 0.5, 0, 1).astype(np.float32)


@pytest.fixture(scope="module")
def image() -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).integers(0, 60, (SIDE, SIDE, 3))
    return (noise + 150 * disc(3)[..., None]).astype(np.uint8)


@pytest.mark.parametrize("band", [None, Band(6, 9)])
def test_closed_form_solves_a_hard_mask_by_it(image: NDArray[np.uint8], band: Band | None) -> None:
    hard = disc(0).round()
    solved = closed_form_alpha(image, solved_trimap(hard, "closed-form", band), hard, effort="balanced")
    np.testing.assert_array_equal(ClosedFormMatter(band).alpha(image, hard), solved)


@pytest.mark.parametrize("band", [None, Band(6, 9)])
def test_closed_form_leaves_a_soft_mask_outside_it(image: NDArray[np.uint8], band: Band | None) -> None:
    soft, trimap = disc(4), solved_trimap(disc(4), "auto", band)
    changed = ClosedFormMatter(band).alpha(image, soft) != soft
    assert changed.any()
    assert not changed[trimap != UNKNOWN].any()


def test_without_matting_it_is_closed_forms() -> None:
    np.testing.assert_array_equal(solved_trimap(disc(4), "none"), solved_trimap(disc(4), "closed-form"))


@pytest.mark.parametrize("matting", ["vitmatte", "pymatting-cf", "knn", "lbdm"])
def test_other_methods_take_three_pixels_whatever_the_size(matting) -> None:
    large = np.repeat(np.repeat(disc(0), 10, axis=0), 10, axis=1)
    np.testing.assert_array_equal(solved_trimap(large, matting), trimap_from_soft_mask(large, Band(3, 3)))


def test_bimatting_has_a_band_of_its_own() -> None:
    wide = solved_trimap(disc(0), "bimatting", Band(0, 0)) == UNKNOWN
    assert np.array_equal(wide, solved_trimap(disc(0), "bimatting") == UNKNOWN)
    assert wide.any()
