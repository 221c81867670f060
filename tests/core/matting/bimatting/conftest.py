"""Networks that the tests of this folder share."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.core.matting.bimatting.made_weights import fill


@pytest.fixture(scope="session")
def made_network() -> Any:
    """In float64, with made weights: in float32, rounding turns signs over, which changes an answer by far more."""
    from cutsmith.matting.bimatting.network import BiMattingNetwork

    return fill(BiMattingNetwork())


@pytest.fixture(scope="session")
def flat_network() -> Any:
    """What makes a network that says the same alpha of every pixel; near the frame of a large picture somewhat less."""
    import torch

    from cutsmith.matting.bimatting.network import BiMattingNetwork

    @cache
    def made(alpha: float) -> Any:
        network = fill(BiMattingNetwork()).float()
        with torch.no_grad():
            for layer in (network.project_mat.conv, network.refiner.conv[12]):
                layer.weight.zero_()
                layer.bias.zero_()
            network.project_mat.conv.bias[3] = alpha
            network.refiner.box_filter.weight.fill_(1 / 9)
        return network

    return made
