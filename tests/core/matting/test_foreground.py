"""Foreground colours: opaque pixels untouched, the old background gone from the edges and from the file."""

import subprocess
import sys
import tracemalloc

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutsmith.errors import BadArray, BadOption
from cutsmith.matting import blur_fusion, multilevel
from cutsmith.matting.foreground import EDGE_REACH, estimate_foreground, with_own_colours

METHODS = ["blur-fusion", "multilevel"]


def smooth_colours(seed: int, shape: tuple[int, int], low: float, high: float) -> np.ndarray:
    """Slowly varying colours, float64 (H, W, 3) between `low` and `high`."""
    cells = np.random.default_rng(seed).uniform(low, high, (4, 4, 3))
    return np.clip(cv2.resize(cells, shape[::-1], interpolation=cv2.INTER_CUBIC), low, high)


def disc(shape: tuple[int, int], softness: float = 4.0) -> np.ndarray:
    """Alpha of a disc with a soft edge, float32 (H, W)."""
    y, x = np.indices(shape)
    radius = np.hypot(y - shape[0] / 2, x - shape[1] / 2)
    return np.clip((min(shape) / 3 - radius) / softness + 0.5, 0, 1).astype(np.float32)


def synthetic(shape=(210, 260), dtype=np.uint8):
    """Image, alpha, and the true foreground and background of which the image is mixed, in the image's units."""
    brightest = np.iinfo(dtype).max
    alpha = disc(shape)
    front = smooth_colours(1, shape, 0.5, 1.0) * brightest
    behind = smooth_colours(2, shape, 0.0, 0.5) * brightest
    image = np.rint(alpha[..., None] * front + (1 - alpha[..., None]) * behind).astype(dtype)
    return image, alpha, front, behind


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_edges_lose_the_background_and_still_explain_the_image(method, dtype):
    image, alpha, front, behind = synthetic(dtype=dtype)
    estimated = estimate_foreground(image, alpha, method)
    assert estimated.dtype == dtype
    edge = (alpha > 0.02) & (alpha < 0.98)
    brightest = np.iinfo(dtype).max
    error = np.abs(estimated - front)[edge].mean() / brightest
    raw_error = np.abs(image - front)[edge].mean() / brightest
    assert error < raw_error / 5
    again = alpha[..., None] * estimated + (1 - alpha[..., None]) * behind
    assert np.abs(again - image)[edge].mean() / brightest < 0.01


@pytest.mark.parametrize("method", METHODS)
def test_opaque_pixels_keep_their_colour_bit_for_bit(method):
    image = np.random.default_rng(0).integers(0, 65536, (150, 170, 3), dtype=np.uint16)
    alpha = disc((150, 170))
    estimated = estimate_foreground(image, alpha, method)
    np.testing.assert_array_equal(estimated[alpha == 1], image[alpha == 1])


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 300),
    st.integers(1, 300),
    st.integers(0, 2**32 - 1),
    st.sampled_from([np.uint8, np.uint16]),
    st.sampled_from([0.0, 0.002, 0.5, 1.0]),
    st.sampled_from(METHODS),
)
def test_any_size_and_any_alpha(height, width, seed, dtype, part, method):
    generator = np.random.default_rng(seed)
    image = generator.integers(0, np.iinfo(dtype).max + 1, (height, width, 3), dtype=dtype)
    alpha = generator.choice([0, 1, 0.001, 0.5, 0.999], (height, width)).astype(np.float32)
    alpha[generator.random((height, width)) > part] = 0
    before = image.copy()
    estimated = estimate_foreground(image, alpha, method)
    np.testing.assert_array_equal(image, before)
    assert estimated.dtype == dtype
    np.testing.assert_array_equal(estimated[alpha == 1], image[alpha == 1])
    far = cv2.dilate((alpha > 0).astype(np.uint8), np.ones((2 * EDGE_REACH + 1,) * 2, np.uint8)) == 0
    assert not estimated[far].any()


def test_sixteen_bits_are_not_rounded_to_eight():
    image, alpha, _, _ = synthetic(dtype=np.uint16)
    estimated = estimate_foreground(image, alpha)
    edge = (alpha > 0) & (alpha < 1)
    assert np.unique(estimated[edge]).size > 5 * 256
    eight = estimate_foreground((image // 257).astype(np.uint8), alpha).astype(float) * 257
    assert np.abs(estimated - eight)[edge].mean() < 257


def test_the_removed_background_is_not_in_the_file():
    image = np.full((200, 200, 3), (10, 250, 10), np.uint8)
    alpha = disc((200, 200))
    image[alpha > 0.5] = (200, 100, 50)
    estimated = estimate_foreground(image, alpha)
    assert not estimated[0, 0].any()
    assert not estimated[:, :10].any()


def test_no_dark_or_green_halo_when_colour_and_alpha_are_scaled_apart():
    """Viewers that scale colours without regard to alpha mix in what lies under the transparent pixels."""
    alpha = disc((240, 240), softness=3)
    subject, screen = np.array([200.0, 100, 50]), np.array([10.0, 250, 10])
    image = np.rint(alpha[..., None] * subject + (1 - alpha[..., None]) * screen).astype(np.uint8)
    small = cv2.resize(estimate_foreground(image, alpha), (30, 30), interpolation=cv2.INTER_AREA)
    small_alpha = cv2.resize(alpha, (30, 30), interpolation=cv2.INTER_AREA)
    shown = small[small_alpha > 0.01].astype(float)
    assert np.abs(shown - subject).max() < 12


@pytest.mark.parametrize("method", METHODS)
def test_alpha_that_is_one_or_zero_everywhere(method):
    image = np.random.default_rng(3).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    np.testing.assert_array_equal(estimate_foreground(image, np.ones((40, 50), np.float32), method), image)
    assert not estimate_foreground(image, np.zeros((40, 50), np.float32), method).any()


def test_none_is_a_copy_of_the_image():
    image, alpha, _, _ = synthetic()
    copied = estimate_foreground(image, alpha, "none")
    np.testing.assert_array_equal(copied, image)
    assert not np.shares_memory(copied, image)


def blur_fusion_by_the_paper(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The two passes on the whole picture at once, full resolution, float64."""
    share = alpha.astype(np.float64)[..., None]
    front = behind = image.astype(np.float64)

    def mean(values: np.ndarray, weights: np.ndarray, side: int) -> np.ndarray:
        total = cv2.boxFilter(values * weights, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
        weight = cv2.boxFilter(weights, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
        return total / np.maximum(weight, 1e-9)[..., None]

    for side in (91, 7):
        front, behind = mean(front, share, side), mean(behind, 1 - share, side)
        front = front + share * (image - share * front - (1 - share) * behind)
        front = np.clip(front, 0, np.iinfo(image.dtype).max)
    return front


@pytest.mark.parametrize("name", ["chelsea", "astronaut", "coffee"])
def test_tiles_and_cells_change_less_than_a_level(photo, name):
    """The answer on a photograph is that of the whole picture at full resolution, to less than 1/255 in the mean."""
    image = photo(name)
    shape = image.shape[:2]
    y, x = np.indices(shape)
    waves = 12 * np.sin(np.arctan2(y - shape[0] / 2, x - shape[1] / 2) * 40)
    radius = np.hypot(y - shape[0] / 2, x - shape[1] / 2)
    alpha = np.clip((min(shape) / 3 + waves - radius) / 8, 0, 1).astype(np.float32)
    edge = (alpha > 0.5 / 255) & (alpha < 1 - 0.5 / 255)
    difference = np.abs(estimate_foreground(image, alpha, "blur-fusion") - blur_fusion_by_the_paper(image, alpha))[edge]
    assert difference.mean() < 0.6  # 0.25 of it is rounding to whole levels
    assert np.quantile(difference, 0.999) < 6


@pytest.mark.parametrize(("method", "module"), [("blur-fusion", blur_fusion), ("multilevel", multilevel)])
def test_tiles_leave_no_seams(method, module, monkeypatch):
    image = np.random.default_rng(5).integers(0, 256, (300, 310, 3), dtype=np.uint8)
    alpha = np.random.default_rng(6).random((300, 310), dtype=np.float32)
    whole = estimate_foreground(image, alpha, method)
    monkeypatch.setattr(module, "_TILE", 5)
    # Sums in another order round differently once in a while.
    assert np.abs(whole.astype(int) - estimate_foreground(image, alpha, method)).max() <= 1


@pytest.mark.parametrize(
    ("image", "alpha", "found"),
    [
        (np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.float32), "(4, 4)"),
        (np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4), np.float32), "(4, 4, 4)"),
        (np.zeros((4, 4, 3), np.float32), np.zeros((4, 4), np.float32), "float32"),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.float32), "(4, 5)"),
        (np.zeros((4, 4, 3), np.uint8), np.full((4, 4), np.nan, np.float32), "16 values that are NaN"),
        (np.zeros((4, 4, 3), np.uint8), np.full((4, 4), 255, np.int64), "int64"),
    ],
)
def test_bad_arrays_are_refused_and_named(image, alpha, found):
    with pytest.raises(BadArray) as refused:
        estimate_foreground(image, alpha)
    assert found in refused.value.what


def test_an_unknown_method_is_refused():
    with pytest.raises(BadOption, match="foreground must be one of blur-fusion, multilevel, none, but got 'magic'"):
        estimate_foreground(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float32), "magic")


@pytest.mark.parametrize("method", METHODS)
def test_no_method_imports_numba_or_pymatting(method):
    code = (
        "import sys, numpy as np; from cutsmith.matting.foreground import estimate_foreground;"
        "estimate_foreground(np.zeros((40, 40, 3), np.uint8), np.full((40, 40), 0.5, np.float32),"
        f"{method!r});"
        "sys.exit(bool({'numba', 'pymatting', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_picture_that_was_cut_out_before_keeps_its_own_colours():
    own_alpha = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (40, 1))
    image = np.full((40, 64, 3), (200, 100, 50), np.uint8)
    image[own_alpha == 0] = 0  # what hides under full transparency is no background either
    estimated = estimate_foreground(image, own_alpha)
    kept = with_own_colours(estimated, image, own_alpha, own_alpha)
    assert (kept[own_alpha > 0] == (200, 100, 50)).all()


def test_transparency_that_explains_nothing_changes_nothing():
    alpha = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (40, 1))
    image = np.rint(alpha[..., None] * (200, 100, 50) + (1 - alpha[..., None]) * (0, 0, 255)).astype(np.uint8)
    estimated = estimate_foreground(image, alpha)
    nearly_opaque = np.full((40, 64), np.float32(254 / 255))
    kept = with_own_colours(estimated.copy(), image, alpha, nearly_opaque)
    undecided = alpha < 0.9
    assert np.abs(kept.astype(int) - estimated)[undecided].max() <= 10
    assert np.abs(image.astype(int) - estimated)[undecided].max() > 100


def blended_with_a_photograph(photo) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Image, alpha and true foreground: smooth colours with a hairy edge before a photograph."""
    behind = photo("coffee")
    shape = behind.shape[:2]
    drawn = np.zeros(shape, np.uint8)
    middle, reach = (shape[1] // 2, shape[0] // 2), min(shape) // 3
    cv2.circle(drawn, middle, reach, 255, -1)
    for angle in np.random.default_rng(0).uniform(0, 2 * np.pi, 300):
        ends = (
            (int(middle[0] + r * np.cos(angle)), int(middle[1] + r * np.sin(angle))) for r in (reach - 4, reach + 40)
        )
        cv2.line(drawn, *ends, 255, 1, cv2.LINE_AA)
    alpha = cv2.GaussianBlur(drawn, (0, 0), 0.8).astype(np.float32) / 255
    front = smooth_colours(1, shape, 0.0, 1.0) * 255
    image = np.rint(alpha[..., None] * front + (1 - alpha[..., None]) * behind).astype(np.uint8)
    return image, alpha, front


def error_where_mixed(estimated: np.ndarray, front: np.ndarray, alpha: np.ndarray) -> float:
    """Mean absolute difference in levels, weighted by alpha, where 0 < alpha < 1."""
    mixed = (alpha > 0) & (alpha < 1)
    return float(np.average(np.abs(estimated[mixed] - front[mixed]).mean(axis=-1), weights=alpha[mixed]))


def test_multilevel_is_closer_to_the_truth_than_blur_fusion(photo):
    image, alpha, front = blended_with_a_photograph(photo)
    multi, blur = (error_where_mixed(estimate_foreground(image, alpha, each), front, alpha) for each in METHODS[::-1])
    assert multi < 0.8 * blur


@pytest.mark.slow
def test_multilevel_is_as_close_as_the_sweeps_of_pymatting(photo):
    pymatting = pytest.importorskip("pymatting")
    image, alpha, front = blended_with_a_photograph(photo)
    theirs = pymatting.estimate_foreground_ml(image / 255, alpha.astype(np.float64)) * 255
    ours = estimate_foreground(image, alpha, "multilevel")
    assert error_where_mixed(ours, front, alpha) < 1.02 * error_where_mixed(theirs, front, alpha)


def test_multilevel_computes_only_around_what_is_mixed():
    """Memory is the result's and a little more, however large the picture is."""
    image = np.zeros((2400, 2400, 3), np.uint8)
    alpha = np.zeros((2400, 2400), np.float32)
    alpha[1000:1100, 1000:1100] = 0.5
    tracemalloc.start()
    estimate_foreground(image, alpha, "multilevel")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < image.nbytes * 3
