"""Area, mean probability and components of a cut-out."""

import numpy as np
import pytest

from cutsmith import Picture, refine_mask
from cutsmith.result.as_json import cutout_as_json
from cutsmith.result.measures import measures


def cutout(alpha):
    return refine_mask(Picture(np.zeros((*alpha.shape, 3), np.uint8)), alpha, matting="none")


def test_a_square_at_most_of_its_probability():
    alpha = np.zeros((40, 50), np.float32)
    alpha[10:30, 10:30] = 0.9
    found = measures(cutout(alpha))
    assert found.area == pytest.approx(0.9 * 400 / 2000)
    assert found.mean_probability == pytest.approx(0.9)
    assert found.components == 1


def test_parts_count_by_eight_neighbours_and_specks_do_not():
    alpha = np.zeros((100, 100), np.float32)
    alpha[10:60, 10:60] = 1
    alpha[60, 60] = 1  # touches the square by its corner
    alpha[70:80, 70:80] = 1
    alpha[90, 5] = 1  # a speck: less than a thousandth
    assert measures(cutout(alpha)).components == 2


def test_an_empty_cut_out_has_no_mean():
    assert measures(cutout(np.full((9, 9), 0.4, np.float32))) == (pytest.approx(0.4), None, 0)


def test_the_json_has_them_rounded():
    alpha = np.zeros((30, 30), np.float32)
    alpha[:10] = 1
    told = cutout_as_json(cutout(alpha))
    assert (told["area"], told["mean_probability"], told["components"]) == (0.3333, 1.0, 1)
