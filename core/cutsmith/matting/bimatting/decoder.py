"""The recurrent decoder: features -> features at the picture's size, with a memory from frame to frame.

Most of a picture is surely subject or surely background, and fine detail is computed there for nothing. The paper
(section 3.3) sparsifies it: every step has a 1x1 convolution for all pixels and a 3x3 one that counts only where the
coarse alpha changes. Both are computed here, because torch's convolutions do not skip pixels.
"""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from cutsmith.matting.bimatting.binary import Shift, binary_layers, binary_unit

State: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor]
"""What is remembered of the frames before: (1, C, h, w) at 1/2, 1/4, 1/8 and 1/16 of the frame."""

HIDDEN = 16
"""Channels of the features that the decoder gives."""

_WIDTHS = (80, 40, 32, HIDDEN)
# How far a pixel of the mask may be from its own smoothed copy before it counts as an edge.
_CHANGES = 0.01


def changing_parts(region: Tensor) -> Tensor:
    """1 where `region`, (N, 1, h, w) of 0 and 1, changes: where halving and doubling its size does not restore it.

    Both sides must be at least 2.
    """
    height, width = region.shape[2:]
    halved = functional.interpolate(region, (height // 2, width // 2), mode="bilinear")
    restored = functional.interpolate(halved, (height, width), mode="bilinear")
    return ((region - restored).abs() >= _CHANGES).to(region.dtype)


class Gru(nn.Module):
    """A convolutional GRU (Ballas et al., ICLR 2016) of binary convolutions, at the decoder's coarsest size."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.ih = nn.Sequential(*binary_layers(2 * channels, 2 * channels, 3, bias=True), nn.Sigmoid())
        self.hh = nn.Sequential(*binary_layers(2 * channels, channels, 3, bias=True), nn.Tanh())

    def forward(self, frames: Tensor, memory: Tensor | None) -> tuple[Tensor, Tensor]:
        """(T, channels, h, w) and the memory (1, channels, h, w) -> the memory after each frame, and after the last."""
        held = torch.zeros_like(frames[:1]) if memory is None else memory
        remembered = []
        for frame in frames.split(1):
            keep, replace = self.ih(torch.cat([frame, held], dim=1)).chunk(2, dim=1)
            candidate = self.hh(torch.cat([frame, keep * held], dim=1))
            held = (1 - replace) * held + replace * candidate
            remembered.append(held)
        return torch.cat(remembered), held


class SparseGru(nn.Module):
    """The same with a 1x1 path for all pixels, and the 3x3 path added where the mask changes."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        for name, kernel in (("", 3), ("_1x1", 1)):
            for gates, outputs, squash in (("ih", 2 * channels, nn.Sigmoid()), ("hh", channels, nn.Tanh())):
                layers = binary_layers(2 * channels, outputs, kernel, bias=True)
                self.add_module(gates + name, nn.Sequential(*layers, Shift(outputs), squash))

    def forward(self, frames: Tensor, memory: Tensor | None, changing: Tensor) -> tuple[Tensor, Tensor]:
        """As `Gru.forward`; `changing` is (T, 1, h, w) in [0, 1]."""
        held = torch.zeros_like(frames[:1]) if memory is None else memory
        remembered = []
        for frame, here in zip(frames.split(1), changing.split(1), strict=True):
            keep, replace = self._both("ih", torch.cat([frame, held], dim=1), here).chunk(2, dim=1)
            candidate = self._both("hh", torch.cat([frame, keep * held], dim=1), here)
            held = (1 - replace) * held + replace * candidate
            remembered.append(held)
        return torch.cat(remembered), held

    def _both(self, gates: str, x: Tensor, changing: Tensor) -> Tensor:
        both: Tensor = self.get_submodule(gates)(x) * changing + self.get_submodule(f"{gates}_1x1")(x)
        return both


class Bottleneck(nn.Module):
    """The coarsest step: half of the channels are remembered, and a coarse answer is made of all of them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gru = Gru(channels // 2)
        self.conv = nn.Sequential(*binary_unit(channels, HIDDEN, 3))

    def forward(self, x: Tensor, memory: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """(T, channels, h, w) -> the same, the memory, and the coarse answer's features (T, HIDDEN, h, w)."""
        passed, remembered = x.chunk(2, dim=1)
        remembered, memory = self.gru(remembered, memory)
        x = torch.cat([passed, remembered], dim=1)
        return x, memory, self.conv(x)


class Upsampling(nn.Module):
    """A step to twice the size: features from below, from the encoder, and the picture itself."""

    def __init__(self, below: int, skipped: int, outputs: int) -> None:
        super().__init__()
        inputs = below + skipped + 3
        self.conv = nn.Sequential(*binary_unit(inputs, outputs, 3))
        self.conv_1x1 = nn.Sequential(*binary_unit(inputs, outputs, 1))
        self.gru = SparseGru(outputs // 2)

    def forward(
        self, below: Tensor, skipped: Tensor, picture: Tensor, memory: Tensor | None, changing: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(T, below, h / 2, w / 2) and the rest at (h, w) -> (T, outputs, h, w) and the memory."""
        x = torch.cat([_doubled(below, picture), skipped, picture], dim=1)
        changing = _resized(changing, picture)
        passed, remembered = (self.conv(x) * changing + self.conv_1x1(x)).chunk(2, dim=1)
        remembered, memory = self.gru(remembered, memory, changing)
        return torch.cat([passed, remembered], dim=1), memory


class Output(nn.Module):
    """The last step, to the picture's size, without a memory."""

    def __init__(self, below: int) -> None:
        super().__init__()
        self.conv = _output_path(below + 3, 3)
        self.conv_1x1 = _output_path(below + 3, 1)

    def forward(self, below: Tensor, picture: Tensor, changing: Tensor) -> Tensor:
        """(T, below, H / 2, W / 2) and the picture (T, 3, H, W) -> (T, HIDDEN, H, W)."""
        x = torch.cat([_doubled(below, picture), picture], dim=1)
        combined: Tensor = self.conv(x) * _resized(changing, picture) + self.conv_1x1(x)
        return combined


def _output_path(inputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        *binary_layers(inputs, HIDDEN, kernel),
        nn.BatchNorm2d(HIDDEN),
        nn.ReLU(),
        nn.Conv2d(HIDDEN, HIDDEN, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(HIDDEN),
        nn.ReLU(),
    )


def _doubled(x: Tensor, like: Tensor) -> Tensor:
    """`x` at twice its size, less the row or column that an odd size of `like` does not have."""
    doubled = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    return doubled[:, :, : like.shape[2], : like.shape[3]]


def _resized(x: Tensor, like: Tensor) -> Tensor:
    return functional.interpolate(x, like.shape[2:], mode="bilinear", align_corners=False)


class Decoder(nn.Module):
    """Features of T frames -> (T, HIDDEN, H, W)."""

    def __init__(self, channels: tuple[int, int, int, int]) -> None:
        """`channels`: of the features at 1/2, 1/4, 1/8 and 1/16."""
        super().__init__()
        half, quarter, eighth, deepest = channels
        self.decode4 = Bottleneck(deepest)
        self.decode3 = Upsampling(deepest, eighth, _WIDTHS[0])
        self.decode2 = Upsampling(_WIDTHS[0], quarter, _WIDTHS[1])
        self.decode1 = Upsampling(_WIDTHS[1], half, _WIDTHS[2])
        self.decode0 = Output(_WIDTHS[2])
        self._halve = nn.AvgPool2d(2, 2, count_include_pad=False, ceil_mode=True)

    def forward(
        self,
        pictures: Tensor,
        features: tuple[Tensor, Tensor, Tensor, Tensor],
        state: State | None,
        projection: nn.Module,
    ) -> tuple[Tensor, State]:
        """The features at the pictures' size, and what is remembered.

        Args:
            pictures: (T, 3, H, W) in [0, 1].
            features: at 1/2, 1/4, 1/8 and 1/16.
            state: of the frames before; None at the first.
            projection: HIDDEN channels -> foreground and alpha, the alpha last; read for where the alpha changes.
        """
        r1, r2, r3, r4 = (None,) * 4 if state is None else state
        at_half = self._halve(pictures)
        at_quarter = self._halve(at_half)
        at_eighth = self._halve(at_quarter)
        x, r4, coarse = self.decode4(features[3], r4)
        changing = changing_parts((projection(coarse)[:, 3:] > 0).to(x.dtype))
        x, r3 = self.decode3(x, features[2], at_eighth, r3, changing)
        x, r2 = self.decode2(x, features[1], at_quarter, r2, changing)
        x, r1 = self.decode1(x, features[0], at_half, r1, changing)
        return self.decode0(x, pictures, changing), (r1, r2, r3, r4)
