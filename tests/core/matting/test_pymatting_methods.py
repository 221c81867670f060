"""KNN and learning-based matting: pymatting's own answer in crops, and typed errors where it fails."""

import sys

import numpy as np
import pytest

from cutsmith.errors import BadArray, ExtraMissing, PictureTooLarge
from cutsmith.matting import pymatting_methods
from cutsmith.matting.pymatting_methods import METHODS, PymattingMatter

# The first import of pymatting in an environment compiles for a minute.
pytestmark = pytest.mark.slow


def scene(height=60, width=70):
    rows, columns = np.indices((height, width))
    soft_mask = np.clip((20 - np.hypot(rows - height / 2, columns - width / 2)) / 6 + 0.5, 0, 1).astype(np.float32)
    noise = np.random.default_rng(0).normal(0, 4, (height, width, 3))
    colours = np.array([200, 60, 40]) * soft_mask[..., None] + np.array([30, 80, 180]) * (1 - soft_mask[..., None])
    return np.clip(colours + noise, 0, 255).astype(np.uint8), soft_mask


@pytest.mark.parametrize("method", METHODS)
def test_it_finds_the_mixture_of_two_colours_and_keeps_what_is_known(method):
    image, truth = scene()
    trimap = np.full(truth.shape, 128, np.uint8)
    trimap[truth == 0] = 0
    trimap[truth == 1] = 255
    alpha = PymattingMatter(method).alpha(image, np.zeros_like(truth), trimap=trimap)
    assert alpha.dtype == np.float32
    assert (alpha[trimap == 0] == 0).all()
    assert (alpha[trimap == 255] == 1).all()
    assert np.abs(alpha - truth).mean() < 0.05
    assert np.isfinite(PymattingMatter(method).alpha(image, truth)).all()


def test_a_crop_leaves_the_answer_of_learning_based_matting_as_it_is():
    import pymatting

    image, truth = scene()
    trimap = np.where(truth == 0, 0, np.where(truth == 1, 255, 128)).astype(np.uint8)
    ours = PymattingMatter("lbdm").alpha(image, truth, trimap=trimap)
    whole = pymatting.estimate_alpha_lbdm(image / 255.0, np.where(trimap == 128, 0.5, trimap / 255.0))
    np.testing.assert_allclose(ours, whole, atol=2e-3)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("mask", [0.0, 0.5, 1.0])
def test_where_nothing_is_known_or_nothing_unknown_the_mask_is_the_alpha(method, mask):
    image, _ = scene()
    soft_mask = np.full(image.shape[:2], mask, np.float32)
    np.testing.assert_array_equal(PymattingMatter(method).alpha(image, soft_mask), soft_mask)


@pytest.mark.parametrize("method", METHODS)
def test_more_memory_than_there_is_is_refused(method, monkeypatch):
    monkeypatch.setattr(pymatting_methods, "available_memory", lambda: 1_000_000)
    with pytest.raises(PictureTooLarge, match=METHODS[method].title):
        PymattingMatter(method).alpha(*scene())


def test_where_it_finds_no_solution_the_mask_stays_with_a_warning(monkeypatch):
    import pymatting

    def failing(*_, **__):
        raise ValueError("no convergence")

    class Watch:
        def __init__(self):
            self.told = []

        def check(self):
            pass

        def warn(self, text):
            self.told.append(text)

    monkeypatch.setattr(pymatting, "estimate_alpha_knn", failing)
    image, soft_mask = scene()
    trimap = np.where(soft_mask == 0, 0, np.where(soft_mask == 1, 255, 128)).astype(np.uint8)
    watch = Watch()
    alpha = PymattingMatter("knn").alpha(image, soft_mask, trimap=trimap, watch=watch)
    np.testing.assert_array_equal(alpha, soft_mask)
    assert "KNN matting found no solution" in watch.told[0]
    assert "no convergence" in watch.told[0]


def test_without_the_extra_the_error_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymatting", None)
    with pytest.raises(ExtraMissing) as caught:
        PymattingMatter("knn").alpha(*scene())
    assert 'pip install "cutsmith[pymatting]"' in str(caught.value)


def test_bad_arrays_are_refused():
    image, soft_mask = scene()
    for bad in (image[..., 0], image.astype(np.float32), image[:10]):
        with pytest.raises(BadArray):
            PymattingMatter("lbdm").alpha(bad, soft_mask)
