"""Numbers of a picture: depths, and straight against premultiplied alpha."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutsmith.errors import BadArray, PictureFormatUnsupported

_ROWS_AT_ONCE = 256
# Scenes in linear light have lamps and reflexes above white; 255 means another scale.
_BRIGHTEST_FLOAT = 64.0
# Whole numbers of 32 bits that stay below are counts or measurements, which would be a black picture.
_DARKEST_WHITE = 2**24
# Modes of PIL images whose samples may be any number.
_WITHOUT_RANGE = ("I", "F")


def checked_samples(samples: object) -> tuple[NDArray[Any], bytes | None]:
    """(uint8 or uint16 of shape (H, W) or (H, W, 1 to 4), colour profile or None) of an array or a PIL image.

    Raises:
        BadArray: anything else.
    """
    icc = None
    if hasattr(samples, "getbands"):
        icc = samples.info.get("icc_profile")  # type: ignore[attr-defined]
        samples = _of_pillow(samples)
    try:
        array = np.asarray(samples)
    except (ValueError, TypeError, RuntimeError) as error:  # rows of several lengths; a tensor on a GPU
        raise BadArray(f"The picture is no array: {error}", option="source") from error
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if (
        array.dtype not in (np.uint8, np.uint16)
        or array.ndim not in (2, 3)
        or (array.ndim == 3 and not 1 <= array.shape[2] <= 4)
    ):
        raise BadArray(
            f"The picture must be an array of uint8 or uint16 and shape (H, W), (H, W, 3) or (H, W, 4), but got "
            f"{array.dtype} {array.shape}.",
            "Floats in [0, 1] become uint8 by (samples * 255 + 0.5).astype(np.uint8).",
            option="source",
            found=f"{array.dtype} {array.shape}",
            wanted="uint8 or uint16, (H, W), (H, W, 3) or (H, W, 4)",
        )
    return array, icc


def _of_pillow(image: Any) -> Any:
    """A PIL image in a mode whose samples say what they show: gray or RGB, with alpha or without."""
    if image.mode in ("LA", "RGBA") or image.mode.startswith("I;16"):
        return image
    if image.mode in ("L", "RGB") and not image.has_transparency_data:
        return image
    if image.mode in _WITHOUT_RANGE:
        raise BadArray(
            f"The picture is a PIL image of the mode {image.mode}, which does not say what is black and what is white.",
            'image.convert("RGB") makes one whose samples are clipped to 0-255.',
            option="source",
        )
    try:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    except ValueError as error:
        raise BadArray(f"The picture is a PIL image of the mode {image.mode}: {error}.", option="source") from error


def whole_numbers(samples: NDArray[Any], name: str, warnings: list[str]) -> NDArray[Any]:
    """`samples` of any shape as uint8 or uint16; floats in [0, 1] and uint32 become uint16.

    `warnings` grows where floats are clipped at white, or are no numbers. `name` is for messages.

    Raises:
        PictureFormatUnsupported: floats that do not have 1 for white, 32-bit numbers that stay far below white.
    """
    if samples.dtype in (np.uint8, np.uint16):
        return samples
    if samples.dtype == np.uint32:
        brightest = int(samples.max(initial=0))
        if 0 < brightest < _DARKEST_WHITE:
            raise PictureFormatUnsupported(
                f"{name} must have 4,294,967,295 for white in its 32-bit samples, but they reach {brightest:,} only.",
                "Export the picture with 16 bits.",
                found=f"values up to {brightest:,}",
                wanted="32-bit samples in which 4,294,967,295 is white",
            )
        return (samples >> np.uint32(16)).astype(np.uint16)
    if not np.isfinite(samples).all():
        warnings.append("values that are not finite are taken as black (NaN) or white (infinite)")
        samples = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=0.0)
    highest = float(samples.max(initial=0))
    if highest > _BRIGHTEST_FLOAT:
        raise PictureFormatUnsupported(
            f"{name} must have 1 for white in its floating point samples, but they reach {highest:g}.",
            "Divide them by the value that means white, or export the picture with 16 bits.",
            found=f"values up to {highest:g}",
            wanted="floating point samples in which 1 is white",
        )
    if highest > 1:
        share = float(np.mean(samples > 1))
        warnings.append(f"{share:.1%} of the samples are brighter than white and are clipped")
    scaled: NDArray[np.uint16] = (
        np.clip(samples, 0, 1).astype(np.float32) * np.float32(65535) + np.float32(0.5)
    ).astype(np.uint16)
    return scaled


def split_alpha(samples: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """(colours (H, W) or (H, W, 3), alpha (H, W) or None) of `samples`, (H, W) or (H, W, 1 to 4)."""
    if samples.ndim == 2:
        return samples, None
    channels = samples.shape[2]
    colours = samples[..., 0] if channels < 3 else samples[..., :3]
    return colours, samples[..., -1] if channels in (2, 4) else None


def to_8_bit(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """uint8 of `samples`, uint8 or uint16: 16 bits are divided by 257 and rounded, so that 65535 is 255."""
    if samples.dtype == np.uint8:
        return samples
    # A table look-up: half the time of widening to 32 bits and dividing.
    table = ((np.arange(65536, dtype=np.uint32) + 128) // 257).astype(np.uint8)
    reduced: NDArray[np.uint8] = table[samples]
    return reduced


def to_depth(samples: NDArray[np.uint8], dtype: np.dtype[Any]) -> NDArray[Any]:
    """8-bit `samples` in the depth of `dtype`, uint8 or uint16: 255 becomes 65535."""
    return samples if dtype == np.uint8 else samples.astype(np.uint16) * np.uint16(257)


def alpha_from_samples(samples: NDArray[Any]) -> NDArray[np.float32] | None:
    """Alpha in [0, 1] of uint8 or uint16 `samples`, (H, W); None where every pixel is opaque."""
    full = np.iinfo(samples.dtype).max
    if samples.min(initial=full) == full:
        return None
    return samples.astype(np.float32) / np.float32(full)


def samples_from_alpha(alpha: NDArray[np.float32], dtype: np.dtype[Any]) -> NDArray[Any]:
    """`alpha`, float (H, W) in [0, 1], as whole numbers of `dtype`, uint8 or uint16, rounded half up: 0.5 is 128."""
    full = np.iinfo(dtype).max
    # uint16 needs the 53 bits of float64 no more than float32's 24 do: 65535 * alpha is exact enough to round.
    scaled = np.nan_to_num(alpha, nan=0.0).astype(np.float32) * np.float32(full) + np.float32(0.5)
    rounded: NDArray[Any] = np.clip(scaled, 0, full).astype(dtype)
    return rounded


def straight(premultiplied: NDArray[Any], alpha_samples: NDArray[Any]) -> NDArray[Any]:
    """Colours (H, W, N) that were stored multiplied by alpha (H, W), divided by it again; black where alpha is 0."""
    full = int(np.iinfo(premultiplied.dtype).max)
    colours = np.empty_like(premultiplied)
    for start in range(0, len(colours), _ROWS_AT_ONCE):  # the 32-bit numbers on the way would take most of the memory
        rows = slice(start, start + _ROWS_AT_ONCE)
        divisor = np.maximum(alpha_samples[rows], 1).astype(np.uint32)[..., None]
        quotient = (premultiplied[rows].astype(np.uint32) * np.uint32(full) + divisor // 2) // divisor
        colours[rows] = np.minimum(quotient, full)
    return colours


def laid_on(colours: NDArray[np.uint8], alpha: NDArray[np.float32], gray: int) -> NDArray[np.uint8]:
    """`colours`, uint8 (H, W, 3), laid on plain `gray` (0-255) with straight `alpha`, float32 (H, W) in [0, 1]."""
    laid = np.empty_like(colours)
    for start in range(0, len(colours), _ROWS_AT_ONCE):  # a photograph as float32 would take 12 bytes a pixel
        rows = slice(start, start + _ROWS_AT_ONCE)
        opacity = alpha[rows, :, None]
        mixed = colours[rows] * opacity + np.float32(gray + 0.5) - np.float32(gray) * opacity
        laid[rows] = mixed.astype(np.uint8)
    return laid
