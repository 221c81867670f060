"""Picture -> the input of the detector's network, resized and normalised as its publisher does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A network looks at its best positions, 900 of them; a picture longer than about 1:40 has fewer, and the network fails.
_LONGEST_RATIO = 24


@dataclass(frozen=True)
class ImageSpec:
    """How a network is shown a picture.

    Attributes:
        shortest: length of the shorter side, in pixels, unless the longer one would pass `longest`.
        longest: length that the longer side may have.
        mean, std: of each channel, for values in [0, 1].
        resample: one of Pillow's filters, by its number.
        round_before_scaling: with `longest` reached, whether the longer side follows from the shorter one after that
            was rounded (as the publisher does: 1333 may become 1320 or 1346) or before (as transformers does: at most
            1333).
    """

    shortest: int
    longest: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    resample: int
    round_before_scaling: bool


def scaled_size(width: int, height: int, spec: ImageSpec) -> tuple[int, int]:
    """(width, height) at which a picture is shown, to the pixel as `get_size_with_aspect_ratio` gives it.

    Source: groundingdino/datasets/transforms.py, and transformers' image_transforms.py of the same function's name.
    """
    shorter, longer = min(width, height), max(width, height)
    side: float = spec.shortest
    if longer / shorter * side > spec.longest:
        side = spec.longest * float(shorter) / float(longer)
    short = max(1, round(side))
    if spec.round_before_scaling:
        side = short
    # Multiplied before it is divided, as in the sources: the other order may end just below a whole number.
    long = longer if shorter == short else max(1, int(side * longer / shorter))
    return (short, long) if width < height else (long, short)


def image_tensor(image: NDArray[np.uint8], spec: ImageSpec) -> NDArray[np.float32]:
    """`image`, uint8 (H, W, 3) sRGB, as a network takes it: float32 (1, 3, h, w)."""
    from PIL import Image

    height, width = image.shape[:2]
    size = scaled_size(width, height, spec)
    shown = Image.fromarray(image).resize(size, Image.Resampling(spec.resample))
    # 256 possible values a channel: a look-up is as exact as the arithmetic, which upstream does in float32.
    values = np.arange(256, dtype=np.float32) / np.float32(255)
    table = (values[:, None] - np.array(spec.mean, np.float32)) / np.array(spec.std, np.float32)
    pixels = np.asarray(shown)
    tensor = np.empty((1, 3, *pixels.shape[:2]), np.float32)
    for channel in range(3):
        np.take(table[:, channel], pixels[:, :, channel], out=tensor[0, channel])
    return tensor


def without_extreme_ratio(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`image`, uint8 (H, W, 3); one that is longer than 1:24 is filled up to that with grey, to its right or below.

    Coordinates in pixels stay as they are; shares of the picture's sides do not.
    """
    height, width = image.shape[:2]
    wanted_height, wanted_width = max(height, -(-width // _LONGEST_RATIO)), max(width, -(-height // _LONGEST_RATIO))
    if (wanted_height, wanted_width) == (height, width):
        return image
    larger = np.full((wanted_height, wanted_width, 3), 128, np.uint8)
    larger[:height, :width] = image
    return larger
