"""A crop and its trimap -> ViTMatte's input: four channels, three of colour and one of the trimap."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.errors import ModelUnusable, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

# transformers' own defaults (`VitMatteImageProcessor`).
_DEFAULT_MEAN = _DEFAULT_STD = [0.5, 0.5, 0.5]


@dataclass(frozen=True)
class Preprocessing:
    """What is done to colours in [0, 1], channel by channel: (value - mean) / std.

    The ONNX files of rembg's release take colours as they are. A folder of transformers says what it wants.
    """

    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def tensor(
        self, image: NDArray[Any], trimap: NDArray[np.uint8], input_size: tuple[int, int]
    ) -> NDArray[np.float32]:
        """The input for a crop: float32 (1, 4, *input_size); what the crop does not fill is 0, as its publishers pad.

        Args:
            image: uint8 or uint16 (h, w, 3), sRGB, no larger than `input_size`.
            trimap: uint8 (h, w) of 0, 128 and 255, which become 0, 128 / 255 and 1.
            input_size: (height, width) in pixels.
        """
        height, width = trimap.shape
        tensor = np.zeros((1, 4, *input_size), np.float32)
        colours = np.moveaxis(image, 2, 0).astype(np.float32) / np.float32(np.iinfo(image.dtype).max)
        mean, std = (np.array(values, np.float32)[:, None, None] for values in (self.mean, self.std))
        tensor[0, :3, :height, :width] = (colours - mean) / std
        tensor[0, 3, :height, :width] = trimap.astype(np.float32) / np.float32(255)
        return tensor


def read_preprocessing(path: Path) -> Preprocessing:
    """What the preprocessor_config.json at `path` says; transformers' defaults where there is no such file.

    Raises:
        ModelUnusable: the file cannot be read, or has other than three numbers for image_mean and image_std.
    """
    settings: Any = {}
    if path.is_file():
        try:
            settings = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelUnusable(f"{path} cannot be read: {error}.", "Copy the folder again.") from error
        if not isinstance(settings, dict):
            raise ModelUnusable(f"{path} must hold a JSON object, but holds {shown(settings)}.")
    if settings.get("do_normalize", True) is False:
        return Preprocessing()
    mean = _channels(settings.get("image_mean", _DEFAULT_MEAN), path, "image_mean")
    std = _channels(settings.get("image_std", _DEFAULT_STD), path, "image_std")
    if min(std) <= 0:
        raise ModelUnusable(f"image_std in {path} must be above 0, but is {std}.", "Copy the folder again.")
    return Preprocessing(mean, std)


def _channels(values: Any, path: Path, key: str) -> tuple[float, float, float]:
    is_good = isinstance(values, list | tuple) and len(values) == 3
    if not is_good or not all(isinstance(each, Real) and math.isfinite(each) for each in values):
        raise ModelUnusable(f"{key} in {path} must be three numbers, but is {shown(values)}.", "Copy the folder again.")
    return float(values[0]), float(values[1]), float(values[2])
