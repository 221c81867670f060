"""The engine that runs ONNX models on PyTorch: where, in which precision, and what it says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from cutsmith.engines.onnxruntime_engine import OnnxruntimeEngine
from cutsmith.engines.opening import open_model
from cutsmith.engines.presence import Presence, look
from cutsmith.engines.torch_engine import TorchEngine
from cutsmith.engines.trial import try_engines
from cutsmith.errors import ModelUnusable

pytestmark = pytest.mark.torch

TENSOR = np.random.default_rng(1).normal(size=(1, 3, 64, 64)).astype(np.float32)


def test_it_is_opened_by_name_and_says_where_it_runs(tiny_network) -> None:
    opened = open_model(tiny_network(64, sigmoid=True), engine="torch", device="cpu")
    assert opened.engine.name == "torch cpu fp32"
    assert opened.engine.input_shape == (1, 3, 64, 64)
    assert opened.warnings == ()


@pytest.mark.parametrize("output", [0, 1, 2])
def test_it_computes_the_output_that_is_wanted(tiny_network, output) -> None:
    network = tiny_network(64, sigmoid=True, outputs=3)
    reference = OnnxruntimeEngine(network, output, 1).run(TENSOR)
    np.testing.assert_allclose(TorchEngine(network, output).run(TENSOR), reference, atol=1e-5)
    with pytest.raises(ModelUnusable, match=r"has 3 outputs: .* from 0 to 2, but got 7"):
        TorchEngine(network, 7)


def test_it_follows_its_module_to_half_precision(tiny_network) -> None:
    engine = TorchEngine(tiny_network(64, sigmoid=True), 0)
    single = engine.run(TENSOR)
    engine.module.half()
    assert engine.name == "torch cpu fp16"
    half = engine.run(TENSOR)
    assert half.dtype == np.float32
    assert 0 < np.abs(half - single).max() < 0.01


def test_half_precision_that_overflows_becomes_single(tmp_path, caplog) -> None:
    import torch
    from torch import nn

    from tests.core.engines.random_u2net import write_onnx

    large, back = nn.Conv2d(3, 3, 1, bias=False), nn.Conv2d(3, 1, 1, bias=False)
    with torch.no_grad():
        large.weight.fill_(60000)
        back.weight[:] = torch.tensor([1e-4, -1e-4, 1e-4]).reshape(1, 3, 1, 1)
    network = nn.Sequential(large, nn.ReLU(), back, nn.Sigmoid())
    engine = TorchEngine(write_onnx(network, tmp_path / "large.onnx", side=64, opset=17, open_sides=False), 0)
    expected = engine.run(TENSOR)
    engine.module.half()
    got = engine.run(TENSOR)
    np.testing.assert_allclose(got, expected, atol=1e-2)
    assert engine.name == "torch cpu fp32"
    assert "overflows in half precision" in caplog.text


def test_an_operator_that_it_lacks_gives_the_next_engine_and_a_warning(tmp_path) -> None:
    from onnx import helper

    from tests.core.engines.test_onnx_graph import small_graph

    path = small_graph(tmp_path / "other.onnx", [helper.make_node("Tanh", ["image"], ["mask"])], shape=(1, 3, 64, 64))
    opened = open_model(path, engine="torch")
    assert opened.choice.engine == "openvino"
    (warning,) = opened.warnings
    assert "the operators Tanh are not supported. The next engine is used." in warning


def test_cuda_of_pytorch_that_is_not_there_gives_the_processor_and_a_warning(tiny_network) -> None:
    # This machine's PyTorch is a build with CUDA, and there is no driver.
    present = Presence(openvino=True, onnxruntime=True, torch=True, torch_cuda=True)
    opened = open_model(tiny_network(64, sigmoid=True), engine="cuda", present=present)
    assert opened.choice.engine == "openvino"
    (warning,) = opened.warnings
    assert "cuda was chosen because cuda was asked for" in warning
    assert "it is not used" in warning


def test_a_device_of_pytorch_that_is_not_there_is_told(tiny_network) -> None:
    opened = open_model(tiny_network(64, sigmoid=True), engine="torch", device="mps")
    assert opened.engine.name == "torch cpu fp32"
    assert opened.warnings == (
        "mps was asked for and is not used: PyTorch does not see it here. The processor is used.",
    )


def test_it_alone_is_enough(tmp_path) -> None:
    assert look().torch
    opened = try_engines(Presence(torch=True))
    assert opened.engine.name == "torch cpu fp32"


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x08" + bytes(100)])
def test_a_file_that_is_no_model_is_refused(tmp_path, content) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelUnusable, match=r"torch cannot load .*model\.onnx: it is not an ONNX file"):
        TorchEngine(path, 0)


def test_an_input_of_the_wrong_shape_is_a_typed_error(tiny_network) -> None:
    with pytest.raises(ModelUnusable, match="The model failed on its input"):
        TorchEngine(tiny_network(64, sigmoid=True), 0).run(TENSOR[:, :2])


def test_threads_that_share_it_get_their_own_results(tiny_network) -> None:
    engine = TorchEngine(tiny_network(64, sigmoid=True), 0)
    tensors = [TENSOR * factor for factor in (0.5, 1, 2, 4)]
    expected = [engine.run(tensor) for tensor in tensors]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            for got, wanted in zip(pool.map(engine.run, tensors), expected, strict=True):
                np.testing.assert_allclose(got, wanted, atol=1e-6)
