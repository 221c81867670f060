"""ONNX graphs as PyTorch modules, against onnxruntime on the same files."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith.engines.onnx_graph.file_format import BadGraph, read_graph
from cutsmith.engines.onnxruntime_engine import OnnxruntimeEngine
from cutsmith.engines.torch_engine import TorchEngine
from cutsmith.errors import ModelUnusable

pytestmark = pytest.mark.torch


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(7).normal(size=(1, 3, height, width)).astype(np.float32)


def largest_difference(path, image: np.ndarray, output: int = 0) -> float:
    ours, theirs = TorchEngine(path, output), OnnxruntimeEngine(path, output, 2)
    mine, reference = ours.run(image), theirs.run(image)
    assert mine.shape == reference.shape
    assert np.ptp(reference) > 0.01, "a flat map would be equal to anything"
    return float(np.abs(mine - reference).max())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("opset", "open_sides", "sides"),
    [
        # Before opset 11, onnxruntime itself refuses what the exporter writes where a level is odd.
        (9, False, (96, 96)),
        (10, False, (96, 96)),
        (11, True, (100, 131)),
        (13, False, (100, 100)),
        (17, True, (100, 131)),
    ],
)
def test_u2net_by_every_opset_that_exporters_wrote_equals_onnxruntime(tmp_path, opset, open_sides, sides) -> None:
    from tests.core.engines.random_u2net import random_u2net, write_onnx

    path = write_onnx(random_u2net(), tmp_path / "u2net.onnx", side=sides[0], opset=opset, open_sides=open_sides)
    assert largest_difference(path, picture(*sides)) < 1e-4
    assert largest_difference(path, picture(*sides), output=4) < 1e-4


@pytest.mark.slow
def test_u2net_at_its_own_size_with_separate_normalisation_equals_onnxruntime(tmp_path) -> None:
    from tests.core.engines.random_u2net import random_u2net, write_onnx

    path = write_onnx(random_u2net(), tmp_path / "u2net.onnx", side=320, opset=11, open_sides=False, fuse=False)
    assert "BatchNormalization" in {node.operator for node in read_graph(path).nodes}
    assert largest_difference(path, picture(320, 320)) < 1e-4


@pytest.mark.slow
@pytest.mark.weights
def test_isnet_with_its_real_weights_equals_onnxruntime(isnet_weights, photo, tmp_path) -> None:
    from cutsmith.models.catalogue import find_entry
    from cutsmith.removal.salient import normalise

    image = normalise(photo("astronaut"), find_entry("isnet-general-use").salient)
    single = in_single_precision(isnet_weights, tmp_path / "isnet.onnx")
    assert largest_difference(single, image) < 1e-4
    # The file in half precision itself: onnxruntime rounds what it computes to half, we do not.
    assert np.abs(TorchEngine(isnet_weights, 0).run(image) - TorchEngine(single, 0).run(image)).max() < 1e-6


def in_single_precision(source, target):
    """The ONNX file `source` with its half floats widened, so that both engines compute in float32."""
    import onnx
    from onnx import TensorProto, numpy_helper

    model = onnx.load(source)
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT16:
            widened = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), tensor.name)
            tensor.CopyFrom(widened)
    for node in model.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.i == TensorProto.FLOAT16:
                attribute.i = TensorProto.FLOAT
    for value in (*model.graph.value_info, *model.graph.output):
        if value.type.tensor_type.elem_type == TensorProto.FLOAT16:
            value.type.tensor_type.elem_type = TensorProto.FLOAT
    onnx.save(model, target)
    return target


def small_graph(path, nodes, *, opset: int = 17, constants=(), shape=(1, 3, 6, 9)):
    """A file with `nodes` that lead from "image" to "mask"."""
    import onnx
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("mask", TensorProto.FLOAT, None)],
        initializer=list(constants),
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), path)
    return path


def resize(**settings):
    from onnx import helper

    return helper.make_node("Resize", ["image", "", "factors"], ["mask"], **settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"mode": "linear", "coordinate_transformation_mode": "half_pixel"},
        {"mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"},
        {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
        {"mode": "linear", "coordinate_transformation_mode": "asymmetric"},
        {"mode": "cubic", "coordinate_transformation_mode": "half_pixel", "cubic_coeff_a": -0.75},
        {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
    ],
)
@pytest.mark.parametrize("factors", [(2.0, 2.0), (1.7, 2.6), (0.5, 1.0)])
def test_every_way_to_resize_equals_onnxruntime(tmp_path, settings, factors) -> None:
    from onnx import numpy_helper

    constant = numpy_helper.from_array(np.array((1, 1, *factors), np.float32), "factors")
    path = small_graph(tmp_path / "resize.onnx", [resize(**settings)], constants=[constant])
    assert largest_difference(path, picture(6, 9)) < 1e-5


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"mode": "linear", "coordinate_transformation_mode": "tf_crop_and_resize"}, "tf_crop_and_resize"),
        ({"mode": "nearest"}, "half_pixel and round_prefer_floor"),
        ({"mode": "linear", "antialias": 1}, "antialias"),
        ({"mode": "cubic", "cubic_coeff_a": -0.5}, "cubic"),
    ],
)
def test_a_setting_that_would_compute_something_else_is_refused(tmp_path, settings, named) -> None:
    from onnx import numpy_helper

    constant = numpy_helper.from_array(np.array((1, 1, 2, 2), np.float32), "factors")
    path = small_graph(tmp_path / "resize.onnx", [resize(**settings)], opset=18, constants=[constant])
    with pytest.raises(ModelUnusable, match=rf"torch cannot load .*resize\.onnx: Resize .*{named}"):
        TorchEngine(path, 0)


def test_operators_that_are_not_supported_are_all_named(tmp_path) -> None:
    from onnx import helper

    nodes = [helper.make_node("Tanh", ["image"], ["curved"]), helper.make_node("Erf", ["curved"], ["mask"])]
    with pytest.raises(ModelUnusable, match="the operators Erf, Tanh are not supported"):
        TorchEngine(small_graph(tmp_path / "other.onnx", nodes), 0)


def test_nodes_in_any_order_are_run_in_the_right_one(tmp_path) -> None:
    from onnx import helper

    nodes = [helper.make_node("Sigmoid", ["rectified"], ["mask"]), helper.make_node("Relu", ["image"], ["rectified"])]
    image = picture(6, 9)
    mask = TorchEngine(small_graph(tmp_path / "turned.onnx", nodes), 0).run(image)
    np.testing.assert_allclose(mask, 1 / (1 + np.exp(-np.maximum(image, 0))), atol=1e-6)


@pytest.mark.parametrize("inputs", [("mask",), ("nowhere",)])
def test_a_graph_that_cannot_be_computed_is_refused(tmp_path, inputs) -> None:
    from onnx import helper

    nodes = [helper.make_node("Relu", list(inputs), ["between"]), helper.make_node("Relu", ["between"], ["mask"])]
    with pytest.raises(ModelUnusable, match=r"depends on itself|nothing computes nowhere"):
        TorchEngine(small_graph(tmp_path / "bad.onnx", nodes), 0)


def test_the_reader_gives_what_the_onnx_package_gives(tmp_path) -> None:
    import onnx
    from onnx import helper, numpy_helper

    weights = {
        "float": np.array([[1.5, -2]], np.float32),
        "half": np.array([0.5, 65504], np.float16),
        "double": np.array(3.25),
        "whole": np.array([-1, 1 << 40]),
        "short": np.array([-5, 7], np.int32),
        "flag": np.array([True, False]),
        "none": np.zeros((0,), np.float32),
    }
    raw = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    spelt = [
        helper.make_tensor(f"spelt {name}", tensor.data_type, tensor.dims, weights[name].flatten().tolist())
        for name, tensor in zip(weights, raw, strict=True)
    ]
    path = small_graph(tmp_path / "all.onnx", [helper.make_node("Relu", ["image"], ["mask"])], constants=raw + spelt)
    read = read_graph(path)
    assert read.input_shape == (1, 3, 6, 9)
    for tensor in onnx.load(path).graph.initializer:
        np.testing.assert_array_equal(read.constants[tensor.name], numpy_helper.to_array(tensor))
        assert read.constants[tensor.name].dtype == numpy_helper.to_array(tensor).dtype


def test_a_file_that_is_cut_off_at_any_place_is_refused(tiny_network, tmp_path) -> None:
    whole = tiny_network(64, sigmoid=True).read_bytes()
    path = tmp_path / "cut.onnx"
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        try:
            graph = read_graph(path)
        except BadGraph:
            continue
        # Cut between two fields, the message is whole for protobuf, too.
        assert graph.outputs


def test_weights_in_another_file_are_refused(tiny_network, tmp_path) -> None:
    import onnx

    model = onnx.load(tiny_network(64, sigmoid=True))
    path = tmp_path / "outside.onnx"
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    with pytest.raises(ModelUnusable, match="it keeps its weights in another file"):
        TorchEngine(path, 0)
