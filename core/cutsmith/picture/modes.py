"""Pillow's modes -> arrays of colours and alpha, for pictures of up to 8 bits (and single 16-bit gray)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cutsmith.errors import PictureFormatUnsupported
from cutsmith.machine.cancelling import checking_calls
from cutsmith.picture.colour import cmyk_to_srgb, lab_to_srgb
from cutsmith.picture.samples import straight
from cutsmith.picture.sixteen_bit import raw_mode, with_raw_mode

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

Arrays = tuple[NDArray[Any], NDArray[Any] | None]
"""Colours, uint8 or uint16, (H, W) where gray, else (H, W, 3); alpha samples (H, W) or None."""


def arrays_of(image: ImageFile, data: bytes, warnings: list[str]) -> Arrays:
    """Decode `image` of any mode but the 16-bit ones into (colours, alpha); `data` is its file.

    `warnings` grows by what the user should know about the colours.

    Raises:
        PictureFormatUnsupported: 32-bit and floating point samples, for which there is no agreed white.
        Anything that Pillow raises on a damaged file.
    """
    premultiplied = _keep_premultiplied(image)
    with checking_calls():
        image.load()
    mode = image.mode
    if mode in ("F", "I"):
        raise PictureFormatUnsupported(
            f"The samples must have 8 or 16 bits, but are {'floating point' if mode == 'F' else '32-bit'} numbers.",
            "Export the picture as a 16-bit TIFF or PNG.",
        )
    if mode in ("P", "PA"):
        return _palette(image)
    if mode in ("1", "L"):
        gray = np.asarray(image.convert("L") if mode == "1" else image)
        return gray, _colour_key(gray, image, data)
    if mode in ("LA", "La"):
        both = np.asarray(image.convert("LA"))
        return both[..., 0], both[..., 1]
    if mode in ("RGBA", "RGBa"):
        samples = np.asarray(image)
        colours, alpha = np.ascontiguousarray(samples[..., :3]), samples[..., 3]
        return (straight(colours, alpha) if premultiplied or mode == "RGBa" else colours), alpha
    if mode == "CMYK":
        return cmyk_to_srgb(image, warnings), None
    if mode == "LAB":
        return lab_to_srgb(image), None
    colours = np.asarray(image if mode == "RGB" else image.convert("RGB"))  # YCbCr, HSV, RGBX
    return colours, _colour_key(colours, image, data)


def _keep_premultiplied(image: ImageFile) -> bool:
    """Whether the file's colours are multiplied by alpha. Tells Pillow to leave them so, because it does not round."""
    if image.mode != "RGBA" or not image.tile or not all(raw_mode(tile) == "RGBa" for tile in image.tile):
        return False
    image.tile = [with_raw_mode(tile, "RGBA") for tile in image.tile]
    return True


def _palette(image: Image) -> Arrays:
    has_alpha = image.mode == "PA" or "transparency" in image.info
    samples = np.asarray(image.convert("RGBA" if has_alpha else "RGB"))
    if not has_alpha:
        return samples, None
    return np.ascontiguousarray(samples[..., :3]), samples[..., 3]


def _colour_key(samples: NDArray[np.uint8], image: Image, data: bytes) -> NDArray[np.uint8] | None:
    """Alpha of a picture in which one colour is transparent.

    PNG's tRNS without a palette; a GIF's transparent entry, where Pillow reads its ramp of grays as gray.
    """
    key = image.info.get("transparency")
    if key is None or image.format not in ("PNG", "GIF"):
        return None
    # PNG's key counts in the file's own depth; gray of 2 and 4 bits has been spread over 0 to 255.
    spread = image.format == "PNG" and image.mode == "L" and data[24] in (1, 2, 4)
    depth = data[24] if spread else 8
    wanted = np.asarray(key) * (255 // (2**depth - 1))
    matches = samples == wanted
    transparent = matches.all(axis=-1) if samples.ndim == 3 else matches
    return np.where(transparent, np.uint8(0), np.uint8(255))
