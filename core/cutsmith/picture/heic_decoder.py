"""HEIC through pi-heif, the extra `[heic]`."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutsmith.cures import install_extra
from cutsmith.errors import FormatExtraMissing
from cutsmith.picture.declared_colour import profile_of_code_points
from cutsmith.picture.decoded import Decoded, damage_named
from cutsmith.picture.limits import check_size
from cutsmith.picture.metadata import dpi_of_exif_block, metadata_of
from cutsmith.picture.samples import straight


def decode_heic(data: bytes, name: str, max_pixels: int) -> Decoded:
    """Decode the primary picture of the HEIC file `data`: 8 bits, or 16 where the file has 10 or 12.

    The decoder turns the picture upright itself (the container's irot and imir). EXIF orientation is not applied again:
    the format's specification says to ignore it (ISO/IEC 23008-12).

    Raises:
        FormatExtraMissing: pi-heif is not installed. PictureTooSmall, PictureTooLarge, PictureDamaged.
    """
    try:
        import pi_heif
    except ImportError as error:
        raise FormatExtraMissing(
            f"{name} is a HEIC picture, and the part of Cutsmith that reads HEIC is not installed.",
            install_extra("heic"),
        ) from error
    with damage_named(name):
        _check_item_names(data)
        # The decoder's own way to 16 bits shifts, which makes 10-bit white 65472. So ask for the bare values.
        file = pi_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False, hdr_to_16bit=False)
        picture = file[file.primary_index]
        check_size(picture.size[0], picture.size[1], name, max_pixels)
        # A copy, since the decoder frees its memory with `file`, and without the padding that its rows may have.
        samples = np.array(picture)[:, : picture.size[0]]
        samples = _spread_over_16_bits(samples, picture.info.get("bit_depth", 8))
        warnings = [f"only the first of {len(file)} pictures is used"] if len(file) > 1 else []
        icc = picture.info.get("icc_profile") or _declared_profile(picture.info.get("nclx_profile"), warnings)
        metadata = metadata_of(picture)
        dpi = dpi_of_exif_block(None if metadata is None else metadata.exif)
        if samples.ndim == 2:
            return Decoded(samples, None, icc, dpi, warnings=warnings, metadata=metadata)
        gray = samples.shape[2] < 3
        colours = np.ascontiguousarray(samples[..., :1] if gray else samples[..., :3])
        alpha = samples[..., -1] if samples.shape[2] in (2, 4) else None
        if alpha is not None and picture.premultiplied_alpha:
            colours = straight(colours, alpha)
        return Decoded(colours[..., 0] if gray else colours, alpha, icc, dpi, warnings=warnings, metadata=metadata)


def _declared_profile(numbers: dict[str, Any] | None, warnings: list[str]) -> bytes | None:
    """The profile for the colour space that the container names by `numbers` (its box `colr` of the type nclx)."""
    if numbers is None:
        return None
    return profile_of_code_points(numbers["color_primaries"], numbers["transfer_characteristics"], warnings)


def _spread_over_16_bits(samples: NDArray[Any], depth: int) -> NDArray[Any]:
    """uint16 samples of `depth` bits so that their white is 65535; 8-bit samples as they are."""
    if samples.dtype == np.uint8:
        return samples
    white = 2**depth - 1
    spread: NDArray[Any] = ((samples.astype(np.uint32) * 65535 + white // 2) // white).astype(np.uint16)
    return spread


def _check_item_names(data: bytes) -> None:
    """Refuse item names that are not UTF-8: on them pi-heif 1.4 ends the whole process (a segmentation fault).

    Raises:
        UnicodeDecodeError: a name is not UTF-8.
    """
    start, end = _meta_box(data)
    at = data.find(b"infe", start, end)
    while at >= 0:
        size, version = int.from_bytes(data[at - 4 : at], "big"), data[at + 4 : at + 5]
        # Version and flags, then the item's number (4 bytes since version 3) and its protection.
        names_from = at + 8 + (6 if version >= b"\3" else 4)
        data[names_from : min(at - 4 + size, end)].decode("utf-8")
        at = data.find(b"infe", at + 4, end)


def _meta_box(data: bytes) -> tuple[int, int]:
    """Start and end of the box `meta`, the file's directory; the whole file where the boxes are not in order."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"meta":
            return at, min(at + max(size, 8), len(data))
        if size < 8:
            break
        at += size
    return 0, len(data)
