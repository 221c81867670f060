"""SAM 2 as safetensors: the publisher's names and transformers', whole and half precision, under others' file names."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutsmith.errors import ModelUnusable, WeightsDamaged
from cutsmith.models.catalogue import find_entry
from cutsmith.models.store import Store
from cutsmith.protocols import Point, Prompt
from cutsmith.segmentation.loading import load_segmenter

pytestmark = pytest.mark.torch

PROMPTS = (
    Prompt((40.0, 50.0, 180.0, 200.0)),
    Prompt(None, (Point(120.0, 110.0, 1),)),
    Prompt((40.0, 50.0, 180.0, 200.0), (Point(60.0, 70.0, 0),)),
)


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    """At the tiny network's own size, so that nothing is resized on the way."""
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(noise).resize((256, 256), Image.Resampling.BICUBIC))


def logits_of(path: Path | str, image: np.ndarray, store: Store | None = None) -> np.ndarray:
    segmenter = load_segmenter(str(path), device="cpu", store=store).model
    return np.stack([each.low_resolution_logits for each in segmenter.segment(image, PROMPTS)])


def tensors_of(checkpoint: Path):
    import torch

    return torch.load(checkpoint, weights_only=True)["model"]


def repackaged(checkpoint: Path, path: Path, dtype=None) -> Path:
    """`checkpoint` as other packs publish it: its tensors alone, perhaps in half precision."""
    from safetensors.torch import save_file

    save_file({name: tensor.to(dtype or tensor.dtype) for name, tensor in tensors_of(checkpoint).items()}, path)
    shutil.copy(checkpoint.with_suffix(".toml"), path.with_suffix(".toml"))
    return path


def test_the_same_weights_give_the_same_bits(tiny_sam2, image, tmp_path) -> None:
    path = repackaged(tiny_sam2, tmp_path / "sam2.1_hiera_tiny.safetensors")
    np.testing.assert_array_equal(logits_of(path, image), logits_of(tiny_sam2, image))


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_half_precision_is_the_checkpoint_of_the_rounded_weights(precision, tiny_sam2, image, tmp_path) -> None:
    import torch

    dtype = getattr(torch, precision)
    rounded = tmp_path / "rounded.pt"
    torch.save({"model": {name: each.to(dtype).float() for name, each in tensors_of(tiny_sam2).items()}}, rounded)
    shutil.copy(tiny_sam2.with_suffix(".toml"), rounded.with_suffix(".toml"))
    ours = logits_of(repackaged(tiny_sam2, tmp_path / "half.safetensors", dtype), image)
    np.testing.assert_array_equal(ours, logits_of(rounded, image))
    # It is rounded, and hardly another network.
    whole = logits_of(tiny_sam2, image)
    assert (ours != whole).any()
    assert np.abs(ours - whole).mean() < 0.1 * whole.std()


@pytest.fixture(scope="module")
def hub_folder(tmp_path_factory) -> Path:
    """transformers' Sam2Model with random weights, as `save_pretrained` writes it."""
    import torch
    from transformers import (
        Sam2Config,
        Sam2HieraDetConfig,
        Sam2MaskDecoderConfig,
        Sam2Model,
        Sam2PromptEncoderConfig,
        Sam2VisionConfig,
    )

    backbone = Sam2HieraDetConfig(
        image_size=[256, 256],
        hidden_size=16,
        blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[16, 32, 64, 128],
        global_attention_blocks=[3],
    )
    vision = Sam2VisionConfig(
        backbone_config=backbone,
        backbone_channel_list=[128, 64, 32, 16],
        backbone_feature_sizes=[[64, 64], [32, 32], [16, 16]],
    )
    prompts = Sam2PromptEncoderConfig(image_size=256)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Sam2Model(
            Sam2Config(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=Sam2MaskDecoderConfig())
        )
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.05)
            # One tensor under two names in every published file, though not in a fresh network.
            model.prompt_encoder.shared_embedding.positional_embedding.copy_(
                model.shared_image_embedding.positional_embedding
            )
    folder = tmp_path_factory.mktemp("hub") / "sam2.1-hiera-tiny"
    model.save_pretrained(folder)
    (folder / "model.toml").write_text(
        'config = "sam2.1/sam2.1_hiera_t"\noverrides = ["model.image_size=256",'
        '"model.image_encoder.trunk.embed_dim=16","model.image_encoder.trunk.stages=[1,1,2,1]",'
        '"model.image_encoder.trunk.global_att_blocks=[3]",'
        '"model.image_encoder.neck.backbone_channel_list=[128,64,32,16]"]\n'
    )
    return folder


def test_transformers_own_file_gives_transformers_own_logits(hub_folder, image) -> None:
    import torch
    from transformers import Sam2Model

    model = Sam2Model.from_pretrained(hub_folder).eval()
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    pixels = ((torch.from_numpy(image.copy()).float() / 255 - mean) / std).permute(2, 0, 1)[None]
    asked = (
        {"input_boxes": torch.tensor([[[40.0, 50.0, 180.0, 200.0]]]), "multimask_output": False},
        {
            "input_points": torch.tensor([[[[120.0, 110.0]]]]),
            "input_labels": torch.tensor([[[1]]]),
            "multimask_output": True,
        },
        {
            "input_boxes": torch.tensor([[[40.0, 50.0, 180.0, 200.0]]]),
            "input_points": torch.tensor([[[[60.0, 70.0]]]]),
            "input_labels": torch.tensor([[[0]]]),
            "multimask_output": False,
        },
    )
    theirs = []
    with torch.no_grad():
        for each in asked:
            outputs = model(pixel_values=pixels, **each)
            best = int(outputs.iou_scores[0, 0].argmax())
            theirs.append(outputs.pred_masks[0, 0, best].numpy())
    ours = logits_of(hub_folder / "model.safetensors", image)
    assert ours[0].std() > 0.1
    np.testing.assert_allclose(ours, np.stack(theirs), rtol=0, atol=1e-4)


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"no" * 99])
def test_a_damaged_file_is_told(damage, tiny_sam2, tmp_path) -> None:
    path = repackaged(tiny_sam2, tmp_path / "sam2.1_hiera_tiny.safetensors")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(WeightsDamaged, match=r"is not a complete safetensors file: [\d,]+ bytes"):
        load_segmenter(str(path), device="cpu")


def test_another_networks_tensors_are_refused(tmp_path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(2)}, tmp_path / "lora.safetensors")
    with pytest.raises(ModelUnusable, match="is not a SAM 2 checkpoint"):
        load_segmenter(str(tmp_path / "lora.safetensors"), device="cpu")


@pytest.mark.parametrize("precision", ["", "-fp16", "-bf16", "-fp32"])
def test_the_default_finds_the_names_of_other_packs(precision, tmp_path) -> None:
    entry = find_entry("sam2.1-hiera-large", "segmenter")
    path = tmp_path / f"sam2.1_hiera_large{precision}.safetensors"
    path.write_bytes(b"weights")
    store = Store({"CUTSMITH_MODELS": str(tmp_path)})
    assert store.find(entry).path == path
    assert store.require(entry) == path
    assert entry.identified(path) == f"{path.name} (unverified)"
    assert store.verify(entry).status == "unverified"


def test_the_publishers_file_goes_first(tmp_path) -> None:
    entry = find_entry("sam2.1-hiera-tiny", "segmenter")
    (tmp_path / "sam2.1_hiera_tiny.safetensors").write_bytes(b"weights")
    with (tmp_path / entry.filename).open("wb") as file:
        file.truncate(entry.size)
    assert Store({"CUTSMITH_MODELS": str(tmp_path)}).find(entry).path == tmp_path / entry.filename
