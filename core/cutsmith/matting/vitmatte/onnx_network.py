"""ViTMatte from an ONNX file, on whichever engine runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.cures import run, set_option
from cutsmith.errors import ModelUnusable
from cutsmith.matting.vitmatte.preprocessing import Preprocessing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.protocols import Engine

_CHANNELS = 4


class OnnxViTMatte:
    """One exported ViTMatte (see `cutsmith.protocols.MattingNetwork`)."""

    def __init__(self, name: str, engine: Engine, weights: str, preprocessing: Preprocessing | None = None) -> None:
        """Wrap a network that is already open.

        Args:
            name: as the option `matting_model` takes it.
            engine: runs it; its input must be (1, 4, height, width) of fixed height and width.
            weights: the file's name and hash, for provenance.
            preprocessing: what the colours go through; None leaves them as they are, in [0, 1].

        Raises:
            ModelUnusable: the network's input has another shape, or leaves its height or width open.
        """
        self.name = name
        self._engine = engine
        self._weights = weights
        self._preprocessing = preprocessing or Preprocessing()
        shape = engine.input_shape
        shown = "(" + ", ".join("free" if side is None else str(side) for side in shape) + ")"
        if len(shape) != 4 or shape[0] not in (None, 1) or shape[1] != _CHANNELS:
            raise ModelUnusable(
                f"{name} is no ViTMatte: its input must have the shape (1, 4, height, width), three channels of colour "
                f"and the trimap, but has {shown}.",
                run("models", "list", text="Files that can be fetched"),
            )
        height, width = shape[2:]
        if height is None or width is None:
            # Its tables of relative positions were made for one size: at any other the alpha is wrong, and looks right.
            raise ModelUnusable(
                f"{name} was exported with free sizes, which gives wrong alphas: its input must have the shape "
                f"(1, 4, height, width) with a fixed height and width, but has {shown}.",
                "Export it with a fixed size, such as 1024 x 1024.",
                run("models", "list", text="Or take a file that can be fetched"),
            )
        self.input_size = (height, width)

    def alpha(self, image: NDArray[Any], trimap: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Alpha as the network gives it, float32 (h, w) in [0, 1], of a crop no larger than `input_size`.

        Raises:
            ModelUnusable: the output has another shape, or values that are not finite.
        """
        output = self._engine.run(self._preprocessing.tensor(image, trimap, self.input_size))
        return checked_output(output, trimap.shape, self.input_size, self.name, self._engine.name)

    def provenance(self) -> Mapping[str, str]:
        """Model, weights and engine."""
        return {
            "matting_model": self.name,
            "matting_weights": self._weights,
            "matting_engine": self._engine.name,
        }


def checked_output(
    output: NDArray[np.float32], shape: tuple[int, ...], input_size: tuple[int, int], name: str, engine: str
) -> NDArray[np.float32]:
    """The part of `output`, float32 (1, 1, *input_size), that a crop of `shape` (h, w) fills, in [0, 1].

    Raises:
        ModelUnusable: it has another shape, or values that are not finite; `name` and `engine` say whose.
    """
    if output.shape != (1, 1, *input_size):
        raise ModelUnusable(
            f"{name} is no ViTMatte: its output must have the shape {(1, 1, *input_size)}, but has {output.shape}.",
            run("models", "list", text="Files that can be fetched"),
        )
    alpha = output[0, 0, : shape[0], : shape[1]]
    if not np.isfinite(alpha).all():
        raise ModelUnusable(
            f"{name} gave values that are not finite on {engine}.",
            set_option("engine", "onnxruntime", text="Try another engine"),
        )
    clipped: NDArray[np.float32] = np.clip(alpha, 0, 1)
    return clipped
