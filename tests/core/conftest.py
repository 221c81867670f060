"""What several rooms' tests share: real weights, real photographs, and constructed networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cutsmith.errors import WeightsDamaged, WeightsMissing
from tests.core.detection.random_dino import (
    answers_of,
    folder_copy,
    random_dino,
    textured,
    tiny_dino,
    tiny_dino_detector,
    tiny_folder,
    vocabulary,
)
from tests.core.segmentation.random_sam2 import random_sam2, tiny_sam2

# Fixtures that several rooms' tests use.
__all__ = [
    "answers_of",
    "folder_copy",
    "random_dino",
    "random_sam2",
    "textured",
    "tiny_dino",
    "tiny_dino_detector",
    "tiny_folder",
    "tiny_sam2",
    "vocabulary",
]


@pytest.fixture(scope="session")
def isnet_weights() -> Path:
    """IS-Net's real weights, as `install.py test` fetches them."""
    from cutsmith.models.catalogue import DEFAULT_MODELS, find_entry
    from cutsmith.models.store import Store

    for name in DEFAULT_MODELS:
        try:
            return Store().require(find_entry(name))
        except (WeightsDamaged, WeightsMissing):
            continue
    pytest.fail("IS-Net's weights are not on this machine: python3 install.py test fetches them")


@pytest.fixture(scope="session")
def isnet_remover(isnet_weights: Path):
    """IS-Net on this machine's best engine, whatever else the store is told to have."""
    from cutsmith.removal.loading import load_remover

    return load_remover().model


@pytest.fixture(scope="session")
def photo() -> Callable[[str], np.ndarray]:
    """The photographs that scikit-image ships, by name, uint8 (H, W, 3)."""

    def load(name: str) -> np.ndarray:
        import skimage.data
        from PIL import Image

        folder = Path(skimage.data.__file__).parent
        (path,) = (path for path in folder.iterdir() if path.stem == name and path.suffix in (".png", ".jpg"))
        return np.asarray(Image.open(path).convert("RGB"))

    return load


@pytest.fixture(scope="session")
def tiny_network(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Writes a network with a salient model's inputs and outputs, and random weights; returns its file.

    A 3x3 convolution to one channel, then a sigmoid where `sigmoid` is set; further outputs hold other maps.
    """

    def build(side: int | None, *, sigmoid: bool, outputs: int = 1, seed: int = 0, name: str = "tiny.onnx") -> Path:
        import onnx
        from onnx import TensorProto, helper, numpy_helper

        generator = np.random.default_rng(seed)
        shape = [1, 3, side or "height", side or "width"]
        nodes, initializers, infos = [], [], []
        for number in range(outputs):
            weights = generator.normal(0, 0.6, (1, 3, 3, 3)).astype(np.float32)
            initializers.append(numpy_helper.from_array(weights, f"weights{number}"))
            logits = f"logits{number}" if sigmoid else f"mask{number}"
            nodes.append(
                helper.make_node(
                    "Conv", ["image", f"weights{number}"], [logits], pads=[1, 1, 1, 1], kernel_shape=[3, 3]
                )
            )
            if sigmoid:
                nodes.append(helper.make_node("Sigmoid", [logits], [f"mask{number}"]))
            infos.append(helper.make_tensor_value_info(f"mask{number}", TensorProto.FLOAT, [1, 1, *shape[2:]]))
        graph = helper.make_graph(
            nodes,
            "tiny",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
            infos,
            initializers,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
        path = tmp_path_factory.mktemp("networks") / name
        onnx.save(model, path)
        return path

    return build
