from __future__ import annotations

import numpy as np
import pytest

from cutsmith.finetuning import training
from cutsmith.finetuning.base_network import trained_parameters
from cutsmith.finetuning.training import TrainingSettings
from cutsmith.protocols import Prompt
from cutsmith.segmentation.loading import load_segmenter
from tests.core.finetuning.trained import Listener, changed, examples, network_of, tensors, trainer

pytestmark = pytest.mark.torch


def test_merged_weights_give_the_logits_of_unmerged_ones(tiny_sam2) -> None:
    import torch

    from cutsmith.finetuning.lora import merge_low_rank

    segmenter = load_segmenter(str(tiny_sam2), device="cpu").model
    trained_parameters(segmenter.module, 4, 0)
    with torch.no_grad():
        for name, parameter in segmenter.module.named_parameters():
            if name.endswith(".second"):
                parameter.normal_(0, 0.05)
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    names = set(tensors(network_of(tiny_sam2)))
    logits = []
    for merge in (False, True):
        if merge:
            merge_low_rank(segmenter.module)
            segmenter.forget_pictures()
        (segment,) = segmenter.segment(image, [Prompt(box=(10, 10, 50, 40))])
        logits.append(segment.low_resolution_logits)
    np.testing.assert_allclose(logits[0], logits[1], atol=1e-5, rtol=1e-5)
    assert set(tensors(segmenter.module)) == names
    (plain,) = load_segmenter(str(tiny_sam2), device="cpu").model.segment(image, [Prompt(box=(10, 10, 50, 40))])
    assert np.abs(plain.low_resolution_logits - logits[1]).max() > 1e-3


def test_only_the_attention_of_the_encoder_changes_besides_the_decoder(tiny_sam2, tmp_path) -> None:
    from cutsmith.finetuning.lora import merge_low_rank

    network = network_of(tiny_sam2)
    before = tensors(network)
    learned = examples(tmp_path, 3)
    settings = TrainingSettings(epochs=1, batch=3, learning_rate=1e-3)
    run = trainer(network, learned[:4], learned[4:], tmp_path, settings, rank=2)
    rising = iter([0.1, 0.2])
    run._watched_iou = lambda: next(rising)
    run.run(Listener())
    merge_low_rank(network)
    names = changed(before, tensors(network))
    encoder = {name for name in names if name.startswith("image_encoder.")}
    blocks = len(network.image_encoder.trunk.blocks)
    wanted = {
        f"image_encoder.trunk.blocks.{block}.attn.{part}.weight" for block in range(blocks) for part in ("qkv", "proj")
    }
    assert encoder == wanted
    assert all(name.startswith(("sam_prompt_encoder.", "sam_mask_decoder.")) for name in names - encoder)


def test_in_mixed_precision_the_encoder_that_is_trained_is_run_in_it_too(tiny_sam2, tmp_path, monkeypatch) -> None:
    import torch

    network = network_of(tiny_sam2)
    run = trainer(network, examples(tmp_path, 1), [], tmp_path, TrainingSettings(epochs=1, batch=2), rank=2)
    rising = iter([0.1, 0.2])
    run._watched_iou = lambda: next(rising)
    # As on a card that computes in bf16.
    monkeypatch.setattr(training, "_mixed_precision", lambda device: torch.autocast(device.type, torch.bfloat16))
    computed = set()
    layer = network.image_encoder.trunk.blocks[0].attn.proj
    layer.register_forward_hook(lambda _layer, _given, features: computed.add(features.dtype))
    assert not run.run(Listener()).went_wrong
    assert computed == {torch.bfloat16}
    learned = [values for name, values in tensors(network).items() if name.endswith(".second")]
    assert learned
    assert all(values.any() for values in learned)
