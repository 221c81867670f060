"""Which network a checkpoint is for: its tensors say it, or a file beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutsmith.errors import ModelUnusable
from cutsmith.models.catalogue import of_kind
from cutsmith.segmentation.sam2_config import Sam2Config, build_network, config_of


@pytest.mark.slow
@pytest.mark.parametrize("entry", of_kind("segmenter").values(), ids=lambda entry: entry.name)
def test_every_official_checkpoint_is_recognised_from_its_tensors(entry, monkeypatch):
    import torch

    # The names and shapes of the tensors are wanted, not random values, which take seconds.
    for filled in ("trunc_normal_", "kaiming_uniform_", "xavier_uniform_", "uniform_", "normal_"):
        monkeypatch.setattr(torch.nn.init, filled, lambda tensor, *_, **__: tensor)
    tensors = build_network(Sam2Config(entry.sam2.config), Path("checkpoint.pt")).state_dict()
    assert config_of(Path("unnamed.pt"), tensors) == Sam2Config(entry.sam2.config)


@pytest.mark.torch
def test_another_checkpoint_is_told_how_to_say_what_it_is():
    import torch

    with pytest.raises(ModelUnusable, match="not a SAM 2 checkpoint"):
        config_of(Path("other.pt"), {"weight": torch.zeros(3)})
    odd = {"image_encoder.trunk.patch_embed.proj.weight": torch.zeros(7, 3, 7, 7)}
    with pytest.raises(ModelUnusable, match=r"odd\.toml beside it"):
        config_of(Path("odd.pt"), odd)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("config = ", "not TOML"),
        ("config = 3", "must say config"),
        ('config = "sam2.1/sam2.1_hiera_t"\nsize = 3', "must say config"),
        ('config = "sam2.1/sam2.1_hiera_t"\noverrides = ["image_size"]', "must say config"),
        ('config = "sam2.1/sam2.1_hiera_t"\noverrides = ["model._target_=os.system"]', "_target_"),
    ],
)
def test_a_wrong_file_beside_the_checkpoint_is_told(tmp_path, text, says):
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ModelUnusable, match=says):
        config_of(tmp_path / "mine.pt", {})


@pytest.mark.torch
@pytest.mark.parametrize(
    ("config", "says"),
    [
        (Sam2Config("sam2.1/sam2.1_hiera_xxl"), "one of the sam2 package's, sam2"),
        (Sam2Config("../../../etc/passwd"), "one of the sam2 package's, sam2"),
        (Sam2Config("sam2.1/sam2.1_hiera_t", ("model.image_encoder.trunk.embed_dim=[",)), "cannot be built"),
        (Sam2Config("sam2.1/sam2.1_hiera_t", ("model.no_such_option=3",)), "cannot be built"),
    ],
)
def test_a_network_that_cannot_be_built_is_told(config, says):
    with pytest.raises(ModelUnusable, match=says):
        build_network(config, Path("mine.pt"))
