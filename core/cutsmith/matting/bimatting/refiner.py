"""A deep guided filter (Wu et al., "Fast End-to-End Trainable Guided Filter", CVPR 2018) of binary convolutions.

As in the guided filter (He et al., ECCV 2010), the large picture's alpha is gain * gray + offset; gain and offset are
computed small. The gain is a network's, of the covariance, the variance and the decoder's features.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cutsmith.matting.bimatting.binary import binary_unit


class Refiner(nn.Module):
    """The small picture and what was computed for it -> gain and offset."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.box_filter = nn.Conv2d(4, 4, 3, padding=1, bias=False, groups=4)
        self.conv = nn.Sequential(
            *binary_unit(4 + 4 + hidden, hidden, 1), *binary_unit(hidden, hidden, 1), nn.Conv2d(hidden, 4, 1)
        )

    def forward(self, pictures: Tensor, answer: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Gain and offset, each (N, 4, h, w), for red, green, blue and their mean.

        Args:
            pictures: (N, 3, h, w) in [0, 1].
            answer: (N, 4, h, w), the foreground's difference to the picture and the alpha.
            hidden: (N, hidden, h, w), the decoder's features.
        """
        guide = with_gray(pictures)
        mean_guide, mean_answer = self.box_filter(guide), self.box_filter(answer)
        covariance = self.box_filter(guide * answer) - mean_guide * mean_answer
        variance = self.box_filter(guide * guide) - mean_guide * mean_guide
        gain = self.conv(torch.cat([covariance, variance, hidden], dim=1))
        return gain, mean_answer - gain * mean_guide


def with_gray(pictures: Tensor) -> Tensor:
    """(N, 3, H, W) -> (N, 4, H, W): the fourth channel is the mean of the three."""
    return torch.cat([pictures, pictures.mean(1, keepdim=True)], dim=1)
