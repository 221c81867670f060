"""The binary encoder: a MobileNet whose blocks widen and shrink again ("shrinkable"), with dense shortcuts around them.

A binary convolution keeps so little that no block may rely on it alone: each adds its input to its output, in as many
copies as it has times the channels, or halved. Section 3.2 of the paper.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cutsmith.matting.bimatting.binary import BinaryConv2d, Shift

# The channels that training data of ImageNet have been normalised with ever since.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

_FIRST = 16
# Three blocks each: (channels, stride) of every block. All of a stage but the first have the stride 1.
_STAGES = (
    ((32, 1), (64, 2), (32, 1)),
    ((64, 1), (128, 2), (64, 1)),
    ((64, 1), (128, 1), (64, 1)),
    ((128, 1), (256, 2), (128, 1)),
    ((128, 1), (256, 1), (128, 1)),
)
_LAST = (256, 1024)
CHANNELS = (16, 32, 64, _LAST[-1])
"""Of the features at 1/2, 1/4, 1/8 and 1/16 of the picture."""


class FirstLayer(nn.Module):
    """The only layer of the encoder that is not binary: colours -> 16 channels at half the size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, _FIRST, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(_FIRST)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 16, H / 2, W / 2), rounded up."""
        normalised: Tensor = self.bn1(self.conv1(x))
        return normalised


class Block(nn.Module):
    """A 3x3 and a 1x1 binary convolution, each with its shortcut.

    Where the block widens `n` times, `n` separate 1x1 convolutions stand side by side, each with the shortcut; where it
    halves, the mean of the two halves is the shortcut.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.move11 = Shift(inputs)
        self.binary_3x3 = BinaryConv2d(inputs, inputs, 3, stride)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.move12, self.prelu1, self.move13 = Shift(inputs), nn.PReLU(inputs), Shift(inputs)
        self.move21 = Shift(inputs)
        self._narrows = outputs < inputs
        self._branches = _branch_names(inputs, outputs)
        for convolution, norm in self._branches:
            width = min(inputs, outputs)
            self.add_module(convolution, BinaryConv2d(inputs, width, 1))
            self.add_module(norm, nn.BatchNorm2d(width))
        self.move22, self.prelu2, self.move23 = Shift(outputs), nn.PReLU(outputs), Shift(outputs)
        self._halve = nn.AvgPool2d(2, 2, ceil_mode=True)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride), rounded up."""
        spatial = self.bn1(self.binary_3x3(self.move11(x).sign()))
        spatial = spatial + (self._halve(x) if self.stride == 2 else x)
        spatial = self.move13(self.prelu1(self.move12(spatial)))
        signs = self.move21(spatial).sign()
        shortcut = sum(spatial.chunk(2, dim=1)) / 2 if self._narrows else spatial
        mixed = torch.cat(
            [
                self.get_submodule(norm)(self.get_submodule(convolution)(signs)) + shortcut
                for convolution, norm in self._branches
            ],
            dim=1,
        )
        activated: Tensor = self.move23(self.prelu2(self.move22(mixed)))
        return activated


def _branch_names(inputs: int, outputs: int) -> list[tuple[str, str]]:
    """The publishers' names of a block's 1x1 convolutions and of the norms after them."""
    if inputs == outputs:
        return [("binary_pw", "bn2")]
    copies = max(1, outputs // inputs)
    return [(f"binary_pw_down{number}", f"bn2_{number}") for number in range(1, copies + 1)]


class Encoder(nn.Module):
    """Picture -> features at four sizes."""

    def __init__(self) -> None:
        super().__init__()
        blocks: list[nn.Module] = [FirstLayer()]
        width = _FIRST
        for channels, stride in (*(block for stage in _STAGES for block in stage), *((each, 1) for each in _LAST)):
            blocks.append(Block(width, channels, stride))
            width = channels
        self.feature = nn.ModuleList(blocks)
        self._halve = nn.AvgPool2d(2, 2, ceil_mode=True)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(N, 3, H, W) in [0, 1] -> the features of `CHANNELS`, at 1/2, 1/4, 1/8 and 1/16, rounded up."""
        x = (pictures - pictures.new_tensor(MEAN)[:, None, None]) / pictures.new_tensor(DEVIATION)[:, None, None]
        blocks = list(self.feature)
        x = blocks[0](x)
        features = [x]
        for number in range(len(_STAGES)):
            first, second, third = blocks[1 + 3 * number : 4 + 3 * number]
            start = first(x)
            x = third(second(start))
            # A stage that made the picture smaller has a shortcut around its last two blocks. As the publishers'
            # does, this asks for the height: one row that stays one row has none.
            if start.shape[2] != x.shape[2]:
                x = x + self._halve(start)
            features.append(x)
        for block in blocks[1 + 3 * len(_STAGES) :]:
            x = block(x)
        # Stages two and three are both at 1/8, four and five at 1/16.
        return features[0], features[1], features[3], x
