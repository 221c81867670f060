"""The four errors of matting, against values computed by hand and by the papers' formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cutsmith.evaluation.matting_metrics import connectivity_error, gradient_error, mse, sad, unknown_region


def test_sad_and_mse_of_a_known_difference():
    truth, alpha = np.zeros((10, 20)), np.full((10, 20), 0.5)
    assert sad(alpha, truth) == pytest.approx(0.1)
    assert mse(alpha, truth) == pytest.approx(0.25)
    region = np.zeros((10, 20), bool)
    region[0] = True
    assert sad(alpha, truth, region) == pytest.approx(0.01)
    assert mse(alpha, truth, np.zeros((10, 20), bool)) == 0


def test_every_error_is_none_for_the_truth():
    truth = np.random.default_rng(0).random((12, 9))
    assert [each(truth, truth) for each in (sad, mse, gradient_error, connectivity_error)] == [0, 0, 0, 0]


def test_gradient_error_is_that_of_a_sum_written_out():
    alpha, sigma, half = np.random.default_rng(1).random((8, 7)), 1.4, 4
    assert half == math.ceil(sigma * math.sqrt(-2 * math.log(math.sqrt(2 * math.pi) * sigma * 0.01)))
    padded = np.pad(alpha, half, mode="edge")
    weights = {
        (i, j): math.exp(-(i * i + j * j) / (2 * sigma**2))
        for i in range(-half, half + 1)
        for j in range(-half, half + 1)
    }
    norm = math.sqrt(sum((j * w) ** 2 for (_, j), w in weights.items()))
    total = 0.0
    for y in range(8):
        for x in range(7):
            across = sum(j * w * padded[y + half + i, x + half + j] for (i, j), w in weights.items()) / norm
            down = sum(i * w * padded[y + half + i, x + half + j] for (i, j), w in weights.items()) / norm
            total += across**2 + down**2
    assert gradient_error(alpha, np.zeros_like(alpha)) == pytest.approx(total / 1000)


def test_a_part_that_came_off_costs_connectivity_and_a_weak_one_does_not():
    truth = np.array([[1.0, 1, 1, 1, 1, 1]])
    torn = np.array([[1.0, 1, 1, 0, 1, 1]])
    # Largest area: the first three. The hole has level 0 (alpha 0, truth 1), the far part level 0 in both: equal there.
    assert connectivity_error(torn, truth) == pytest.approx(1 / 1000)
    assert connectivity_error(np.array([[1.0, 0.1]]), np.array([[1.0, 0.0]])) == 0


def test_the_unknown_region_is_the_trimaps_or_the_truths_widened():
    truth = np.zeros((41, 41))
    truth[20, 20] = 0.5
    trimap = np.zeros((41, 41), np.uint8)
    trimap[0, 0] = 128
    assert unknown_region(truth, trimap).sum() == 1
    widened = unknown_region(truth)
    assert widened[[20, 30], [10, 20]].all()
    assert not widened[20, 9]
