"""The whole network: frames -> alpha and foreground, with a state that goes on to the next frames."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from cutsmith.matting.bimatting.aspp import BinaryLraspp
from cutsmith.matting.bimatting.decoder import HIDDEN, Decoder, State
from cutsmith.matting.bimatting.encoder import CHANNELS, Encoder
from cutsmith.matting.bimatting.refiner import Refiner, with_gray

_DEEPEST = 128
SMALLEST_SIDE = 17
"""Pixels of a side below which the coarsest features have one row or column, of which no half can be taken."""


class Projection(nn.Module):
    """A 1x1 convolution of the decoder's features."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(HIDDEN, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, HIDDEN, h, w) -> (N, outputs, h, w)."""
        projected: Tensor = self.conv(x)
        return projected


class Coarse(NamedTuple):
    """What the network says at the size at which it ran.

    Attributes:
        answer: (T, 4, h, w), the foreground's difference to the picture and the alpha, neither clipped.
        hidden: (T, HIDDEN, h, w), the features that they were made of.
        state: for the next frames.
    """

    answer: Tensor
    hidden: Tensor
    state: State


class Matted(NamedTuple):
    """Alpha (T, 1, H, W) and foreground (T, 3, H, W), both in [0, 1], and the state for the next frames."""

    alpha: Tensor
    foreground: Tensor
    state: State


class BiMattingNetwork(nn.Module):
    """BiMatting with the deep guided filter, as the publishers' checkpoints are."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Encoder()
        self.aspp = BinaryLraspp(CHANNELS[3], _DEEPEST)
        self.decoder = Decoder((*CHANNELS[:3], _DEEPEST))
        self.project_mat = Projection(4)
        # Trained along, on pictures without alpha; checkpoints hold it, and matting does not use it.
        self.project_seg = Projection(1)
        self.refiner = Refiner(HIDDEN)

    def coarse(self, frames: Tensor, state: State | None = None) -> Coarse:
        """`frames`, (T, 3, h, w) in [0, 1] with sides of at least `SMALLEST_SIDE`, one after the other of one film."""
        features = self.backbone(frames)
        hidden, state = self.decoder(frames, (*features[:3], self.aspp(features[3])), state, self.project_mat)
        return Coarse(self.project_mat(hidden), hidden, state)

    def forward(self, frames: Tensor, state: State | None = None, downsample_ratio: float = 1) -> Matted:
        """Alpha and foreground of `frames`, (T, 3, H, W) in [0, 1], computed at `downsample_ratio` of their size."""
        if downsample_ratio == 1:
            coarse = self.coarse(frames, state)
            answer = coarse.answer
        else:
            small = functional.interpolate(
                frames,
                scale_factor=downsample_ratio,
                mode="bilinear",
                align_corners=False,
                recompute_scale_factor=False,
            )
            coarse = self.coarse(small, state)
            gain, offset = (
                functional.interpolate(each, frames.shape[2:], mode="bilinear", align_corners=False)
                for each in self.refiner(small, coarse.answer, coarse.hidden)
            )
            answer = gain * with_gray(frames) + offset
        return Matted(answer[:, 3:].clamp(0, 1), (answer[:, :3] + frames).clamp(0, 1), coarse.state)
