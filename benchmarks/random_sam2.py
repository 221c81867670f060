"""SAM 2's real network with random weights, in its publisher's format, to time it on machines without the weights."""

from __future__ import annotations

from pathlib import Path

CONFIG = "sam2.1/sam2.1_hiera_t"


def write_random_sam2(folder: Path) -> Path:
    """Write a random SAM 2.1 hiera tiny checkpoint (39 million parameters, 1024 px) into `folder`; return its path."""
    import torch

    from cutsmith.segmentation.sam2_config import Sam2Config, build_network

    torch.manual_seed(0)
    path = folder / "random_sam2.1_hiera_tiny.pt"
    torch.save({"model": build_network(Sam2Config(CONFIG), path).state_dict()}, path)
    return path
