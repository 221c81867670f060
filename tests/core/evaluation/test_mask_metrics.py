"""The measures of masks, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith.evaluation.mask_metrics import boundary_iou, f_measure, mae, s_measure


def square(side=100, low=30, high=70):
    truth = np.zeros((side, side))
    truth[low:high, low:high] = 1
    return truth


def test_the_truth_itself_is_perfect():
    truth = square()
    assert mae(truth, truth) == 0
    assert [each(truth, truth) for each in (f_measure, s_measure, boundary_iou)] == pytest.approx([1, 1, 1])


def test_f_measure_of_half_the_subject():
    mask = square()
    mask[50:] = 0
    assert f_measure(mask, square()) == pytest.approx(1.3 * 0.5 / (0.3 + 0.5))


def test_s_measure_of_an_empty_truth_is_the_share_left_empty():
    assert s_measure(np.full((4, 4), 0.25), np.zeros((4, 4))) == pytest.approx(0.75)


def test_s_measure_prefers_the_shape_to_its_inverse():
    assert s_measure(1 - square(), square()) < 0.3 < s_measure(square(low=32), square())


def test_boundary_iou_of_a_square_one_pixel_smaller():
    # 2 % of the diagonal is 3 pixels: rings of 40 - 34 and 38 - 32; in common 38 - 34.
    expected = (38**2 - 34**2) / (40**2 - 32**2)
    assert boundary_iou(square(low=31, high=69), square()) == pytest.approx(expected)
