"""One picture or frame -> alpha at its own size.

The network runs at no more than `NETWORK_SIDE` pixels, as the publishers run it. Of a large picture nothing but the
alpha itself is ever held as floats at full size: the small copy takes just the pixels that it needs, and gain and
offset are enlarged a few rows at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cutsmith.arrays import Pixel
from cutsmith.cures import advise
from cutsmith.engines.torch_device import memory_guard
from cutsmith.errors import ModelUnusable

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from cutsmith.matting.bimatting.decoder import State
    from cutsmith.matting.bimatting.network import BiMattingNetwork
    from cutsmith.protocols import Watch

NETWORK_SIDE = 512
"""Pixels of the longer side at which the network runs; smaller pictures are shown as they are."""

# Shorter sides are continued to this, two pixels of the coarsest features; the network fails below 17.
_SHORTEST_SIDE = 32
_ROWS_AT_ONCE = 256


class _Neighbours(NamedTuple):
    """Where each target pixel of a resized side lies between two source pixels, and how near to the second."""

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    weight: NDArray[np.float32]


def downsample_ratio(height: int, width: int) -> float:
    """By how much a picture is made smaller for the network: its longer side becomes `NETWORK_SIDE`, or stays."""
    return min(NETWORK_SIDE / max(height, width), 1.0)


def matted_frame(
    network: BiMattingNetwork, image: NDArray[Pixel], state: State | None = None, watch: Watch | None = None
) -> tuple[NDArray[np.float32], State]:
    """Alpha, float32 (H, W) in [0, 1], of `image`, uint8 or uint16 (H, W, 3), and the state for the next frame.

    The state fits frames of the same size and no others.

    Raises:
        ModelUnusable: the network gives values that are not numbers.
        DeviceOutOfMemory: the device does not hold the network's features.
        Cancelled: `watch` says so.
    """
    import torch

    height, width = image.shape[:2]
    ratio = downsample_ratio(height, width)
    small = _small_copy(image, ratio)
    shown = np.pad(small, [(0, max(0, _SHORTEST_SIDE - side)) for side in small.shape[:2]] + [(0, 0)], "edge")
    parameter = next(network.parameters())
    # No autocast: with 8 bits of precision many a sign would be another.
    with torch.inference_mode(), memory_guard("BiMatting", parameter.device, advise("Or take a smaller picture.")):
        tensor = torch.from_numpy(shown.transpose(2, 0, 1)[None].copy()).to(parameter)
        coarse = network.coarse(tensor, state)
        if watch is not None:
            watch.check()
        if ratio == 1:
            return np.clip(_plane(coarse.answer, small), 0, 1), coarse.state
        gain, offset = network.refiner(tensor, coarse.answer, coarse.hidden)
        return _enlarged(image, _plane(gain, small), _plane(offset, small), watch), coarse.state


def _plane(tensor: torch.Tensor, small: NDArray[np.float32]) -> NDArray[np.float32]:
    """The alpha's channel of (1, 4, h, w), without what was added to the small picture."""
    height, width = small.shape[:2]
    plane: NDArray[np.float32] = tensor[0, 3, :height, :width].float().cpu().numpy()
    if not np.isfinite(plane).all():
        raise ModelUnusable("BiMatting gives values that are not numbers.", "Fetch or copy its checkpoint again.")
    return plane


def _small_copy(image: NDArray[Pixel], ratio: float) -> NDArray[np.float32]:
    """`image` at `ratio` of its size, float32 (h, w, 3) in [0, 1]: bilinear without smoothing, as the publishers do."""
    full = np.float32(np.iinfo(image.dtype).max)
    if ratio == 1:
        return image.astype(np.float32) / full
    height, width = image.shape[:2]
    rows = _neighbours(max(1, int(height * ratio)), height, 1 / ratio)
    columns = _neighbours(max(1, int(width * ratio)), width, 1 / ratio)
    above, below = (
        _between(image[np.ix_(row, columns.first)], image[np.ix_(row, columns.second)], columns.weight[None, :, None])
        for row in (rows.first, rows.second)
    )
    return _between(above, below, rows.weight[:, None, None]) / full


def _enlarged(
    image: NDArray[Pixel],
    gain: NDArray[np.float32],
    offset: NDArray[np.float32],
    watch: Watch | None,
) -> NDArray[np.float32]:
    """gain * gray + offset at the size of `image`, clipped to [0, 1]."""
    height, width = image.shape[:2]
    columns = _neighbours(width, gain.shape[1], gain.shape[1] / width)
    gain, offset = (
        _between(plane[:, columns.first], plane[:, columns.second], columns.weight[None]) for plane in (gain, offset)
    )
    rows = _neighbours(height, gain.shape[0], gain.shape[0] / height)
    full = np.float32(3.0 * np.iinfo(image.dtype).max)
    alpha = np.empty((height, width), np.float32)
    for top in range(0, height, _ROWS_AT_ONCE):
        if watch is not None:
            watch.check()
        strip = slice(top, top + _ROWS_AT_ONCE)
        first, second, weight = rows.first[strip], rows.second[strip], rows.weight[strip, None]
        gray = image[strip].sum(2, dtype=np.float32) / full
        answer = _between(gain[first], gain[second], weight) * gray + _between(offset[first], offset[second], weight)
        np.clip(answer, 0, 1, out=alpha[strip])
    return alpha


def _neighbours(targets: int, sources: int, step: float) -> _Neighbours:
    """For bilinear interpolation of a side of `sources` pixels, where a target pixel is `step` source pixels wide.

    Corners are not aligned: the pixels' edges are, as in torch's `interpolate`.
    """
    place = np.clip((np.arange(targets) + 0.5) * step - 0.5, 0, sources - 1)
    first = np.floor(place).astype(np.intp)
    return _Neighbours(first, np.minimum(first + 1, sources - 1), (place - first).astype(np.float32))


def _between(
    first: NDArray[Pixel] | NDArray[np.float32],
    second: NDArray[Pixel] | NDArray[np.float32],
    weight: NDArray[np.float32],
) -> NDArray[np.float32]:
    near = first.astype(np.float32, copy=False)
    between: NDArray[np.float32] = near + (second.astype(np.float32, copy=False) - near) * weight
    return between
