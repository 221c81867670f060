"""Our own closed-form solver: the dense answer on small pictures, calm on odd ones, and quick to leave."""

import threading
import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cutsmith.errors import BadArray, Cancelled, PictureTooLarge
from cutsmith.matting.closed_form import solve, solve_unknown
from cutsmith.matting.closed_form.effort import Effort
from tests.core.matting.closed_form.dense_laplacian import whole_laplacian


class Watching:
    """Records what a watch is told; `ends` says when to cancel."""

    def __init__(self, ends=lambda: False):
        self.warnings, self.shares, self.ends = [], [], ends

    def check(self):
        if self.ends():
            raise Cancelled("ended")

    def warn(self, text):
        self.warnings.append(text)

    def progress(self, share):
        self.shares.append(share)


def half_known(shape):
    """Known alpha: 1 in the upper half, 0 in the lower."""
    known = np.zeros(shape, np.float32)
    known[: shape[0] // 2] = 1
    return known


@pytest.fixture
def cat(photo):
    """A photograph, its unknown middle, and known alpha around it."""
    image = np.ascontiguousarray(photo("chelsea"))
    unknown = np.zeros(image.shape[:2], bool)
    unknown[90:230, 100:340] = True
    return image, unknown, half_known(unknown.shape)


pictures = st.tuples(st.integers(3, 8), st.integers(3, 8), st.integers(0, 10_000), st.sampled_from([0.2, 0.5, 0.9]))


@given(pictures, st.booleans())
@settings(max_examples=60, deadline=None)
def test_small_pictures_have_the_dense_solution(made, with_prior):
    height, width, seed, share = made
    random = np.random.default_rng(seed)
    image = random.integers(0, 256, (height, width, 3), np.uint8)
    unknown = random.random((height, width)) < share
    assume(unknown.any() and not unknown.all())
    known = random.random(unknown.shape).astype(np.float32)
    prior = random.random(unknown.shape).astype(np.float32) if with_prior else None
    weight = (random.random(unknown.shape) * 0.1 + 0.01).astype(np.float32) if with_prior else None
    # Colours of few pixels lie far apart; a larger epsilon keeps the dense solution itself well conditioned.
    found = solve_unknown(image, unknown, known, prior=prior, prior_weight=weight, epsilon=1e-2)

    laplacian = whole_laplacian(image, 1e-2).astype(float)
    u = unknown.ravel()
    matrix, side = laplacian[np.ix_(u, u)], -laplacian[np.ix_(u, ~u)] @ known.ravel()[~u]
    if with_prior:
        matrix = matrix + np.diag(weight.ravel()[u])
        side = side + (weight * prior).ravel()[u]
    expected = np.clip(np.linalg.solve(matrix, side), 0, 1)
    np.testing.assert_allclose(found[unknown], expected, atol=1e-5)
    np.testing.assert_array_equal(found[~unknown], known[~unknown])
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1


@given(
    st.integers(1, 20),
    st.integers(1, 20),
    st.integers(0, 10_000),
    st.sampled_from([np.uint8, np.uint16, np.float32]),
    st.sampled_from(["fast", "balanced", "exact"]),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_alpha_is_in_range_and_what_is_known_is_kept_for_every_shape(height, width, seed, dtype, effort, with_prior):
    random = np.random.default_rng(seed)
    image = random.random((height, width, 3)).astype(np.float32)
    if dtype != np.float32:
        image = (image * np.iinfo(dtype).max).astype(dtype)
    unknown = random.random((height, width)) < random.choice([0, 0.1, 0.5, 0.95, 1])
    known = random.random(unknown.shape).astype(np.float32)
    prior = random.random(unknown.shape).astype(np.float32) if with_prior else None
    weight = (prior > 0.5).astype(np.float32) * 1e-3 if with_prior else None
    found = solve_unknown(image, unknown, known, prior=prior, prior_weight=weight, effort=effort)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1
    np.testing.assert_array_equal(found[~unknown], known[~unknown])


@pytest.mark.parametrize("value", [0, 0.3, 1])
def test_what_is_linked_to_one_value_is_exactly_that_value(cat, value):
    image, unknown, _ = cat
    known = np.full(unknown.shape, value, np.float32)
    assert (solve_unknown(image, unknown, known) == np.float32(value)).all()


def test_nothing_known_gives_the_prior_or_a_half(cat):
    image, unknown, known = cat
    everywhere = np.ones_like(unknown)
    assert (solve_unknown(image, everywhere, known) == 0.5).all()
    weightless = np.zeros(unknown.shape, np.float32)
    np.testing.assert_array_equal(solve_unknown(image, everywhere, known, prior=known, prior_weight=weightless), known)
    np.testing.assert_allclose(
        solve_unknown(image, everywhere, known, prior=weightless + 1, prior_weight=weightless + 1), 1, atol=1e-3
    )


def test_nothing_unknown_gives_what_is_known(cat):
    image, unknown, known = cat
    found = solve_unknown(image, np.zeros_like(unknown), known)
    np.testing.assert_array_equal(found, known)
    assert found is not known


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (2, 30), (30, 2)])
def test_pictures_without_a_window_take_the_prior(shape):
    unknown = np.ones(shape, bool)
    unknown[0, 0] = False
    known = np.zeros(shape, np.float32)
    image = np.zeros((*shape, 3), np.uint8)
    assert (solve_unknown(image, unknown, known)[unknown] == 0.5).all()
    prior = np.full(shape, 0.25, np.float32)
    assert (solve_unknown(image, unknown, known, prior=prior, prior_weight=prior)[unknown] == 0.25).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"image": np.zeros((5, 6), np.uint8)},
        {"image": np.zeros((5, 6, 4), np.float32)},
        {"image": np.full((5, 6, 3), np.nan, np.float32)},
        {"image": np.full((5, 6, 3), 255, np.float32)},
        {"image": np.zeros((5, 6, 3), np.int64)},
        {"image": np.zeros((4, 6, 3), np.uint8)},
        {"unknown": np.zeros((5, 6), np.uint8)},
        {"unknown": np.zeros((6, 5), bool)},
        {"known": np.full((5, 6), np.nan, np.float32)},
        {"known": np.full((5, 6), 3, np.float32)},
        {"prior": np.zeros((5, 6), np.float32)},
        {"prior_weight": np.zeros((5, 6), np.float32)},
        {"prior": np.zeros((5, 6), np.float32), "prior_weight": np.full((5, 6), -1, np.float32)},
        {"prior": np.zeros((5, 6), np.float32), "prior_weight": np.full((5, 6), np.nan, np.float32)},
        {"prior": np.zeros((5, 5), np.float32), "prior_weight": np.zeros((5, 6), np.float32)},
    ],
)
def test_wrong_arrays_are_refused(wrong):
    right = {
        "image": np.zeros((5, 6, 3), np.uint8),
        "unknown": np.ones((5, 6), bool),
        "known": np.zeros((5, 6), np.float32),
    }
    with pytest.raises(BadArray):
        solve_unknown(**(right | wrong))


def test_both_methods_agree_and_the_answer_is_deterministic(cat, monkeypatch):
    image, unknown, known = cat
    iterated = solve_unknown(image, unknown, known, effort="exact")
    np.testing.assert_array_equal(iterated, solve_unknown(image, unknown, known, effort="exact"))
    monkeypatch.setattr(solve, "_DIRECT_PIXELS", 10**9)
    direct = solve_unknown(image, unknown, known, effort="exact")
    assert np.abs(iterated - direct).mean() < 1e-3
    assert np.abs(iterated - direct).max() < 0.2


def test_wide_regions_take_a_smaller_size_and_end_near_the_exact_answer(cat, monkeypatch):
    image, unknown, known = cat
    weight = np.full(unknown.shape, 1e-3, np.float32)
    exact = solve_unknown(image, unknown, known, prior=known, prior_weight=weight, effort="exact")
    monkeypatch.setattr(solve, "EFFORTS", {"fast": Effort(8_000, 1e-4, 1e-4)})
    reduced = solve_unknown(image, unknown, known, prior=known, prior_weight=weight, effort="fast")
    assert 0 < np.abs(reduced - exact)[unknown].mean() < 0.12
    np.testing.assert_array_equal(reduced[~unknown], known[~unknown])


def test_too_little_memory_takes_a_smaller_size_unless_the_effort_is_exact(cat):
    image, unknown, known = cat
    found = solve_unknown(image, unknown, known, memory=20_000_000)
    np.testing.assert_array_equal(found[~unknown], known[~unknown])
    with pytest.raises(PictureTooLarge, match="balanced"):
        solve_unknown(image, unknown, known, memory=20_000_000, effort="exact")


def test_what_is_not_solved_is_warned_of_and_falls_back(cat, monkeypatch):
    image, unknown, known = cat
    monkeypatch.setattr(solve, "_MOST_ITERATIONS", 1)
    watch = Watching()
    assert (solve_unknown(image, unknown, known, watch=watch)[unknown] == 0.5).all()
    assert len(watch.warnings) == 1


def test_progress_rises_to_one(cat):
    watch = Watching()
    solve_unknown(*cat, watch=watch)
    assert watch.shares == sorted(watch.shares)
    assert watch.shares[0] >= 0
    assert watch.shares[-1] == 1


def test_it_ends_at_once_in_the_midst_of_a_system(cat, monkeypatch):
    begun = threading.Event()
    asked = []
    ended = []

    def endless(_system, _colours, _tolerance, _most, told, _start):
        begun.set()
        try:
            while True:
                time.sleep(0.01)
                told(0.5)
        finally:
            ended.append(True)

    def ends():
        if begun.is_set():
            asked.append(True)
        return begun.is_set()

    monkeypatch.setattr(solve, "solve_by_multigrid", endless)
    with pytest.raises(Cancelled):
        solve_unknown(*cat, watch=Watching(ends))
    assert len(asked) == 1, "it ends at the first time that it is asked"
    assert ended


def test_thousands_of_specks_are_solved_in_a_few_systems(photo, monkeypatch):
    image = np.tile(photo("chelsea"), (4, 4, 1))[:1200, :1700]
    unknown = np.zeros(image.shape[:2], bool)
    unknown[5::10, 5::10] = True
    unknown[6::10, 5::10] = True
    known = np.random.default_rng(0).random(unknown.shape).astype(np.float32)
    calls = []
    assemble = solve.equations
    monkeypatch.setattr(solve, "equations", lambda *given: calls.append(1) or assemble(*given))
    found = solve_unknown(image, unknown, known)
    assert np.count_nonzero(unknown) == 40_800
    assert len(calls) < 10
    # Another division gives the same answer, as far as the iterations go.
    corner = np.s_[:203, :303]
    alone = solve_unknown(np.ascontiguousarray(image[corner]), unknown[corner], known[corner])
    np.testing.assert_allclose(found[:200, :300], alone[:200, :300], atol=1e-4)


def test_without_multigrid_wide_regions_are_solved_all_the_same(cat, monkeypatch):
    image, unknown, known = cat
    iterated = solve_unknown(image, unknown, known)
    monkeypatch.setattr(solve, "multigrid_is_installed", lambda: False)
    assert np.abs(solve_unknown(image, unknown, known) - iterated).mean() < 1e-3
