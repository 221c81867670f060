"""All 16 bits of a PNG or TIFF, through Pillow.

Pillow decodes 16-bit colour and keeps 8 bits: which byte it keeps is the "raw mode" of its unpacker. So the picture is
decoded twice, once for the high bytes and once for the low ones. That needs no further library (OpenCV 5.0.0 returns
16-bit gray with alpha byte-swapped), and a truncated file is Pillow's error.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cutsmith.picture.samples import straight

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile, _Tile

Arrays = tuple[NDArray[Any], NDArray[Any] | None]
_NATIVE, _SWAPPED = ("L", "B") if sys.byteorder == "little" else ("B", "L")
_OTHER = {"B": "L", "L": "B"}


def is_16_bit(image: ImageFile, data: bytes) -> bool:
    """Whether `image` of the file `data`, opened and not yet loaded, holds RGB or gray of 16 bits a channel."""
    if image.format == "PNG":
        return data[24] == 16
    return image.mode.startswith("I;16") or (image.mode in ("RGB", "RGBA") and ";16" in _raw_mode_of(image))


def decode_16_bit(reopen: Callable[[], ImageFile], data: bytes) -> Arrays:
    """(colours uint16 (H, W) or (H, W, 3), alpha uint16 (H, W) or None) of a file for which `is_16_bit` holds.

    `reopen` opens the file `data` anew. Raises whatever Pillow raises on a damaged file.
    """
    image = reopen()
    if image.mode.startswith("I;16"):
        return _gray(image)
    if image.format == "PNG" and data[25] == 4:
        return _gray_with_alpha(image)
    found = _raw_mode_of(image)
    premultiplied = found.startswith("RGBa")
    channels = "RGBA" if premultiplied else found.split(";")[0]
    order = found[-1].replace("N", _NATIVE)
    samples = _bytes_kept(reopen, f"{channels};16{order}").astype(np.uint16)
    samples <<= np.uint16(8)
    samples |= _bytes_kept(reopen, f"{channels};16{_OTHER[order]}")
    colours = np.ascontiguousarray(samples[..., :3])
    if samples.shape[2] == 3:
        return colours, _colour_key(colours, image)
    alpha = samples[..., 3]
    return (straight(colours, alpha) if premultiplied else colours), alpha


def _raw_mode_of(image: ImageFile) -> str:
    return raw_mode(image.tile[0]) if image.tile else ""


def _bytes_kept(reopen: Callable[[], ImageFile], mode: str) -> NDArray[np.uint8]:
    """The picture decoded with the raw mode `mode`, which decides the byte of each sample that is kept."""
    image = reopen()
    image.tile = [with_raw_mode(tile, mode) for tile in image.tile]
    image.load()
    return np.asarray(image)


def _gray(image: ImageFile) -> Arrays:
    tags = getattr(image, "tag_v2", {})
    inverted, depth = tags.get(262) == 0, tags.get(258, (16,))[0]
    image.load()
    gray = np.asarray(image).astype(np.uint16)  # Pillow's byte order -> the machine's
    if depth == 12:
        gray = ((gray.astype(np.uint32) * 65535 + 2047) // 4095).astype(np.uint16)
    if inverted:  # PhotometricInterpretation "white is zero", which Pillow heeds up to 8 bits only
        gray = np.uint16(65535) - gray
    return gray, _colour_key(gray, image)


def _gray_with_alpha(image: ImageFile) -> Arrays:
    """PNG's colour type 4: Pillow has no 16-bit raw mode for it, but its four bytes a pixel pass as RGBA."""
    image.tile = [with_raw_mode(tile, "RGBA") for tile in image.tile]
    image.load()
    samples = np.asarray(image).view(">u2").astype(np.uint16)
    return samples[..., 0], samples[..., 1]


def _colour_key(samples: NDArray[np.uint16], image: ImageFile) -> NDArray[np.uint16] | None:
    """Alpha of a PNG in which one 16-bit colour is transparent."""
    key = image.info.get("transparency")
    if key is None or image.format != "PNG":
        return None
    matches = samples == np.asarray(key)
    transparent = matches.all(axis=-1) if samples.ndim == 3 else matches
    return np.where(transparent, np.uint16(0), np.uint16(65535))


def raw_mode(tile: _Tile) -> str:
    """The raw mode of `tile`, such as "RGB;16B"; "" where it has none."""
    found = tile.args[0] if isinstance(tile.args, tuple) and tile.args else tile.args
    return found if isinstance(found, str) else ""


def with_raw_mode(tile: _Tile, mode: str) -> _Tile:
    """`tile`, to be unpacked as the raw mode `mode`."""
    return tile._replace(args=(mode, *tile.args[1:]) if isinstance(tile.args, tuple) else mode)
