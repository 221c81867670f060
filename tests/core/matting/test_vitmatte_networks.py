"""ViTMatte's architecture with random weights: transformers' own class against its ONNX export, on both engines."""

import json

import numpy as np
import pytest

from cutsmith.errors import ModelUnusable, WeightsDamaged
from cutsmith.matting.vitmatte.loading import load_vitmatte
from cutsmith.matting.vitmatte.matter import vitmatte_alpha
from cutsmith.matting.vitmatte.preprocessing import Preprocessing, read_preprocessing
from cutsmith.matting.vitmatte.torch_network import TorchViTMatte

pytestmark = [pytest.mark.torch, pytest.mark.slow]

SIDE = 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small ViTMatte with random weights, as transformers saves it; its colours are taken as they are."""
    torch = pytest.importorskip("torch")
    from transformers import VitDetConfig, VitMatteConfig, VitMatteForImageMatting

    torch.manual_seed(0)
    backbone = VitDetConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=SIDE,
        pretrain_image_size=SIDE,
        patch_size=16,
        num_channels=4,
        window_size=2,
        window_block_indices=[0],
        residual_block_indices=[1],
        use_relative_position_embeddings=True,
        out_features=["stage2"],
    )
    config = VitMatteConfig(
        backbone_config=backbone,
        hidden_size=32,
        convstream_hidden_sizes=[8, 12, 16],
        fusion_hidden_sizes=[24, 16, 12, 8],
    )
    module = VitMatteForImageMatting(config).eval()
    with torch.no_grad():
        # Fresh weights are so small that the alpha is gray all over: all must count, the tables of positions too.
        for name, parameter in module.named_parameters():
            if parameter.ndim > 1:
                torch.nn.init.kaiming_normal_(parameter)
            elif name.endswith("weight"):
                torch.nn.init.ones_(parameter)
    made = tmp_path_factory.mktemp("vitmatte")
    module.save_pretrained(made)
    (made / "preprocessor_config.json").write_text(json.dumps({"do_normalize": False}))
    return made


@pytest.fixture(scope="module")
def module(folder):
    from transformers import VitMatteForImageMatting

    return VitMatteForImageMatting.from_pretrained(folder).eval()


@pytest.fixture(scope="module")
def exported(module, tmp_path_factory):
    """Its export at a fixed size."""
    import torch

    class Alphas(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = module

        def forward(self, pixel_values):
            return self.network(pixel_values=pixel_values).alphas

    path = tmp_path_factory.mktemp("exported") / "vitmatte.onnx"
    torch.onnx.export(
        Alphas().eval(), (torch.zeros(1, 4, SIDE, SIDE),), str(path), input_names=["pixel_values"], dynamo=False
    )
    return path


@pytest.fixture
def scene():
    random = np.random.default_rng(1)
    image = random.integers(0, 256, (100, 130, 3), dtype=np.uint8)
    trimap = np.zeros((100, 130), np.uint8)
    trimap[10:-10, 10:-10] = 128
    trimap[35:-35, 35:-35] = 255
    return image, trimap, np.zeros(trimap.shape, np.float32)


def test_the_export_on_onnxruntime_agrees_with_transformers(module, exported, scene, record_property):
    ours = load_vitmatte(str(exported), engine="onnxruntime", threads=1).model
    theirs = TorchViTMatte("random", module, "cpu", Preprocessing(), side=SIDE)
    first, second = vitmatte_alpha(*scene, ours), vitmatte_alpha(*scene, theirs)
    assert first[scene[1] == 128].std() > 0.01
    difference = float(np.abs(first - second).max())
    record_property("onnxruntime against transformers", difference)
    assert difference < 1e-5


def test_openvino_agrees_with_onnxruntime(exported, scene, record_property):
    onnxruntime = load_vitmatte(str(exported), engine="onnxruntime", threads=1).model
    openvino = load_vitmatte(str(exported), engine="openvino", threads=1).model
    difference = float(np.abs(vitmatte_alpha(*scene, onnxruntime) - vitmatte_alpha(*scene, openvino)).max())
    is_exact = openvino.provenance()["matting_engine"].endswith("f32")
    record_property("OpenVINO against onnxruntime", difference)
    assert difference < (1e-4 if is_exact else 3e-2)


def test_a_folder_is_opened_and_a_file_of_it_means_the_folder(folder):
    loaded = load_vitmatte(str(folder), device="cpu", threads=1)
    assert loaded.model.input_size == (1024, 1024)
    assert loaded.model.provenance()["matting_engine"] == "PyTorch cpu"
    assert load_vitmatte(str(folder / "model.safetensors"), device="cpu").model.name == str(folder)


def test_the_input_equals_transformers_own(tmp_path):
    from transformers import VitMatteImageProcessor

    random = np.random.default_rng(2)
    image = random.integers(0, 256, (32, 64, 3), dtype=np.uint8)
    trimap = random.choice(np.array([0, 128, 255], np.uint8), (32, 64))
    processor = VitMatteImageProcessor()
    processor.save_pretrained(tmp_path)
    theirs = processor(images=image, trimaps=trimap, return_tensors="np")["pixel_values"]
    ours = read_preprocessing(tmp_path / "preprocessor_config.json").tensor(image, trimap, (32, 64))
    np.testing.assert_allclose(ours, np.asarray(theirs), atol=1e-6)


def test_a_folder_of_another_network_or_without_files_is_refused(folder, tmp_path):
    with pytest.raises(ModelUnusable, match=r"no config\.json"):
        load_vitmatte(str(tmp_path), device="cpu")
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    weights = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(WeightsDamaged):
        load_vitmatte(str(tmp_path), device="cpu")
    (tmp_path / "model.safetensors").write_bytes(weights)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "fusion_hidden_sizes": [20, 16, 12, 8]}))
    with pytest.raises(ModelUnusable, match="do not fit"):
        load_vitmatte(str(tmp_path), device="cpu")
    (tmp_path / "config.json").write_text(json.dumps({**config, "model_type": "vit"}))
    with pytest.raises(ModelUnusable, match="model_type"):
        load_vitmatte(str(tmp_path), device="cpu")
