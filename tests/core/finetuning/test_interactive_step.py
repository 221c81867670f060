"""A step against the modules of the sam2 package, called as upstream calls them."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith.finetuning.base_network import trained_parameters
from cutsmith.finetuning.embeddings import Sample
from cutsmith.finetuning.prompting import StepPlan
from cutsmith.segmentation.sam2_embedding import encoded
from tests.core.finetuning.held_out import disc
from tests.core.finetuning.trained import network_of

pytestmark = pytest.mark.torch


def focal_and_dice(logits, truth):
    """Per mask, from the papers' formulas, in double precision."""
    import torch

    p, y = logits.double().sigmoid(), truth.double()
    likely = torch.where(y > 0.5, p, 1 - p)
    weight = torch.where(y > 0.5, 0.25, 0.75)
    focal = (-weight * (1 - likely) ** 2 * likely.log()).mean((2, 3))
    dice = 1 - (2 * (p * y).sum((2, 3)) + 1) / (p.sum((2, 3)) + y.sum((2, 3)) + 1)
    return focal, dice


def upstream_loss(network, embedding, points, labels, truth, is_ambiguous):
    """20 focal + dice + L1 of the IoU + whether anything is there, on what upstream's own method gives."""
    import torch
    from torch.nn import functional

    total = 0
    for multimask in (True,) if is_ambiguous else (True, False):
        masks, _, ious, _, _, _, scores = network._forward_sam_heads(
            backbone_features=embedding.coarse,
            point_inputs={"point_coords": points, "point_labels": labels},
            high_res_features=[embedding.fine, embedding.middle],
            multimask_output=multimask,
        )
        resized = functional.interpolate(masks, truth.shape[-2:], mode="bilinear", align_corners=False)
        truths = truth.expand_as(resized)
        focal, dice = focal_and_dice(resized, truths)
        shape = 20 * focal + dice
        best = shape.argmin(1)
        common = ((resized > 0) & (truths > 0)).sum((2, 3))
        either = ((resized > 0) | (truths > 0)).sum((2, 3))
        total = total + shape[torch.arange(len(best)), best] + (ious - common / either).abs().mean(1)
    presence = -functional.logsigmoid(scores)[:, 0]
    return (total + presence).mean()


@pytest.mark.parametrize("rounds", [0, 3])
@pytest.mark.parametrize(("first", "clicks"), [("clicks", 1), ("clicks", 3), ("box", 1)])
def test_the_gradients_are_those_of_upstreams_modules(tiny_sam2, first, clicks, rounds) -> None:
    import torch

    from cutsmith.finetuning.interactive_step import Heads

    network = network_of(tiny_sam2)
    # Upstream blots masks out where it thinks that nothing is there.
    network.sam_mask_decoder.pred_obj_score_head.layers[-1].bias.data.fill_(5.0)
    parameters = trained_parameters(network, 0, 0)
    side = network.image_size // 2
    samples = [Sample(disc(side, side, 50, 60, 30), disc(side, side, 50, 60, 30)) for _ in range(2)]
    pixels = np.random.default_rng(0).integers(0, 256, (2, 100, 100, 3), np.uint8)
    with torch.no_grad():
        embedding = encoded(network, list(pixels))
    heads = Heads(network).train()
    plan = StepPlan(first, clicks, rounds, gives_mask_back=False)
    told = []
    sound = heads.prompt_encoder.forward
    heads.prompt_encoder.forward = lambda **given: told.append(given["points"]) or sound(**given)
    loss = heads.loss(embedding, samples, plan, np.random.default_rng(3))
    loss.backward()
    assert len(told) == 1 + rounds
    ours = {name: parameter.grad.clone() for name, parameter in parameters.items() if parameter.grad is not None}
    heads.prompt_encoder.forward = sound
    network.zero_grad()
    truth = torch.from_numpy(np.stack([each.truth for each in samples]))[:, None].float()
    is_ambiguous = first == "clicks" and clicks == 1 and not rounds
    wanted = upstream_loss(network, embedding, *told[-1], truth, is_ambiguous=is_ambiguous)
    wanted.backward()
    torch.testing.assert_close(loss.double(), wanted.double(), atol=1e-5, rtol=1e-5)
    theirs = {name: parameter.grad for name, parameter in parameters.items() if parameter.grad is not None}
    assert {name for name, gradient in ours.items() if gradient.any()} == {
        name for name, gradient in theirs.items() if gradient.any()
    }
    for name, gradient in theirs.items():
        scale = max(1.0, float(gradient.abs().max()))
        assert float((ours.get(name, torch.zeros_like(gradient)) - gradient).abs().max()) < 1e-5 * scale, name


def test_every_form_of_prompt_gives_a_loss(tiny_sam2) -> None:
    import torch

    from cutsmith.finetuning.interactive_step import Heads

    network = network_of(tiny_sam2)
    heads = Heads(network).train()
    side = network.image_size // 2
    mask, nothing = disc(side, side, 60, 60, 25), np.zeros((side, side), bool)
    samples = [Sample(mask, mask), Sample(nothing, mask), Sample(nothing, nothing)]
    with torch.no_grad():
        embedding = encoded(network, [np.zeros((20, 20, 3), np.uint8)] * 3)
        for first in ("box", "clicks", "rough mask"):
            for gives_mask_back in (True, False):
                plan = StepPlan(first, 2, 3, gives_mask_back)
                assert np.isfinite(float(heads.loss(embedding, samples, plan, np.random.default_rng(0))))


def test_in_mixed_precision_corrections_hide_no_gradients(tiny_sam2) -> None:
    import torch

    from cutsmith.finetuning.interactive_step import Heads

    network = network_of(tiny_sam2)
    parameters = trained_parameters(network, 0, 0)
    side = network.image_size // 2
    mask = disc(side, side, 60, 60, 25)
    with torch.no_grad():
        embedding = encoded(network, [np.zeros((20, 20, 3), np.uint8)])
    learned = []
    for rounds in (0, 3):
        network.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            plan = StepPlan("box", 1, rounds, gives_mask_back=False)
            loss = Heads(network).loss(embedding, [Sample(mask, mask)], plan, np.random.default_rng(0))
        loss.backward()
        learned.append(
            {
                name
                for name, each in parameters.items()
                # Which of several masks is the best one, and is taught, may change with the clicks.
                if "hypernetworks" not in name and each.grad is not None and each.grad.any()
            }
        )
    assert learned[0] <= learned[1]
