"""U2-Net's architecture (Qin et al., Pattern Recognition 2020) with random weights, written by PyTorch's exporter.

Written after the paper's figure 5 and table 1 (the small model): the publisher's files cannot be had where tests run.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional


def conv(given: int, made: int, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(given, made, 3, padding=dilation, dilation=dilation), nn.BatchNorm2d(made), nn.ReLU(inplace=True)
    )


def pooled(image: torch.Tensor) -> torch.Tensor:
    return functional.max_pool2d(image, 2, stride=2, ceil_mode=True)


def as_large_as(image: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(image, size=other.shape[2:], mode="bilinear", align_corners=False)


class ResidualU(nn.Module):
    """RSU-L: a small U-Net of `height` levels with a residual connection."""

    def __init__(self, height: int, given: int, middle: int, made: int) -> None:
        super().__init__()
        self.first = conv(given, made)
        self.down = nn.ModuleList([conv(made, middle), *(conv(middle, middle) for _ in range(height - 2))])
        self.bottom = conv(middle, middle, dilation=2)
        self.up = nn.ModuleList([*(conv(2 * middle, middle) for _ in range(height - 2)), conv(2 * middle, made)])

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        first = self.first(image)
        levels = [self.down[0](first)]
        for layer in self.down[1:]:
            levels.append(layer(pooled(levels[-1])))
        found = self.bottom(levels[-1])
        for layer, level in zip(self.up, reversed(levels), strict=True):
            found = layer(torch.cat((as_large_as(found, level), level), 1))
        return found + first


class DilatedU(nn.Module):
    """RSU-4F: dilation instead of pooling."""

    def __init__(self, given: int, middle: int, made: int) -> None:
        super().__init__()
        self.first = conv(given, made)
        self.down = nn.ModuleList([conv(made, middle), conv(middle, middle, 2), conv(middle, middle, 4)])
        self.bottom = conv(middle, middle, 8)
        self.up = nn.ModuleList([conv(2 * middle, middle, 4), conv(2 * middle, middle, 2), conv(2 * middle, made)])

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        first = self.first(image)
        levels = [self.down[0](first)]
        for layer in self.down[1:]:
            levels.append(layer(levels[-1]))
        found = self.bottom(levels[-1])
        for layer, level in zip(self.up, reversed(levels), strict=True):
            found = layer(torch.cat((found, level), 1))
        return found + first


class SmallU2Net(nn.Module):
    """U2-Net small: six stages down, five up, a side output of each, and their fusion as output 0."""

    def __init__(self, middle: int, made: int) -> None:
        super().__init__()
        heights = (7, 6, 5, 4)
        self.down = nn.ModuleList(
            [
                ResidualU(height, given, middle, made)
                for height, given in zip(heights, (3, made, made, made), strict=True)
            ]
            + [DilatedU(made, middle, made) for _ in range(2)]
        )
        self.up = nn.ModuleList(
            [DilatedU(2 * made, middle, made)] + [ResidualU(height, 2 * made, middle, made) for height in heights[::-1]]
        )
        self.sides = nn.ModuleList([nn.Conv2d(made, 1, 3, padding=1) for _ in range(6)])
        self.fusion = nn.Conv2d(6, 1, 1)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        levels = [self.down[0](image)]
        for stage in self.down[1:]:
            levels.append(stage(pooled(levels[-1])))
        found = [levels.pop()]
        for stage, level in zip(self.up, reversed(levels), strict=True):
            found.append(stage(torch.cat((as_large_as(found[-1], level), level), 1)))
        sides = [side(each) for side, each in zip(self.sides, reversed(found), strict=True)]
        sides = [sides[0], *(as_large_as(each, sides[0]) for each in sides[1:])]
        return tuple(map(torch.sigmoid, (self.fusion(torch.cat(sides, 1)), *sides)))


def random_u2net(middle: int = 4, made: int = 8) -> SmallU2Net:
    """The network with random weights and statistics, with few channels; 16 and 64 are U2-Net small's own."""
    torch.manual_seed(3)
    network = SmallU2Net(middle, made).eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.running_mean, std=0.1)
            nn.init.uniform_(layer.running_var, 0.5, 1.5)
            nn.init.uniform_(layer.weight, 0.8, 1.2)
    return network


def write_onnx(network: nn.Module, path: Path, *, side: int, opset: int, open_sides: bool, fuse: bool = True) -> Path:
    """`network` as an ONNX file for inputs (1, 3, side, side); where `open_sides`, of any size."""
    mode = torch.onnx.TrainingMode.EVAL if fuse else torch.onnx.TrainingMode.PRESERVE
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            torch.zeros(1, 3, side, side),
            path,
            opset_version=opset,
            training=mode,
            do_constant_folding=fuse,
            dynamo=False,
            input_names=["image"],
            dynamic_axes={"image": {2: "height", 3: "width"}} if open_sides else None,
        )
    return path
