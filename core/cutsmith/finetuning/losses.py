"""What the training makes small, as SAM 2's publishers weigh it: 20 focal + dice + L1 of the predicted IoU.

Paper: Ravi et al., "SAM 2: Segment Anything in Images and Videos", 2024, appendix; focal loss: Lin et al., ICCV 2017;
dice loss: Milletari et al., 3DV 2016. Of several masks for one prompt only the best one is taught; the IoU of all is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

FOCAL_WEIGHT = 20.0
_DICE_SMOOTH = 1.0


def mask_loss(logits: torch.Tensor, ious: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """The loss of each sample, (N,).

    Args:
        logits: (N, M, h, w), M masks for each prompt; they are scaled to the size of the truth.
        ious: (N, M), the IoU that the network predicts for each.
        truth: (N, 1, H, W) of 0 and 1; a sample of zeros alone means that nothing is there.
    """
    import torch

    # The best mask is looked for without gradients: those of the others would be zero, and take as long.
    with torch.no_grad():
        everything = resized(logits, truth.shape[-2:])
        truths = truth.expand_as(everything)
        best = _shape_loss(everything, truths).argmin(1)
        wanted = true_iou(everything, truths)
    taught = resized(logits.take_along_dim(best[:, None, None, None], 1), truth.shape[-2:])
    return _shape_loss(taught, truth)[:, 0] + torch.abs(ious - wanted).mean(1)


def presence_loss(scores: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """The loss (N,) of the network's logits (N, 1) for whether anything is there."""
    from torch.nn import functional

    is_there = truth.flatten(1).amax(1, keepdim=True)
    return functional.binary_cross_entropy_with_logits(scores, is_there, reduction="none")[:, 0]


def true_iou(logits: torch.Tensor, truths: torch.Tensor) -> torch.Tensor:
    """The IoU (N, M) of masks (N, M, H, W), taken at the logit 0, with the truth; 0 where nothing is there."""
    masks, wanted = logits > 0, truths > 0.5
    common, either = (masks & wanted).sum((2, 3)), (masks | wanted).sum((2, 3))
    return common / either.clamp(min=1)


def resized(logits: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    """The logits (N, M, h, w) in another size, in single precision."""
    from torch.nn import functional

    return functional.interpolate(logits.float(), tuple(size), mode="bilinear", align_corners=False)


def _shape_loss(logits: torch.Tensor, truths: torch.Tensor) -> torch.Tensor:
    """20 focal + dice, (N, M)."""
    from torchvision.ops import sigmoid_focal_loss

    focal = sigmoid_focal_loss(logits, truths, alpha=0.25, gamma=2.0).mean((2, 3))
    # Dice has no meaning where nothing is to be found: every pixel too many would cost the same.
    is_there = truths.flatten(2).amax(2)
    return FOCAL_WEIGHT * focal + is_there * _dice(logits, truths)


def _dice(logits: torch.Tensor, truths: torch.Tensor) -> torch.Tensor:
    masks = logits.sigmoid()
    common = (masks * truths).sum((2, 3))
    return 1 - (2 * common + _DICE_SMOOTH) / (masks.sum((2, 3)) + truths.sum((2, 3)) + _DICE_SMOOTH)
