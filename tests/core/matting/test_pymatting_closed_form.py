"""Closed-form matting: pymatting's own answer, at a crop's price, and calm where pymatting raises."""

import logging

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cutsmith.errors import BadArray, PictureTooLarge
from cutsmith.matting import pymatting_methods
from cutsmith.matting.pymatting_methods import PymattingMatter
from cutsmith.matting.trimap import Band, trimap_from_soft_mask

# The first import of pymatting in an environment compiles for a minute: whichever test comes first pays for it.
pytestmark = pytest.mark.slow

# Half a level of 8-bit alpha is 2e-3; crops and whole picture stop at the same relative residual, and what that leaves
# open was measured as 2e-4 at worst.
SAME = 3e-4


def whole_picture(image: np.ndarray, trimap: np.ndarray) -> np.ndarray:
    """pymatting's answer for the whole picture at once."""
    import pymatting

    colours = image.astype(np.float64) / np.iinfo(image.dtype).max
    marked = np.where(trimap == 128, 0.5, trimap / 255.0)
    return pymatting.estimate_alpha_cf(colours, marked, cg_kwargs={"rtol": 1e-10})


def closed_form(band: Band | None = None) -> PymattingMatter:
    return PymattingMatter("pymatting-cf", band)


def closed_form_alpha(image, trimap, soft_mask=None):
    mask = np.full(trimap.shape, 0.5, np.float32) if soft_mask is None else soft_mask
    return closed_form().alpha(image, mask, trimap=trimap)


def blob(shape: tuple[int, int], x: float, y: float, radius: float, softness: float) -> np.ndarray:
    """A soft mask of one disc, float32 (H, W)."""
    rows, columns = np.indices(shape)
    return np.clip((radius - np.hypot(rows - y, columns - x)) / softness + 0.5, 0, 1).astype(np.float32)


@pytest.mark.parametrize("name", ["chelsea", "astronaut"])
def test_a_photograph_equals_pymatting_on_the_whole_picture(photo, name):
    image = photo(name)
    height, width = image.shape[:2]
    soft_mask = blob((height, width), width / 2, height / 2, height / 3, 12)
    trimap = trimap_from_soft_mask(soft_mask)
    alpha = closed_form().alpha(image, soft_mask)
    assert alpha.dtype == np.float32
    assert alpha.min() >= 0
    assert alpha.max() <= 1
    assert (alpha[trimap == 255] == 1).all()
    assert (alpha[trimap == 0] == 0).all()
    np.testing.assert_allclose(alpha, whole_picture(image, trimap), rtol=0, atol=SAME)


def test_far_apart_subjects_are_solved_in_crops_of_their_own_with_the_same_answer(photo, monkeypatch):
    image = np.ascontiguousarray(photo("chelsea")[:300, :450])
    soft_mask = np.maximum(blob((300, 450), 60, 60, 30, 6), blob((300, 450), 380, 230, 40, 6))
    trimap = trimap_from_soft_mask(soft_mask)
    seen = []
    solve = pymatting_methods._solved
    monkeypatch.setattr(
        pymatting_methods, "_solved", lambda way, part, *more: seen.append(part.shape) or solve(way, part, *more)
    )
    alpha = closed_form_alpha(image, trimap)
    assert len(seen) == 2
    assert sum(height * width for height, width, _ in seen) < 0.2 * trimap.size
    np.testing.assert_allclose(alpha, whole_picture(image, trimap), rtol=0, atol=SAME)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32 - 1), st.integers(5, 40), st.integers(5, 40), st.sampled_from([np.uint8, np.uint16]))
def test_any_trimap_equals_pymatting_on_the_whole_picture(seed, height, width, dtype):
    generator = np.random.default_rng(seed)
    brightest = np.iinfo(dtype).max
    image = generator.integers(0, brightest + 1, (height, width, 3), dtype=dtype)
    rough = cv2.GaussianBlur(generator.random((height, width), dtype=np.float32), (0, 0), 2)
    trimap = np.where(rough > np.quantile(rough, 0.6), 255, np.where(rough < np.quantile(rough, 0.4), 0, 128))
    trimap = trimap.astype(np.uint8)
    assume({0, 255} <= set(np.unique(trimap)))
    alpha = closed_form_alpha(image, trimap)
    assert alpha.min() >= 0
    assert alpha.max() <= 1
    np.testing.assert_array_equal(alpha[trimap == 255], 1)
    np.testing.assert_array_equal(alpha[trimap == 0], 0)
    np.testing.assert_allclose(alpha, whole_picture(image, trimap), rtol=0, atol=SAME)


def test_it_finds_the_alpha_of_a_picture_mixed_from_two_colours():
    truth = blob((120, 140), 70, 60, 35, 9)
    mixed = truth[..., None] * np.array([220.0, 60, 40]) + (1 - truth[..., None]) * np.array([30.0, 90, 200])
    rough = cv2.GaussianBlur((truth > 0.5).astype(np.float32), (0, 0), 4)
    alpha = closed_form(Band(6, 6)).alpha(np.rint(mixed).astype(np.uint8), rough)
    assert np.abs(alpha - truth).mean() < 0.1 * np.abs(rough - truth).mean()


def test_groups_beside_one_kind_only_are_constant():
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    trimap = np.zeros((40, 60), np.uint8)
    trimap[:, 30:] = 255
    trimap[5:9, 5:9] = 128
    trimap[20:25, 45:50] = 128
    alpha = closed_form_alpha(image, trimap, np.full((40, 60), 0.3, np.float32))
    assert (alpha[:, :30] == 0).all()
    assert (alpha[:, 30:] == 1).all()


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 30), (30, 1), (2, 30), (25, 25)])
def test_with_nothing_to_solve_the_soft_mask_is_the_alpha(shape, value):
    image = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    soft_mask = np.full(shape, value, np.float32)
    np.testing.assert_array_equal(closed_form().alpha(image, soft_mask), soft_mask)


@pytest.mark.parametrize("shape", [(1, 30), (30, 1), (2, 30), (3, 30), (30, 3), (4, 4)])
def test_narrow_pictures_with_an_edge_do_not_fail(shape):
    image = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    soft_mask = np.linspace(0, 1, shape[0] * shape[1], dtype=np.float32).reshape(shape)
    alpha = closed_form(Band(0, 0)).alpha(image, soft_mask)
    assert np.isfinite(alpha).all()
    assert (alpha[soft_mask >= 0.95] == 1).all()
    if min(shape) < 3:
        unknown = (soft_mask > 0.05) & (soft_mask < 0.95)
        np.testing.assert_array_equal(alpha[unknown], soft_mask[unknown])


def test_a_subject_that_fills_the_frame_keeps_its_soft_mask():
    image = np.random.default_rng(1).integers(0, 256, (30, 30, 3), dtype=np.uint8)
    soft_mask = np.ones((30, 30), np.float32)
    soft_mask[10:14, 10:14] = 0.4
    np.testing.assert_array_equal(closed_form().alpha(image, soft_mask), soft_mask)


def test_a_flat_picture_is_solved():
    soft_mask = blob((80, 80), 40, 40, 20, 10)
    alpha = closed_form().alpha(np.full((80, 80, 3), 128, np.uint8), soft_mask)
    assert np.isfinite(alpha).all()
    assert alpha[40, 40] == 1
    assert alpha[0, 0] == 0


def test_where_the_solver_does_not_converge_the_soft_mask_stays_and_a_warning_says_where(photo, monkeypatch, caplog):
    image = photo("chelsea")
    soft_mask = blob(image.shape[:2], 200, 150, 80, 12)
    trimap = trimap_from_soft_mask(soft_mask)
    monkeypatch.setattr(pymatting_methods, "MOST_ITERATIONS", 1)
    with caplog.at_level(logging.WARNING, "cutsmith"):
        alpha = closed_form_alpha(image, trimap, soft_mask)
    unknown = trimap == 128
    np.testing.assert_array_equal(alpha[unknown], soft_mask[unknown])
    assert "did not converge" in caplog.text
    assert "x 1" in caplog.text  # its crop begins at x = 1nn


def test_more_than_the_memory_holds_is_refused_before_it_is_tried(monkeypatch):
    monkeypatch.setattr(pymatting_methods, "available_memory", lambda: 10_000_000)
    monkeypatch.setattr(pymatting_methods, "import_pymatting", lambda: pytest.fail("was tried"))
    soft_mask = blob((400, 400), 200, 200, 150, 12)
    with pytest.raises(PictureTooLarge) as refused:
        closed_form().alpha(np.zeros((400, 400, 3), np.uint8), soft_mask)
    assert "GB" in refused.value.what
    assert ("matting", "closed-form") in [(cure.option, cure.value) for cure in refused.value.cures]


def test_nothing_is_printed_where_the_preconditioner_retries(capfd):
    """Standard output may be carrying the picture; pymatting prints its retries there."""
    from cutsmith.matting.compilation import import_pymatting

    pymatting = import_pymatting()
    import scipy.sparse

    indefinite = scipy.sparse.csc_matrix(np.array([[1.0, 2.0], [2.0, 1.0]]))
    pymatting.ichol(indefinite, shifts=[0.0, 10.0])
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("image", "soft_mask"),
    [
        (np.zeros((9, 9, 3), np.uint8), np.full((9, 9), np.nan, np.float32)),
        (np.zeros((9, 9, 3), np.uint8), np.zeros((9, 8), np.float32)),
        (np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.float32)),
        (np.zeros((9, 9, 4), np.uint8), np.zeros((9, 9), np.float32)),
        (np.full((9, 9, 3), np.nan, np.float32), np.zeros((9, 9), np.float32)),
    ],
    ids=["nan mask", "other size", "gray", "rgba", "nan image"],
)
def test_bad_arrays_are_refused(image, soft_mask):
    with pytest.raises(BadArray):
        closed_form().alpha(image, soft_mask)
