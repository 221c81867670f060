"""Arrays that are handed in: images, masks and other planes are checked once, where they come in."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cutsmith.errors import BadArray, must_be

Pixel = TypeVar("Pixel", np.uint8, np.uint16)

# Soft masks come out of float arithmetic, or of resizing: a value just outside [0, 1] is rounding, not a mistake.
_ROUNDING = 1e-3
_MASK = "bool, uint8, or float in [0, 1]"


def checked_image(image: NDArray[Pixel]) -> NDArray[Pixel]:
    """`image` as it is, if it is `uint8` or `uint16` of shape (H, W, 3) with at least one pixel.

    Raises:
        BadArray: anything else.
    """
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise _refused(
            "image",
            "of shape (H, W, 3)",
            f"shape {image.shape}",
            "Repeat a gray image three times: np.repeat(gray[..., None], 3, axis=2). Of RGBA pass the first three "
            "channels.",
        )
    if image.dtype not in (np.dtype(np.uint8), np.dtype(np.uint16)):
        raise _refused(
            "image",
            "of dtype uint8 or uint16",
            str(image.dtype),
            "Convert floats in [0, 1]: (image * 255 + 0.5).astype(np.uint8).",
        )
    return image


def checked_plane(plane: NDArray[Any], name: str, shape: tuple[int, int] | None = None) -> NDArray[Any]:
    """`plane` as it is, if it is (H, W) with at least one pixel and, where `shape` is given, of that shape.

    Args:
        plane: of any dtype.
        name: what the error calls it, such as "mask", which is also the option that the error is about.
        shape: the (H, W) that it must have; None for any.

    Raises:
        BadArray: anything else.
    """
    plane = np.asarray(plane)
    if shape is not None and plane.shape != shape:
        raise _refused(
            name,
            f"of shape {shape}, the (height, width) of the upright picture",
            f"shape {plane.shape}",
            "Resize it to the picture's size (a trimap with nearest-neighbour interpolation).",
        )
    if plane.ndim != 2 or plane.size == 0:
        raise _refused(
            name,
            "of shape (H, W) with at least one pixel",
            f"shape {plane.shape}",
            "Of an array of shape (H, W, N) pass one channel.",
        )
    return plane


def checked_mask(mask: NDArray[Any], shape: tuple[int, int] | None = None, name: str = "mask") -> NDArray[np.float32]:
    """`mask` as float32 (H, W) in [0, 1]; the array itself where it is that already.

    Args:
        mask: (H, W) of bool, uint8 (0-255) or any float in [0, 1]; values up to 0.001 outside are clipped.
        shape: the (H, W) that it must have; None for any.
        name: what the error calls it, such as "soft mask", which is also the option that the error is about.

    Raises:
        BadArray: another shape or dtype, no pixels, or values that are not finite or outside [0, 1].
    """
    mask = checked_plane(mask, name, shape)
    if mask.dtype == np.uint8:
        return mask.astype(np.float32) / np.float32(255)
    if mask.dtype == np.bool_:
        return mask.astype(np.float32)
    if mask.dtype.kind != "f":
        raise _refused(
            name, _MASK, str(mask.dtype), "Convert it: mask.astype(bool), or divide it by the value that means subject."
        )
    lowest, highest = float(mask.min()), float(mask.max())
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise _refused(
            name,
            _MASK,
            f"{int(np.count_nonzero(~np.isfinite(mask)))} values that are NaN or infinite",
            "Find out where they come from; np.nan_to_num(mask) makes NaN 0.",
        )
    if lowest < -_ROUNDING or highest > 1 + _ROUNDING:
        raise _refused(
            name,
            _MASK,
            f"values from {lowest:g} to {highest:g}",
            "Divide it by its maximum, such as 255. Logits go through a sigmoid first.",
        )
    mask = mask.astype(np.float32, copy=False)
    return np.clip(mask, 0, 1) if lowest < 0 or highest > 1 else mask


def _refused(name: str, wanted: str, found: str, advice: str) -> BadArray:
    what = must_be(f"The {name}", wanted, found)
    return BadArray(what, advice, option=name.replace(" ", "_"), found=found, wanted=wanted)
