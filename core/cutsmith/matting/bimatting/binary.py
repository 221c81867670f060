"""Binary layers: a value is replaced by its sign, and a filter by its signs times one scale.

Section 3 of the paper, after XNOR-Net (Rastegari et al., ECCV 2016) and ReActNet (Liu et al., ECCV 2020). Training
needs a substitute for the gradient of the sign; inference does not, and there is none here.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Shift(nn.Module):
    """Adds a learnt value to each channel: where the sign of a channel changes."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """`x`, (N, channels, H, W), shifted."""
        return x + self.bias


class Sign(nn.Module):
    """-1, 0 or 1 for each value."""

    def forward(self, x: Tensor) -> Tensor:
        """The signs of `x`, in its shape and dtype."""
        return torch.sign(x)


class BinaryConv2d(nn.Conv2d):
    """A convolution of which each filter is binary: the signs of its centred weights times their mean magnitude.

    It keeps the size of its input where `stride` is 1. It runs as an ordinary convolution: torch has no kernels for
    single bits.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, bias: bool = False) -> None:
        super().__init__(inputs, outputs, kernel, stride, 0 if kernel == 1 else kernel // 2, bias=bias)
        # Official checkpoints hold it, and nothing reads it.
        self.channel_threshold = nn.Parameter(torch.zeros(1, inputs, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride), rounded up."""
        return functional.conv2d(x, self.binary_weight(), self.bias, self.stride, self.padding)

    def binary_weight(self) -> Tensor:
        """The filters as they are used: two values each, of the same magnitude."""
        centred = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        return centred.sign() * centred.abs().mean((1, 2, 3), keepdim=True)


def binary_layers(inputs: int, outputs: int, kernel: int, bias: bool = False) -> list[nn.Module]:
    """Shift, sign, binary convolution."""
    return [Shift(inputs), Sign(), BinaryConv2d(inputs, outputs, kernel, bias=bias)]


def binary_unit(inputs: int, outputs: int, kernel: int) -> list[nn.Module]:
    """`binary_layers`, normalised, and a shifted PReLU."""
    return [
        *binary_layers(inputs, outputs, kernel),
        nn.BatchNorm2d(outputs),
        Shift(outputs),
        nn.PReLU(outputs),
    ]
