"""Another size: alpha keeps its range and its mass, and no colour from outside the subject gets into its edge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutsmith.result.canvas.resampling import resampled

SIDES = st.integers(2, 60)


@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from([np.uint8, np.uint16]), st.integers(0, 99))
def test_alpha_stays_in_range_and_colours_keep_their_depth(width, height, across, down, dtype, seed) -> None:
    random = np.random.default_rng(seed)
    colours = random.integers(0, np.iinfo(dtype).max, (height, width, 3), dtype, endpoint=True)
    alpha = (random.random((height, width)) > 0.5).astype(np.float32)
    laid, share = resampled(colours, alpha, (across, down))
    assert laid.shape == (down, across, 3)
    assert laid.dtype == dtype
    assert share.dtype == np.float32
    assert share.min() >= 0
    assert share.max() <= 1


@given(st.integers(8, 60), st.integers(8, 60), st.floats(0.2, 1), st.integers(0, 99))
def test_shrinking_conserves_the_mass_of_alpha(width, height, scale, seed) -> None:
    alpha = np.random.default_rng(seed).random((height, width), np.float32)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    _, share = resampled(np.zeros((height, width, 3), np.uint8), alpha, size)
    assert share.mean() == pytest.approx(alpha.mean(), abs=2e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(17, 13), (40, 31), (130, 90), (20, 90)])
def test_an_edge_has_no_fringe_of_what_is_outside(dtype, size) -> None:
    full = np.iinfo(dtype).max
    colours = np.zeros((30, 40, 3), dtype)
    colours[:, :, 1] = full  # green outside
    alpha = np.zeros((30, 40), np.float32)
    alpha[8:22, 10:30] = 1
    alpha[8:22, 9] = alpha[8:22, 30] = 0.4
    colours[alpha > 0] = (full, 0, 0)
    laid, share = resampled(colours, alpha, size)
    inside = share > 0.02
    assert inside.any()
    assert np.abs(laid[inside].astype(int) - (full, 0, 0)).max() <= 0.01 * full


def test_at_the_same_size_nothing_changes() -> None:
    colours, alpha = np.zeros((3, 4, 3), np.uint16), np.zeros((3, 4), np.float32)
    laid, share = resampled(colours, alpha, (4, 3))
    assert laid is colours
    assert share is alpha
