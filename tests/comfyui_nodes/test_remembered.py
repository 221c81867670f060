"""A network runs once for the same pixels, as long as its model is there and the limit of bytes allows it."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from comfyui_nodes.remembered import Memory, RememberingDetector, RememberingRemover
from cutsmith.protocols import Candidates

BYTES = 8 * 10 * 4  # of a mask


class Counted:
    """A remover and a detector that counts its runs."""

    name = "counted"

    def __init__(self) -> None:
        self.runs = 0

    def provenance(self) -> Mapping[str, str]:
        return {"model": self.name}

    def soft_mask(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.runs += 1
        return (image.mean(axis=2) / 255).astype(np.float32)

    def candidates(self, image: NDArray[np.uint8], phrases: str | Sequence[str]) -> Candidates:
        self.runs += 1
        return Candidates(np.zeros((2, 3), np.float32), np.zeros((2, 4), np.float32), tuple(phrases), (), 10, 8)


def image(level: int) -> NDArray[np.uint8]:
    return np.full((8, 10, 3), level, np.uint8)


def test_the_same_pixels_run_a_network_once_and_others_again() -> None:
    model, memory = Counted(), Memory()
    first = RememberingRemover(model, memory).soft_mask(image(10))
    again = RememberingRemover(model, memory).soft_mask(image(10))
    np.testing.assert_array_equal(first, again)
    assert model.runs == 1
    RememberingRemover(model, memory).soft_mask(image(11))
    RememberingRemover(model, memory).soft_mask(image(10).reshape(10, 8, 3))
    assert model.runs == 3


def test_what_the_caller_does_to_a_mask_does_not_reach_the_memory() -> None:
    remover = RememberingRemover(Counted(), Memory())
    for _ in range(3):
        mask = remover.soft_mask(image(51))
        np.testing.assert_allclose(mask, 0.2)
        mask[:] = 1


def test_another_model_does_not_get_the_first_ones_masks() -> None:
    memory, one, other = Memory(), Counted(), Counted()
    RememberingRemover(one, memory).soft_mask(image(1))
    RememberingRemover(other, memory).soft_mask(image(1))
    assert (one.runs, other.runs) == (1, 1)


def test_a_detector_runs_again_for_other_words() -> None:
    model, memory = Counted(), Memory()
    detector = RememberingDetector(model, memory)
    for phrases in (["cat"], ["cat"], ["dog"], ["cat", "dog"]):
        assert detector.candidates(image(1), phrases).phrases == tuple(phrases)
    assert model.runs == 3


@pytest.mark.parametrize("most", [BYTES, 3 * BYTES])
def test_the_memory_stays_within_its_limit_and_keeps_what_was_used_last(most: int) -> None:
    model, memory = Counted(), Memory(most)
    remover = RememberingRemover(model, memory)
    for level in range(50):
        remover.soft_mask(image(level))
        assert memory.bytes <= most
    assert model.runs == 50
    remover.soft_mask(image(49))
    assert model.runs == 50


def test_what_is_larger_than_the_limit_is_not_kept() -> None:
    model, memory = Counted(), Memory(BYTES - 1)
    RememberingRemover(model, memory).soft_mask(image(1))
    assert memory.bytes == 0


def test_other_models_masks_go_first_and_a_models_masks_go_with_it() -> None:
    one, other, memory = Counted(), Counted(), Memory(2 * BYTES)
    RememberingRemover(one, memory).soft_mask(image(1))
    for level in (1, 2):
        RememberingRemover(other, memory).soft_mask(image(level))
    assert memory.bytes == 2 * BYTES
    RememberingRemover(other, memory).soft_mask(image(1))
    assert other.runs == 2
    del other
    gc.collect()
    assert memory.bytes == 0
