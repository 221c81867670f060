"""What the matting room accepts: images and masks are checked once, where they come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from cutsmith.errors import BadArray

if TYPE_CHECKING:
    from numpy.typing import NDArray

Pixel = TypeVar("Pixel", np.uint8, np.uint16)

# Soft masks come out of float32 arithmetic: a sum that is a hair over 1 is rounding, not a mistake.
_ROUNDING = 1e-5


def checked_image(image: NDArray[Pixel]) -> NDArray[Pixel]:
    """`image` as it is, if it is `uint8` or `uint16` of shape (H, W, 3) with at least one pixel.

    Raises:
        BadArray: anything else.
    """
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise BadArray(
            f"An image of shape (H, W, 3) is wanted, found shape {image.shape}.",
            "Gray: np.repeat(gray[..., None], 3, axis=2). RGBA: pass the first three channels.",
        )
    if image.dtype not in (np.dtype(np.uint8), np.dtype(np.uint16)):
        raise BadArray(
            f"An image of dtype uint8 or uint16 is wanted, found {image.dtype}.",
            "From floats in [0, 1]: (image * 255 + 0.5).astype(np.uint8)",
        )
    return image


def checked_plane(plane: NDArray[Any], name: str, shape: tuple[int, int] | None) -> NDArray[Any]:
    """`plane` as it is, if it is (H, W) with at least one pixel and, where `shape` is given, of that shape.

    Raises:
        BadArray: anything else; `name` is what it is called in the message.
    """
    plane = np.asarray(plane)
    if plane.ndim != 2 or plane.size == 0:
        raise BadArray(
            f"A {name} of shape (H, W) is wanted, found shape {plane.shape}.",
            f"One channel, at least one pixel: of (H, W, N) pass one, {name.replace(' ', '_')}[..., 0].",
        )
    if shape is not None and plane.shape != shape:
        raise BadArray(
            f"The {name} has shape {plane.shape} and the image {shape}: they must be equal.",
            f"Resize the {name} to the image's size (a trimap with nearest-neighbour interpolation).",
        )
    return plane


def checked_mask(mask: NDArray[Any], name: str, shape: tuple[int, int] | None = None) -> NDArray[np.float32]:
    """`mask` as `float32 (H, W)` in [0, 1], clipped by no more than rounding errors.

    `name` is what the mask is called in the message ("soft mask", "alpha"); `shape`, where given, is the (H, W)
    that it must have.

    Raises:
        BadArray: not two-dimensional, empty, not of `shape`, not of a floating dtype, with NaN or infinite values,
            or with values outside [0, 1].
    """
    mask = checked_plane(mask, name, shape)
    if not np.issubdtype(mask.dtype, np.floating):
        raise BadArray(
            f"A {name} of a floating dtype in [0, 1] is wanted, found {mask.dtype}.",
            "From 0..255: mask.astype(np.float32) / 255. From bool: mask.astype(np.float32)",
        )
    lowest, highest = float(mask.min()), float(mask.max())
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        broken = int(np.count_nonzero(~np.isfinite(mask)))
        raise BadArray(
            f"The {name} has {broken} values that are not finite (NaN or infinite).",
            "Find out where they come from; np.nan_to_num(mask) makes them 0.",
        )
    if lowest < -_ROUNDING or highest > 1 + _ROUNDING:
        raise BadArray(
            f"A {name} in [0, 1] is wanted, found values from {lowest:g} to {highest:g}.",
            "From 0..255: mask / 255. Logits go through a sigmoid first.",
        )
    mask = mask.astype(np.float32, copy=False)
    if lowest < 0 or highest > 1:
        mask = np.clip(mask, 0, 1)
    return mask
