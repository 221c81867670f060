"""SAM 2 with random weights, in the publisher's format: the real architecture, tiny unless a test asks for more."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

TINY_CONFIG = "sam2.1/sam2.1_hiera_t"
TINY_OVERRIDES = (
    "model.image_size=256",
    "model.image_encoder.trunk.embed_dim=16",
    "model.image_encoder.trunk.stages=[1,1,2,1]",
    "model.image_encoder.trunk.global_att_blocks=[3]",
    "model.image_encoder.neck.backbone_channel_list=[128,64,32,16]",
    "model.memory_attention.num_layers=1",
    "model.memory_attention.layer.self_attention.feat_sizes=[16,16]",
    "model.memory_attention.layer.cross_attention.feat_sizes=[16,16]",
    "model.memory_encoder.fuser.num_layers=1",
)


def write_random_checkpoint(path: Path, config: str, overrides: Sequence[str], seed: int) -> Path:
    """Write random weights as the publisher would, `{"model": tensors}`, and say the network beside it if it is no
    official one. The weights are those that upstream initialises, with the output layers made livelier."""
    import torch

    from cutsmith.segmentation.sam2_config import Sam2Config, build_network

    torch.manual_seed(seed)
    network = build_network(Sam2Config(config, tuple(overrides)), path)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            # Fresh weights give logits near 0 that hardly depend on the prompt.
            if "sam_mask_decoder" in name or "sam_prompt_encoder" in name:
                parameter.add_(torch.randn_like(parameter) * 0.05)
    torch.save({"model": network.state_dict()}, path)
    if overrides:
        path.with_suffix(".toml").write_text(f'config = "{config}"\noverrides = {json.dumps(list(overrides))}\n')
    return path


@pytest.fixture(scope="session")
def random_sam2(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Writes SAM 2 with random weights; returns its checkpoint."""
    if importlib.util.find_spec("sam2") is None:
        pytest.fail("the extra [sam2] is not installed: python3 install.py test installs it")

    def write(config: str = TINY_CONFIG, overrides: Sequence[str] = TINY_OVERRIDES, seed: int = 0) -> Path:
        folder = tmp_path_factory.mktemp("sam2")
        return write_random_checkpoint(folder / "checkpoint.pt", config, overrides, seed)

    return write


@pytest.fixture(scope="session")
def tiny_sam2(random_sam2: Callable[..., Path]) -> Path:
    return random_sam2()
