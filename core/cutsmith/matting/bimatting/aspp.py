"""LR-ASPP (Howard et al., "Searching for MobileNetV3", ICCV 2019), with binary convolutions."""

from __future__ import annotations

from torch import Tensor, nn

from cutsmith.matting.bimatting.binary import BinaryConv2d, Shift, Sign, binary_unit


class BinaryLraspp(nn.Module):
    """Features, each channel weighted by what the mean of the whole picture says of it."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.aspp1 = nn.Sequential(*binary_unit(inputs, outputs, 1))
        self.aspp2 = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), Shift(inputs), Sign(), BinaryConv2d(inputs, outputs, 1), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H, W)."""
        weighted: Tensor = self.aspp1(x) * self.aspp2(x)
        return weighted
