"""What fits a machine: how many samples a step takes, by the device and its memory."""

from __future__ import annotations

_GIGABYTE = 1 << 30
_CARDS = ((20, 16), (10, 8))
"""(Gigabytes of a graphics card at least, samples of a step), the largest first; not tried on a real card."""

_SMALLEST = 4


def batch_for(device: str, memory: int) -> int:
    """How many samples a step takes on `device` (as `cutsmith.engines.torch_device` names it) with `memory` bytes."""
    if device != "cuda":
        return _SMALLEST
    return next((batch for least, batch in _CARDS if memory >= least * _GIGABYTE), _SMALLEST)


def device_memory(device: str) -> int:
    """The memory of `device` in bytes: a graphics processor's own, else what this process may use."""
    if device == "cuda":
        import torch

        return int(torch.cuda.get_device_properties(0).total_memory)
    from cutsmith.machine.memory import available_memory

    return available_memory()
