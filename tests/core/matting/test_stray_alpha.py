"""Traces of doubt far from the subject are removed, and nothing that anybody sees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutsmith import Models, Picture, cut_out, refine_mask
from cutsmith.matting.stray_alpha import without_strays

SIDE = 400
FAR = 16  # 3% of 400 would be less
ROWS, COLUMNS = np.indices((SIDE, SIDE))
DISTANCE = np.hypot(ROWS - 200, COLUMNS - 200) - 80


class Doubtful:
    """A remover that is never quite sure: a disc with traces everywhere."""

    name = "doubtful"

    def provenance(self):
        return {"model": self.name}

    def soft_mask(self, image):
        return doubtful()


def doubtful() -> np.ndarray:
    """A soft disc, float32 (SIDE, SIDE): 0.02 is the least, 0.98 the most."""
    return np.clip(0.5 - DISTANCE / 8, 0.02, 0.98).astype(np.float32)


def test_traces_far_from_the_edge_go_on_both_sides_and_the_edge_stays() -> None:
    mask = doubtful()
    cleaned = without_strays(mask)
    assert (cleaned[DISTANCE > FAR + 1] == 0).all()
    assert (cleaned[DISTANCE < -FAR - 1] == 1).all()
    near = abs(DISTANCE) < FAR - 1
    np.testing.assert_array_equal(cleaned[near], mask[near])
    assert mask.min() == np.float32(0.02), "what was given is not written into"


def test_a_hair_far_from_the_body_stays_with_its_smooth_edge() -> None:
    mask = np.where(DISTANCE < 0, 1, 0).astype(np.float32)
    mask[20:23, 50:350] = np.array([[0.03], [0.06], [0.03]])
    np.testing.assert_array_equal(without_strays(mask), mask)


def test_a_shadow_stays() -> None:
    mask = np.where(DISTANCE < 0, 1, 0).astype(np.float32)
    mask[330:390, 50:350] = np.linspace(0.3, 0.05, 60, dtype=np.float32)[:, None]
    np.testing.assert_array_equal(without_strays(mask), mask)


def test_what_is_seen_through_inside_stays() -> None:
    mask = np.where(DISTANCE < 0, 1, 0).astype(np.float32)
    mask[180:220, 180:220] = 0.9
    np.testing.assert_array_equal(without_strays(mask), mask)


def test_a_mask_that_is_clean_comes_back_itself() -> None:
    mask = np.where(DISTANCE < 0, 1, 0).astype(np.float32)
    assert without_strays(mask) is mask


@pytest.mark.parametrize("value", [0.0, 0.02, 0.3])
def test_without_a_subject_nothing_is_far_from_it(value) -> None:
    mask = np.full((50, 60), value, np.float32)
    assert without_strays(mask) is mask


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**16), st.sampled_from([(40, 90), (700, 30), (1500, 40), (64, 1411)]))
def test_only_traces_change_and_never_near_the_edge(seed, shape) -> None:
    generator = np.random.default_rng(seed)
    levels = np.array([0, 0.01, 0.04, 0.3, 0.6, 0.96, 0.99, 1], np.float32)
    mask = np.kron(levels[generator.integers(0, 8, (4, 4))], np.ones((shape[0] // 4, shape[1] // 4), np.float32))
    cleaned = without_strays(mask)
    changed = cleaned != mask
    assert ((mask < 0.05) | (mask > 0.95))[changed].all()
    np.testing.assert_array_equal(cleaned[changed], mask[changed] >= 0.5)
    np.testing.assert_array_equal(without_strays(cleaned) >= 0.5, mask >= 0.5)


def test_background_and_subject_are_cleaned_alike() -> None:
    mask = doubtful()
    inverted = without_strays(1 - mask)
    surely = abs(abs(DISTANCE) - FAR) > 1.5
    np.testing.assert_allclose(inverted[surely], 1 - without_strays(mask)[surely], atol=1e-6)


def test_a_large_picture_is_cleaned_as_a_small_one() -> None:
    small = doubtful()
    large = np.kron(small, np.ones((5, 5), np.float32))
    cleaned = without_strays(large)[2::5, 2::5]
    surely = (abs(DISTANCE) < 11) | (abs(DISTANCE) > 19)
    np.testing.assert_array_equal(cleaned[surely], without_strays(small)[surely])


@pytest.mark.parametrize("invert", [False, True])
def test_a_models_cut_out_can_be_trimmed_and_its_soft_mask_stays_raw(invert) -> None:
    cut = cut_out(Picture(np.zeros((SIDE, SIDE, 3), np.uint8)), models=Models(remover=Doubtful()), invert=invert)
    outside = cut.alpha[:80, :80]
    assert (outside == (1 if invert else 0)).all()
    assert cut.alpha[200, 200] == (0 if invert else 1)
    np.testing.assert_array_equal(cut.soft_mask, doubtful())


def test_a_mask_that_the_user_gave_is_not_cleaned() -> None:
    cut = refine_mask(Picture(np.zeros((SIDE, SIDE, 3), np.uint8)), doubtful(), matting="none")
    np.testing.assert_array_equal(cut.alpha, doubtful())
