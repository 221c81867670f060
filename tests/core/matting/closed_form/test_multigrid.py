"""Conjugate gradients with multigrid: the answer is the direct solver's, and the equations stay what they were."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith.matting.closed_form.direct import solve_directly
from cutsmith.matting.closed_form.laplacian import equations
from cutsmith.matting.closed_form.multigrid import solve_by_multigrid

pytest.importorskip("pyamg", reason="pyamg has no wheel for this machine")


@pytest.fixture
def system(photo):
    image = photo("chelsea")[100:180, 100:190]
    unknown = np.zeros(image.shape[:2], bool)
    unknown[5:-5, 5:-5] = True
    known = np.zeros(unknown.shape, np.float32)
    known[:, 45:] = 1
    return equations(image, unknown, known), (image[unknown] / np.float32(255)).astype(np.float32)


def test_it_finds_what_factors_find(system) -> None:
    linear, colours = system
    assert len(colours) > 4000, "several grids"
    exact = solve_directly(linear)
    alpha, is_solved = solve_by_multigrid(linear, colours, 1e-8, 300)
    assert is_solved
    assert np.abs(alpha - exact).max() < 1e-3


def test_the_matrix_comes_back_in_double_precision(system) -> None:
    linear, colours = system
    before = linear.matrix.data.copy()
    solve_by_multigrid(linear, colours, 1e-4, 300)
    assert linear.matrix.data.dtype == np.float64
    np.testing.assert_allclose(linear.matrix.data, before, rtol=1e-13)
