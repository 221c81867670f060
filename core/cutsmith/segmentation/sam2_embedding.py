"""What SAM 2 computes once per picture, whatever is pointed at in it afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)


class Embedding(NamedTuple):
    """Features of N pictures at 1/16, 1/8 and 1/4 of the network's input, each (N, C, h, w), and their positions."""

    coarse: torch.Tensor
    middle: torch.Tensor
    fine: torch.Tensor
    positions: torch.Tensor


def encoded(network: Any, pictures: Sequence[NDArray[np.uint8]]) -> Embedding:
    """The embedding of `pictures`, each uint8 (H, W, 3) sRGB, by a `SAM2Base`, on its device.

    A picture is stretched to the network's square input, as SAM2ImagePredictor does.
    """
    import torch
    from torch.nn import functional

    side, device = network.image_size, next(network.parameters()).device
    resized = [
        functional.interpolate(
            torch.tensor(pixels, device=device).permute(2, 0, 1)[None].float() / 255,
            (side, side),
            mode="bilinear",
            align_corners=False,
            antialias=True,
        )
        for pixels in pictures
    ]
    mean, std = (torch.tensor(values, device=device).view(1, 3, 1, 1) for values in (_MEAN, _STD))
    fine, middle, coarse = network.forward_image((torch.cat(resized) - mean) / std)["backbone_fpn"][-3:]
    if network.directly_add_no_mem_embed:
        coarse = coarse + network.no_mem_embed.view(1, -1, 1, 1)
    return Embedding(coarse, middle, fine, network.sam_prompt_encoder.get_dense_pe())
