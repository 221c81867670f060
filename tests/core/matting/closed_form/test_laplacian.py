"""The equations of unknown pixels: the matting Laplacian's rows, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutsmith.matting.closed_form import laplacian
from cutsmith.matting.closed_form.laplacian import Prior, equations
from tests.core.matting.closed_form.dense_laplacian import whole_laplacian


@pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="long double is no more exact than double here")
@pytest.mark.parametrize("at_once", [16_384, 40])
def test_the_rows_are_those_of_the_whole_laplacian(photo, monkeypatch, at_once):
    monkeypatch.setattr(laplacian, "_PIXELS_AT_ONCE", at_once)
    image = np.ascontiguousarray(photo("chelsea")[100:124, 100:130])
    random = np.random.default_rng(0)
    unknown = random.random(image.shape[:2]) < 0.4
    unknown[:3, :4] = True
    known = random.random(unknown.shape).astype(np.float32)
    rows = whole_laplacian(image)[unknown.ravel()]
    found = equations(image, unknown, known)
    np.testing.assert_allclose(found.matrix.toarray(), rows[:, unknown.ravel()], rtol=0, atol=1e-11)
    fixed = np.where(unknown, 0, known).ravel()
    np.testing.assert_allclose(found.right_side, -(rows @ fixed), rtol=0, atol=1e-10)
    assert found.matrix.indices.dtype == np.int32
    assert found.matrix.has_sorted_indices


def test_pymattings_rows_are_the_same_up_to_its_own_rounding(photo):
    cf_laplacian = pytest.importorskip("pymatting").cf_laplacian
    image = np.ascontiguousarray(photo("astronaut")[:60, 200:280])
    unknown = np.zeros(image.shape[:2], bool)
    unknown[10:40, 20:60] = True
    theirs = cf_laplacian(image / 255).tocsr()[unknown.ravel()][:, unknown.ravel()]
    ours = equations(image, unknown, np.zeros(unknown.shape, np.float32)).matrix
    # Inverses by determinants leave pymatting up to 1e-6 from the truth, as extended precision tells.
    assert abs(ours - theirs).max() < 1e-5


@given(st.integers(3, 9), st.integers(3, 9), st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_rows_are_symmetric_and_a_prior_adds_to_the_diagonal(height, width, seed):
    random = np.random.default_rng(seed)
    image = random.integers(0, 256, (height, width, 3), np.uint8)
    unknown = random.random((height, width)) < 0.6
    if not unknown.any():
        unknown[0, 0] = True
    known = random.random(unknown.shape).astype(np.float32)
    prior = Prior(random.random(unknown.shape).astype(np.float32), random.random(unknown.shape).astype(np.float32))
    without, with_prior = equations(image, unknown, known), equations(image, unknown, known, prior)
    dense = without.matrix.toarray()
    np.testing.assert_allclose(dense, dense.T, atol=1e-12)
    added = (with_prior.matrix - without.matrix).toarray()
    np.testing.assert_allclose(added, np.diag(prior.weight[unknown].astype(float)), atol=1e-12)
    side = with_prior.right_side - without.right_side
    np.testing.assert_allclose(side, (prior.weight * prior.value)[unknown], atol=1e-6)
