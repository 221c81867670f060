"""Arrays that are handed in: images, masks and other planes are checked once, where they come in."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cutsmith.errors import BadArray, must_be, shown

Pixel = TypeVar("Pixel", np.uint8, np.uint16)

# Soft masks come out of float arithmetic, or of resizing: a value just outside [0, 1] is no mistake.
# Resizing by Lanczos or a cubic overshoots by up to a tenth.
_OVERSHOOT = 0.1
_MASK = "bool, uint8, uint16, or float in [0, 1]"


def checked_image(image: NDArray[Pixel]) -> NDArray[Pixel]:
    """`image` as it is, if it is `uint8` or `uint16` of shape (H, W, 3) with at least one pixel.

    Raises:
        BadArray: anything else.
    """
    image = _as_array(image, "image")
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
        plane: of any dtype; also a PIL image of one channel, nested lists, or (H, W, 1).
        name: what the error calls it, such as "mask", which is also the option that the error is about.
        shape: the (H, W) that it must have; None for any.

    Raises:
        BadArray: anything else.
    """
    plane = _as_array(plane, name)
    if plane.ndim == 3 and plane.shape[2] == 1:
        plane = plane[..., 0]
    if plane.ndim == 3 and plane.shape[0] == 1 and plane.shape[1:] == (shape or plane.shape[1:]):
        raise _refused(name, "of shape (H, W)", f"shape {plane.shape}", "Pass its only plane: mask[0].")
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


def checked_mask(given: Any, shape: tuple[int, int] | None = None, name: str = "mask") -> NDArray[np.float32]:
    """The mask `given` as float32 (H, W) in [0, 1]; the array itself where it is that already.

    Args:
        given: (H, W) of bool, uint8 (0-255), uint16 (0-65535), whole numbers of 0 and 1, or any float in [0, 1];
            floats up to 0.1 outside, as resizing makes them, are clipped. Nested lists and PIL images of one channel
            are taken.
        shape: the (H, W) that it must have; None for any.
        name: what the error calls it, such as "soft mask", which is also the option that the error is about.

    Raises:
        BadArray: another shape or dtype, no pixels, values that are not finite or outside [0, 1], or 8 bits in uint16.
    """
    mask: NDArray[Any] = checked_plane(given, name, shape)
    if mask.dtype == np.bool_:
        return mask.astype(np.float32)
    if mask.dtype.kind in "iu":
        return _of_whole_numbers(mask, name)
    lowest, highest = float(mask.min()), float(mask.max())
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise _refused(
            name,
            _MASK,
            f"{int(np.count_nonzero(~np.isfinite(mask)))} values that are NaN or infinite",
            "Find out where they come from; np.nan_to_num(mask) makes NaN 0.",
        )
    if lowest < -_OVERSHOOT or highest > 1 + _OVERSHOOT:
        raise _refused(
            name,
            _MASK,
            f"values from {lowest:g} to {highest:g}",
            "Divide it by its maximum, such as 255. Logits go through a sigmoid first.",
        )
    mask = mask.astype(np.float32, copy=False)
    return np.clip(mask, 0, 1) if lowest < 0 or highest > 1 else mask


def _of_whole_numbers(mask: NDArray[Any], name: str) -> NDArray[np.float32]:
    """Whole numbers as float32 in [0, 1]: 0 and 1 as they are, uint8 and uint16 by their full range.

    A mask with no value above 1 is one of 0 and 1, as many programs write masks. As levels of gray it would be all but
    transparent, which nobody means.
    """
    lowest, highest = int(mask.min()), int(mask.max())
    if lowest >= 0 and highest <= 1:
        return mask.astype(np.float32)
    if mask.dtype not in (np.uint8, np.uint16):
        raise _refused(
            name, _MASK, str(mask.dtype), "Convert it: mask.astype(bool), or divide it by the value that means subject."
        )
    full = int(np.iinfo(mask.dtype).max)
    if full > 255 and highest <= 255:
        raise _refused(
            name,
            "uint16 from 0 to 65535",
            f"uint16 with no value above {highest}",
            "If it has 8 bits, convert it: mask.astype(np.uint8).",
        )
    return mask.astype(np.float32) / np.float32(full)


def _as_array(samples: Any, name: str) -> NDArray[Any]:
    """`samples` as an array of numbers.

    Raises:
        BadArray: it is a path, a PIL image of several channels, or no array of numbers at all.
    """
    if hasattr(samples, "getbands") and samples.mode not in ("1", "L", "I;16", "F"):
        raise _refused(
            name,
            "a PIL image of one channel",
            f"one of the mode {samples.mode}",
            'image.convert("L") makes one of grays, and image.getchannel("A") takes the transparency.',
        )
    try:
        array = np.asarray(samples)
    except (ValueError, TypeError, RuntimeError) as error:  # rows of several lengths; a tensor on a GPU
        raise _refused(name, "an array of numbers", str(error).split(". ")[0], "") from error
    if array.dtype.kind not in "biuf":
        is_array = isinstance(samples, np.ndarray)
        raise _refused(name, "an array of numbers", str(array.dtype) if is_array else shown(samples), "")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _refused(name: str, wanted: str, found: str, advice: str) -> BadArray:
    what = must_be(f"The {name}", wanted, found)
    return BadArray(what, advice, option=name.replace(" ", "_"), found=found, wanted=wanted)
