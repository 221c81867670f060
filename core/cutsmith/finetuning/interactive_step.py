"""One step of the training: a batch is pointed at, predicted and corrected, round after round, as a person would.

Model: micro-sam's interactive training (Archit et al., Nature Methods 2025). The batch shares one form of prompt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from cutsmith.finetuning import prompting
from cutsmith.finetuning.losses import mask_loss, presence_loss, resized
from cutsmith.segmentation.sam2 import BOTTOM_RIGHT, MASK_BIAS, MASK_SCALE, TOP_LEFT

if TYPE_CHECKING:
    from numpy.random import Generator

    from cutsmith.finetuning.embeddings import Sample
    from cutsmith.finetuning.prompting import StepPlan
    from cutsmith.segmentation.sam2_embedding import Embedding


class Heads(nn.Module):
    """What is trained: the prompt encoder and the mask decoder of a `SAM2Base`. The picture's embedding is given.

    The two 1 x 1 convolutions of the decoder that make its fine features (`conv_s0`, `conv_s1`) belong to the
    embedding: they stay as they are.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.prompt_encoder = network.sam_prompt_encoder
        self.decoder = network.sam_mask_decoder
        self.side = int(network.image_size)
        self.decoder.output_upscaling[-1].register_forward_hook(_lay_gradients_out)

    def loss(self, embedding: Embedding, samples: list[Sample], plan: StepPlan, generator: Generator) -> torch.Tensor:
        """The mean loss of N samples, each pointed at and then corrected `plan.rounds` times.

        The last answer alone is differentiated. Those before it are only what a person would have corrected, as in
        Sofiiuk et al., "Reviving Iterative Training with Mask Guidance for Interactive Segmentation", ICIP 2022.

        Args:
            embedding: a picture for each of the N samples.
            samples, plan: what is pointed at, and how.
            generator: draws the rest.
        """
        device = embedding.coarse.device
        truth = torch.from_numpy(np.stack([each.truth for each in samples]))[:, None].to(device).float()
        points = [self._first_points(each, plan, generator) for each in samples]
        given = self._first_masks(samples, plan, generator, device)
        for _ in range(plan.rounds):
            given = self._corrected(embedding, samples, plan, generator, points, given)
        logits, ious, scores = self._all_masks(embedding, points, given)
        loss = mask_loss(logits[:, 1:], ious[:, 1:], truth)
        if not _is_ambiguous(points, given):
            loss = loss + mask_loss(logits[:, :1], ious[:, :1], truth)
        if scores is not None:
            loss = loss + presence_loss(scores, truth)
        return loss.mean()

    def _corrected(
        self,
        embedding: Embedding,
        samples: list[Sample],
        plan: StepPlan,
        generator: Generator,
        points: list[list[tuple[float, float, int]]],
        given: torch.Tensor | None,
    ) -> torch.Tensor | None:
        """Add a click to the points of each sample, where the answer to them is wrong; -> the masks to hand back."""
        with torch.no_grad():
            logits, ious, _ = self._all_masks(embedding, points, given)
        # In older versions of PyTorch autocast keeps weights that it has cast here, and they know nothing of gradients.
        torch.clear_autocast_cache()
        best = 1 + ious[:, 1:].argmax(1)[:, None, None, None] if _is_ambiguous(points, given) else None
        masks = resized(_taken(logits, best), samples[0].truth.shape)[:, 0] > 0
        for sample, mine, mask in zip(samples, points, masks.cpu().numpy(), strict=True):
            x, y, label = prompting.correction(mask, sample.truth, generator)
            mine.append((*self._scaled(sample, x, y), label))
        if plan.gives_mask_back or given is not None:
            return _taken(logits, best).float().clamp(-32, 32)
        return None

    def _all_masks(
        self, embedding: Embedding, points: list[list[tuple[float, float, int]]], masks: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """All four masks: logits (N, 4, h, w) and predicted IoUs (N, 4); logits (N, 1) for whether anything is there.

        The first mask is for prompts that say enough. Where it is unstable, the best of the others is taken, whatever
        the prompt: they are all taught, but for a single click, which is ambiguous, without the first.
        """
        sparse, dense = self._prompted(embedding, points, masks)
        logits, ious, _, scores = self.decoder.predict_masks(
            image_embeddings=embedding.coarse,
            image_pe=embedding.positions,
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            repeat_image=False,
            high_res_features=[embedding.fine, embedding.middle],
        )
        return logits, ious, scores if self.decoder.pred_obj_scores else None

    def _prompted(
        self, embedding: Embedding, points: list[list[tuple[float, float, int]]], masks: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        where = None
        if points[0]:
            table = torch.tensor(points, dtype=torch.float32, device=embedding.coarse.device)
            where = (table[..., :2], table[..., 2].int())
        sparse, dense = self.prompt_encoder(points=where, boxes=None, masks=masks)
        return sparse, dense

    def by_points(
        self, embedding: Embedding, points: list[list[tuple[float, float, int]]]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """As a finished network answers: logits (N, 1, h, w) and predicted IoUs (N, 1) for boxes or several clicks.

        Args:
            embedding: a picture for each of the N prompts.
            points: (x, y, label) of each prompt, as many for each, in pixels of the network's input.
        """
        sparse, dense = self._prompted(embedding, points, None)
        logits, ious, _, _ = self.decoder(
            image_embeddings=embedding.coarse,
            image_pe=embedding.positions,
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=False,
            repeat_image=False,
            high_res_features=[embedding.fine, embedding.middle],
        )
        return logits, ious

    def box_points(self, sample: Sample, box: tuple[float, float, float, float]) -> list[tuple[float, float, int]]:
        """A box in pixels of the sample's mask, as the two points that SAM 2 takes for it."""
        x0, y0, x1, y1 = box
        return [(*self._scaled(sample, x0, y0), TOP_LEFT), (*self._scaled(sample, x1, y1), BOTTOM_RIGHT)]

    def _first_points(self, sample: Sample, plan: StepPlan, generator: Generator) -> list[tuple[float, float, int]]:
        if plan.first == "rough mask":
            return []
        if plan.first == "box":
            is_there = bool(sample.truth.any())
            box = (
                prompting.jittered_box(sample.truth, generator)
                if is_there
                else prompting.box_elsewhere(sample.others, generator)
            )
            return self.box_points(sample, box)
        points = []
        # Where nothing is to be found, the clicks fall beside all objects.
        area = sample.truth if sample.truth.any() else ~sample.others if not sample.others.all() else ~sample.truth
        for _ in range(plan.clicks):
            place = prompting.click_on(area, generator)
            assert place is not None, "an area that is not empty"
            points.append((*self._scaled(sample, *place), 1))
        return points

    def _first_masks(
        self, samples: list[Sample], plan: StepPlan, generator: Generator, device: torch.device
    ) -> torch.Tensor | None:
        if plan.first != "rough mask":
            return None
        painted = [
            prompting.rough_mask(each.truth, generator) if each.truth.any() else np.zeros(each.truth.shape, np.float32)
            for each in samples
        ]
        whole = torch.from_numpy(np.stack(painted))[:, None].to(device)
        size = self.prompt_encoder.mask_input_size
        resized = functional.interpolate(whole, size, mode="bilinear", align_corners=False, antialias=True)
        return resized * MASK_SCALE + MASK_BIAS

    def _scaled(self, sample: Sample, x: float, y: float) -> tuple[float, float]:
        height, width = sample.truth.shape
        return x * self.side / width, y * self.side / height


def _taken(masks: torch.Tensor, best: torch.Tensor | None) -> torch.Tensor:
    """The mask (N, 1, h, w) with the number `best`; without it the first."""
    return masks[:, :1] if best is None else masks.take_along_dim(best, 1)


def _is_ambiguous(points: list[list[tuple[float, float, int]]], given: torch.Tensor | None) -> bool:
    """Whether the samples are pointed at with a single click, which may mean a part or the whole."""
    return given is None and len(points[0]) == 1


def _lay_gradients_out(_layer: nn.Module, _given: object, features: torch.Tensor) -> None:
    """Let the gradient of the decoder's last features lie in memory as they do.

    The features have their channels last, and the product that masks are made of gives a gradient that has not. Each
    layer behind them would walk through both in different orders, which is slow on a processor.
    """
    if features.requires_grad and features.is_contiguous(memory_format=torch.channels_last):
        features.register_hook(lambda gradient: gradient.contiguous(memory_format=torch.channels_last))
