"""A network runs once for the same pixels, as long as its model is there and the limit of bytes allows it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from comfyui_nodes.remembered import Memory, RememberingDetector, RememberingRemover
from cutsmith.models.entry import SalientSpec
from cutsmith.protocols import Candidates
from cutsmith.removal.salient import SalientRemover
from tests.core.conftest import tiny_network

__all__ = ["tiny_network"]

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
def test_the_memory_stays_within_its_limit_and_keeps_what_the_last_runs_used(most: int) -> None:
    model, memory = Counted(), Memory(most)
    for level in range(50):
        RememberingRemover(model, memory).soft_mask(image(level))
        assert memory.bytes <= most
    assert model.runs == 50
    RememberingRemover(model, memory).soft_mask(image(49))
    assert model.runs == 50


def test_a_batch_above_the_limit_keeps_what_fits_for_the_next_run_over_it() -> None:
    model, memory = Counted(), Memory(3 * BYTES)
    RememberingRemover(model, memory).soft_mask(image(99))
    for runs in (10, 17, 24):
        remover = RememberingRemover(model, memory)
        for level in range(10):
            remover.soft_mask(image(level))
            assert memory.bytes <= 3 * BYTES
        assert model.runs == runs + 1, "three of ten are kept"


def test_another_batch_takes_the_place_of_the_one_before() -> None:
    model, memory = Counted(), Memory(3 * BYTES)
    for levels in (range(10), range(10, 13), range(10, 13)):
        remover = RememberingRemover(model, memory)
        for level in levels:
            remover.soft_mask(image(level))
    assert model.runs == 13


def test_a_network_whose_description_was_edited_runs_again(tiny_network: Callable[..., Path]) -> None:
    from cutsmith.engines.opening import open_model

    engine, memory = open_model(tiny_network(128, sigmoid=True)).engine, Memory()
    spec = SalientSpec(128, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "255", "none", 0)
    first, same, edited = (
        RememberingRemover(SalientRemover("own", each, engine, "own.onnx"), memory).soft_mask(image(90))
        for each in (spec, replace(spec), replace(spec, mean=(0.1, 0.9, 0.2)))
    )
    np.testing.assert_array_equal(same, first)
    assert np.abs(edited - first).max() > 0.01


def test_what_is_larger_than_the_limit_is_not_kept_and_drops_nothing() -> None:
    model, memory = Counted(), Memory(BYTES)
    RememberingRemover(model, memory).soft_mask(image(1))
    RememberingRemover(model, memory).soft_mask(np.zeros((8, 11, 3), np.uint8))
    RememberingRemover(model, memory).soft_mask(image(1))
    assert (memory.bytes, model.runs) == (BYTES, 2)


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
