"""The contracts between the rooms, on one page.

Arrays: an image is `uint8 (H, W, 3)` sRGB; a soft mask is `float32 (H, W)` in [0, 1], a probability that is never
stretched, 1 = subject; a trimap is `uint8 (H, W)` of 0 / 128 / 255; alpha is `float32 (H, W)` in [0, 1], straight.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Engine(Protocol):
    """Runs one ONNX model with one image input and computes one output."""

    @property
    def name(self) -> str:
        """What runs it, for people and provenance, such as "OpenVINO CPU bf16"."""

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The input's shape (N, C, H, W); None where the model leaves a side open."""

    def run(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """The wanted output for `tensor`, float32 (1, 3, H, W)."""


class Remover(Protocol):
    """Picture -> soft mask of its main subject."""

    @property
    def name(self) -> str:
        """The model's name, as `--model` takes it."""

    def soft_mask(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The probability of each pixel to be subject: float32 (H, W) in [0, 1]."""

    def provenance(self) -> Mapping[str, str]:
        """Model, file and engine, for the result's provenance."""


class Segmenter(Protocol):
    """Picture and prompt -> soft mask of what the prompt points at."""

    def soft_mask(self, image: NDArray[np.uint8], box: tuple[float, float, float, float]) -> NDArray[np.float32]:
        """The probability of each pixel to be the subject in `box`: float32 (H, W) in [0, 1], 0 outside the box."""


class Matter(Protocol):
    """Picture and soft mask -> alpha."""

    def alpha(self, image: NDArray[np.uint8], soft_mask: NDArray[np.float32]) -> NDArray[np.float32]:
        """Straight alpha, float32 (H, W) in [0, 1]."""
