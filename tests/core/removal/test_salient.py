"""Salient-object networks: fed, read and resized exactly as rembg does it, and never stretched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from cutsmith.engines.onnxruntime_engine import OnnxruntimeEngine
from cutsmith.errors import ModelUnusable
from cutsmith.models.catalogue import catalogue, of_kind
from cutsmith.models.entry import SalientSpec
from cutsmith.removal.salient import SalientRemover, normalise, resample

GENERATOR = np.random.default_rng(3)
# Its maximum is not 255, so that dividing by the maximum and by 255 differ.
PICTURE = GENERATOR.integers(0, 232, (90, 130, 3), dtype=np.uint8)


def remover(entry_spec: SalientSpec, path: Path) -> SalientRemover:
    return SalientRemover("tiny", entry_spec, OnnxruntimeEngine(path, entry_spec.output, 1), path.name)


def stretched(probabilities: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """As rembg ends: min-max stretched, 8 bits by truncation, resized."""
    low, high = probabilities.min(), probabilities.max()
    levels = ((probabilities - low) / (high - low) * 255).astype(np.uint8)
    return np.asarray(Image.fromarray(levels).resize(size, Image.Resampling.LANCZOS))


def rembg_session(name: str, path: Path):
    from rembg.sessions import sessions

    class Local(sessions[name]):
        """rembg's own class, with only the place of its file changed."""

        @classmethod
        def download_models(cls, *args, **kwargs):
            return str(path)

    return Local(name, onnxruntime.SessionOptions(), providers=["CPUExecutionProvider"])


@pytest.mark.torch
@pytest.mark.parametrize(
    "name", sorted(name for name, entry in of_kind("remover").items() if entry.npm or "rembg" in str(entry.urls))
)
def test_every_catalogue_entry_equals_rembgs_own_session_on_a_constructed_network(name, tiny_network) -> None:
    spec = catalogue()[name].salient
    path = tiny_network(spec.input_size, sigmoid=spec.activation == "none", outputs=spec.output + 3, seed=len(name))
    (theirs,) = rembg_session(name.removesuffix("-fp16"), path).predict(Image.fromarray(PICTURE))
    ours = stretched(remover(spec, path).probabilities(PICTURE), theirs.size)
    difference = np.abs(ours.astype(int) - np.asarray(theirs))
    # One level where a sigmoid in float32 lands on the other side of a whole number.
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.001
    assert np.asarray(theirs).std() > 10


def test_the_soft_mask_is_not_stretched(tiny_network) -> None:
    spec = catalogue()["u2netp"].salient
    path = tiny_network(spec.input_size, sigmoid=True)
    mask = remover(spec, path).soft_mask(np.full((50, 60, 3), 128, np.uint8))
    assert mask.shape == (50, 60)
    assert mask.dtype == np.float32
    # A plain picture gives a nearly plain map; stretching would reach from 0 to 1.
    assert np.ptp(mask[5:-5, 5:-5]) < 0.05


def test_logits_become_probabilities(tiny_network) -> None:
    spec = catalogue()["birefnet-general-lite"].salient
    assert spec.activation == "sigmoid"
    small = SalientSpec(64, spec.mean, spec.std, spec.divide_by, "sigmoid", 0)
    plain = SalientSpec(64, spec.mean, spec.std, spec.divide_by, "none", 0)
    logits = tiny_network(64, sigmoid=False)
    probabilities = tiny_network(64, sigmoid=True)
    np.testing.assert_allclose(
        remover(small, logits).probabilities(PICTURE), remover(plain, probabilities).probabilities(PICTURE), atol=1e-6
    )


class Answering:
    """An engine that gives one answer to everything."""

    name = "answering"
    accelerated = False
    input_shape = (1, 3, 64, 64)

    def __init__(self, answer) -> None:
        self.answer = np.asarray(answer, np.float32)

    def run(self, tensor):
        return self.answer


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (np.full((1, 1, 64, 64), 12.0), 'activation = "sigmoid"'),
        (np.full((1, 1, 64, 64), -7.0), 'activation = "sigmoid"'),
        (np.full((1, 1, 64, 64), np.nan), "not finite"),
        (np.full((1, 21, 64, 64), 0.5), r"\(1, 21, 64, 64\)"),
        (np.full((4, 1, 64, 64), 0.5), r"\(4, 1, 64, 64\)"),
        (np.full((1, 1000), 0.5), r"\(1, 1000\)"),
    ],
)
def test_an_output_that_is_no_map_of_probabilities_is_refused(answer, told) -> None:
    plain = SalientSpec(64, (0.5, 0.5, 0.5), (1.0, 1.0, 1.0), "255", "none", 0)
    with pytest.raises(ModelUnusable, match=told):
        SalientRemover("mine.onnx", plain, Answering(answer), "").probabilities(PICTURE)


@given(arrays(np.uint8, st.tuples(st.integers(4, 40), st.integers(4, 40), st.just(3))))
@settings(max_examples=40, deadline=None)
def test_normalising_is_the_formula(picture) -> None:
    spec = catalogue()["isnet-anime"].salient
    small = SalientSpec(32, spec.mean, (0.5, 0.25, 2.0), "maximum", "none", 0)
    resized = np.asarray(Image.fromarray(picture).resize((32, 32), Image.Resampling.LANCZOS)).astype(np.float64)
    expected = (resized / max(resized.max(), 1e-6) - small.mean) / small.std
    tensor = normalise(picture, small)
    assert tensor.dtype == np.float32
    np.testing.assert_allclose(tensor[0], expected.transpose(2, 0, 1), atol=1e-6)
    by_255 = normalise(picture, SalientSpec(32, small.mean, small.std, "255", "none", 0))
    np.testing.assert_allclose(by_255[0], ((resized / 255 - small.mean) / small.std).transpose(2, 0, 1), atol=1e-6)


@given(
    arrays(np.float32, st.tuples(st.integers(2, 30), st.integers(2, 30)), elements=st.floats(0, 1, width=32)),
    st.integers(1, 60),
    st.integers(1, 60),
)
@settings(max_examples=60, deadline=None)
def test_resampling_stays_a_probability(mask, width, height) -> None:
    resized = resample(mask, width, height)
    assert resized.shape == (height, width)
    assert resized.dtype == np.float32
    assert 0 <= resized.min() <= resized.max() <= 1


def test_a_network_of_another_input_size_is_refused(tiny_network) -> None:
    with pytest.raises(ModelUnusable, match=r"must have the shape \(1, 3, 320, 320\), .* but has \(1, 3, 64, 64\)"):
        remover(catalogue()["u2net"].salient, tiny_network(64, sigmoid=True))


class _Engine:
    """An engine that gives a chosen output: a broken network."""

    name = "constructed"
    input_shape = (1, 3, 64, 64)

    def __init__(self, output: np.ndarray) -> None:
        self.output = output

    def run(self, tensor: np.ndarray) -> np.ndarray:
        return self.output


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (np.zeros((1, 1000), np.float32), r"but has \(1, 1000\)"),
        (np.full((1, 1, 64, 64), np.nan, np.float32), "not finite"),
        (np.full((1, 1, 64, 64), np.inf, np.float32), "not finite"),
    ],
)
def test_an_output_that_is_no_mask_is_refused(output, told) -> None:
    spec = SalientSpec(64, (0.5, 0.5, 0.5), (1.0, 1.0, 1.0), "255", "none", 0)
    with pytest.raises(ModelUnusable, match=told):
        SalientRemover("broken", spec, _Engine(output), "none").soft_mask(PICTURE)


@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.parametrize(("engine", "levels"), [("onnxruntime", 1.0), ("openvino", 2.0)])
@pytest.mark.parametrize("name", ["chelsea", "astronaut", "coffee", "rocket"])
def test_real_weights_give_rembgs_mask(name, engine, levels, photo, rembg_isnet, isnet_remover) -> None:
    picture = photo(name)
    (theirs,) = rembg_isnet.predict(Image.fromarray(picture))
    mask = isnet_remover(engine).soft_mask(picture)
    ours = (mask - mask.min()) / (mask.max() - mask.min()) * 255
    assert np.abs(ours - np.asarray(theirs, np.float32)).mean() <= levels


@pytest.fixture(scope="module")
def rembg_isnet(isnet_weights):
    return rembg_session("isnet-general-use", isnet_weights)


@pytest.fixture(scope="module")
def isnet_remover(isnet_weights):
    from functools import cache

    from cutsmith.engines.opening import open_model

    spec = catalogue()["isnet-general-use"].salient
    return cache(lambda engine: SalientRemover("isnet", spec, open_model(isnet_weights, engine=engine).engine, "isnet"))


def test_a_network_that_answers_in_half_precision_is_read_in_whole(tiny_network):
    """As BEN2's file does."""

    class Half:
        name = "half"
        accelerated = False

        def __init__(self, engine):
            self._engine = engine
            self.input_shape = engine.input_shape

        def run(self, tensor):
            return self._engine.run(tensor).astype(np.float16)

    spec = SalientSpec(32, (0.0,) * 3, (1.0,) * 3, "255", "none", 0)
    path = tiny_network(32, sigmoid=True)
    mask = SalientRemover("half", spec, Half(OnnxruntimeEngine(path, 0, 1)), path.name).soft_mask(PICTURE)
    assert mask.dtype == np.float32
    np.testing.assert_allclose(mask, remover(spec, path).soft_mask(PICTURE), atol=2e-3)
