"""Low-rank weights in the image encoder's attention: few numbers to train, merged into the network when it is saved.

Paper: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022. PyTorch's parametrizations hold them,
so that the network is the publisher's again once they are merged.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize

_ADAPTED = ("qkv", "proj")


class LowRank(nn.Module):
    """weight -> weight + 2 B A, where A is (rank, in) and B is (out, rank), which begins as zeros."""

    def __init__(self, weight: torch.Tensor, rank: int, generator: torch.Generator) -> None:
        super().__init__()
        rows, columns = weight.shape
        first = torch.empty(rank, columns)
        bound = 1 / math.sqrt(columns)
        self.first = nn.Parameter(first.uniform_(-bound, bound, generator=generator).to(weight.device))
        self.second = nn.Parameter(torch.zeros(rows, rank, device=weight.device))

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """The weight that is used."""
        return weight + 2.0 * (self.second @ self.first)


def add_low_rank(network: Any, rank: int, seed: int) -> list[nn.Parameter]:
    """Add weights of this `rank` to the attention of the encoder of a `SAM2Base`; -> them, to be trained."""
    generator = torch.Generator().manual_seed(seed)
    added: list[nn.Parameter] = []
    for layer in _adapted(network):
        low = LowRank(layer.weight, rank, generator)
        # Unsafe spares a call of the network's weight that would only check the shape, which is the same.
        parametrize.register_parametrization(layer, "weight", low, unsafe=True)
        layer.parametrizations.weight.original.requires_grad_(False)
        added += list(low.parameters())
    return added


def merge_low_rank(network: Any) -> None:
    """Put what `add_low_rank` has added into the weights themselves."""
    for layer in _adapted(network):
        if parametrize.is_parametrized(layer, "weight"):
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)


def _adapted(network: Any) -> list[nn.Linear]:
    blocks = network.image_encoder.trunk.blocks
    return [getattr(block.attn, name) for block in blocks for name in _ADAPTED]
