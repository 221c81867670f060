"""What fits a machine: how many samples a step takes, by the device and its memory."""

from __future__ import annotations

from typing import NamedTuple


class Preset(NamedTuple):
    """Attributes: batch: samples of a step; reason: why, in words."""

    batch: int
    reason: str


_GIGABYTE = 1 << 30


def preset_for(device: str, memory: int) -> Preset:
    """The preset for a `device` (as `cutsmith.engines.torch_device` names it) with this much memory, in bytes."""
    if device != "cuda":
        return Preset(4, f"4 samples a step on {device}")
    batch = next((batch for least, batch in ((20, 16), (10, 8)) if memory >= least * _GIGABYTE), 4)
    return Preset(batch, f"{batch} samples a step on {device} with {memory / _GIGABYTE:.0f} GB")


def device_memory(device: str) -> int:
    """The memory of `device` in bytes: a graphics processor's own, else what this process may use."""
    if device == "cuda":
        import torch

        return int(torch.cuda.get_device_properties(0).total_memory)
    from cutsmith.machine.memory import available_memory

    return available_memory()
