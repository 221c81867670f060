"""U2-Net, IS-Net, BiRefNet and similar networks: one image in, one probability map out.

Their differences (input size, normalisation, activation, output) are data: `SalientSpec` in the catalogue.

Papers: U2-Net (Qin et al., Pattern Recognition 2020), IS-Net / DIS (Qin et al., ECCV 2022), BiRefNet (Zheng et al.,
CAAI AIR 2024).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.cures import set_option
from cutsmith.errors import ModelUnusable
from cutsmith.machine.cancelling import check

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from cutsmith.models.entry import SalientSpec
    from cutsmith.protocols import Engine

# Low precision may carry a probability a little out of [0, 1]; logits go far beyond.
_OVERSHOOT = 0.5


class SalientRemover:
    """Picture -> soft mask of its main subject, by one salient-object network (see `cutsmith.protocols.Remover`)."""

    def __init__(self, name: str, spec: SalientSpec, engine: Engine, weights: str) -> None:
        """Wrap a network that is already open.

        Args:
            name: as the option `model` takes it; provenance has it too.
            spec: how the network is fed and read.
            engine: runs it; its input must take (1, 3, input_size, input_size).
            weights: the file's name and hash, for provenance.

        Raises:
            ModelUnusable: the network's input does not match `spec`.
        """
        self.name = name
        self._spec = spec
        self._engine = engine
        self._weights = weights
        wanted = (1, 3, spec.input_size, spec.input_size)
        shape = engine.input_shape
        if len(shape) != 4 or any(side not in (None, want) for side, want in zip(shape, wanted, strict=True)):
            raise ModelUnusable(
                f"The input of {name} must have the shape {wanted}, as its description says, but has {shape}.",
                "Correct input_size in the model's description.",
            )

    @property
    def engine(self) -> Engine:
        """What runs the network; removers of one open file may share it."""
        return self._engine

    @property
    def spec(self) -> SalientSpec:
        """How the network is fed and read."""
        return self._spec

    @property
    def module(self) -> torch.nn.Module | None:
        """The network where PyTorch runs it, so that a host can move it to its device; None for other engines."""
        return getattr(self._engine, "module", None)

    def provenance(self) -> Mapping[str, str]:
        """Model, weights and engine."""
        return {"model": self.name, "weights": self._weights, "engine": self._engine.name}

    def soft_mask(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The probability of each pixel of `image`, uint8 (H, W, 3) sRGB, to be subject: float32 (H, W) in [0, 1].

        This is the network's own map, resampled (Lanczos) to the picture's size and never stretched.
        """
        height, width = image.shape[:2]
        mask = self.probabilities(image)
        check()
        return resample(mask, width, height)

    def probabilities(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The network's map for `image`, uint8 (H, W, 3), at its own size: float32 (S, S) in [0, 1].

        Raises:
            ModelUnusable: the output is not a map of one value a pixel, or its values are not finite, or they are not
                probabilities although the description says so.
        """
        output = self._engine.run(normalise(image, self._spec))
        if output.ndim not in (3, 4) or min(output.shape[-2:]) < 2 or max(output.shape[:-2]) > 1:
            raise ModelUnusable(
                f"The output of {self.name} must have the shape (1, 1, height, width), but has {output.shape}.",
                "Set `output` in the model's description to the number of the mask, counted from 0.",
            )
        # Some networks in half precision give it, too.
        logits = output.reshape(-1, *output.shape[-2:])[0].astype(np.float32, copy=False)
        if not np.isfinite(logits).all():
            raise ModelUnusable(
                f"{self.name} gave values that are not finite on {self._engine.name}.",
                set_option("engine", "onnxruntime", text="Try another engine"),
            )
        if self._spec.activation == "sigmoid":
            logits = 1 / (1 + np.exp(-logits))
        elif logits.min() < -_OVERSHOOT or logits.max() > 1 + _OVERSHOOT:
            raise ModelUnusable(
                f"{self.name} must give probabilities, but gives values from {logits.min():.1f} to {logits.max():.1f}.",
                'They look like logits. Write activation = "sigmoid" into the model\'s description (docs/models.md).',
            )
        probabilities: NDArray[np.float32] = np.clip(logits, 0, 1)
        return probabilities


def normalise(image: NDArray[np.uint8], spec: SalientSpec) -> NDArray[np.float32]:
    """`image`, uint8 (H, W, 3), as the network takes it: float32 (1, 3, S, S).

    Resized by Pillow's Lanczos and divided by its own maximum or by 255. U2-Net's publisher divides by the picture's
    maximum and rembg does so for every network; results equal rembg's only if we do too.
    """
    from PIL import Image

    size = (spec.input_size, spec.input_size)
    resized = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))
    divisor = 255.0 if spec.divide_by == "255" else max(float(resized.max()), 1e-6)
    # 256 possible values a channel: a look-up is as exact as float64 arithmetic, without a float64 picture.
    values = np.arange(256) / divisor
    tensor = np.empty((1, 3, *resized.shape[:2]), np.float32)
    for channel, (mean, deviation) in enumerate(zip(spec.mean, spec.std, strict=True)):
        table = ((values - mean) / deviation).astype(np.float32)
        np.take(table, resized[:, :, channel], out=tensor[0, channel])
    return tensor


def resample(mask: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """`mask`, float32 (h, w) in [0, 1], resized by Lanczos to (height, width) and kept within [0, 1]."""
    from PIL import Image

    resized = np.asarray(Image.fromarray(mask).resize((width, height), Image.Resampling.LANCZOS))
    clipped: NDArray[np.float32] = np.clip(resized, 0, 1)
    return clipped
