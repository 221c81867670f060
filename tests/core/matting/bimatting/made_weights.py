"""BiMatting with weights that a rule makes, so that results can be compared without a file of weights.

Integer arithmetic alone, which no machine and no version of a library rounds otherwise.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

# With these, the alpha is inside [0, 1] at most pixels, and the coarse one is above 0 at some and below at others.
_SPREAD = {"decoder.decode0.conv.4.weight": 8.0, "decoder.decode0.conv_1x1.4.weight": 8.0}
_RAISED = {"project_mat.conv.bias": 0.85}


def made_values(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """float64 of `shape` in [0, 1), another for each name: splitmix64 (Steele et al., OOPSLA 2014) of the index."""
    with np.errstate(over="ignore"):
        bits = np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        bits += np.uint64(zlib.crc32(name.encode()))
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        bits ^= bits >> np.uint64(31)
    return ((bits >> np.uint64(11)).astype(np.float64) / 2**53).reshape(shape)


def made_tensor(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """The made weights called `name`: in proportion as training leaves them."""
    values = made_values(name, shape)
    if name.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    if name.endswith("running_var") or (name.endswith("weight") and len(shape) == 1):
        return values + 0.5
    if name.endswith("weight"):
        fan_in = int(np.prod(shape[1:]))
        return (values - 0.5) * _SPREAD.get(name, 1.0) * 2 / fan_in**0.5
    return values - 0.5 + _RAISED.get(name, 0.0)


def fill(network: Any) -> Any:
    """`network`, in float64, with made weights."""
    import torch

    network.double().eval().requires_grad_(False)
    network.load_state_dict(
        {
            name: torch.from_numpy(made_tensor(name, tuple(tensor.shape)))
            for name, tensor in network.state_dict().items()
        }
    )
    return network


def made_frames(count: int, height: int, width: int) -> np.ndarray:
    """float64 (count, 3, height, width) in [0, 1]: a bright disc that moves over noise."""
    y, x = np.mgrid[:height, :width]
    frames = made_values(f"{count}x{height}x{width}", (count, 3, height, width)) * 0.4
    for number in range(count):
        centre = (height * 0.5, width * (0.35 + 0.1 * number))
        disc = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < (0.3 * min(height, width)) ** 2
        frames[number] += 0.6 * disc
    return frames


def digest_of_shapes(state: Mapping[str, Any]) -> str:
    """SHA-256 of the names and shapes of a state_dict."""
    listed = "\n".join(f"{name} {tuple(tensor.shape)}" for name, tensor in sorted(state.items()))
    return hashlib.sha256(listed.encode()).hexdigest()


def sampled(values: np.ndarray, count: int = 12) -> list[float]:
    """Some of `values`, spread over all of it."""
    flat = values.reshape(-1)
    return [round(float(flat[index]), 10) for index in np.linspace(0, flat.size - 1, count).astype(int)]
