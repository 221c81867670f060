"""A network that the command line opens by its path, as it opens a user's own: what is red is the subject.

For tests of whole commands as processes, where a stand-in cannot be handed in.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np


def write_red_network(path: Path, side: int = 64) -> Path:
    """Write the network to `path`, which ends in .onnx; its input has `side` x `side` pixels. Returns `path`."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    # Red far above blue is the subject, whatever the normalisation that the network is run with.
    weights = numpy_helper.from_array(np.array([20, 0, -20], np.float32).reshape(1, 3, 1, 1), "weights")
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "weights"], ["logits"], kernel_shape=[1, 1]),
            helper.make_node("Sigmoid", ["logits"], ["mask"]),
        ],
        "red",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1, 1, side, side])],
        [weights],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8), path)
    return path
