"""JPEG XL through pylibjxl, the extra `[jxl]`."""

from __future__ import annotations

import numpy as np

from cutsmith.cures import install_extra
from cutsmith.errors import FormatExtraMissing
from cutsmith.picture.decoded import Decoded, damage_named
from cutsmith.picture.limits import check_size


def decode_jpeg_xl(data: bytes, name: str, max_pixels: int) -> Decoded:
    """Decode the first frame of the JPEG XL file `data`, to 8 bits; `name` is for messages.

    The decoder turns the picture upright itself, and gives straight alpha.

    Raises:
        FormatExtraMissing: pylibjxl is not installed. PictureTooSmall, PictureTooLarge, PictureDamaged.
    """
    try:
        import pylibjxl
    except ImportError as error:
        raise FormatExtraMissing(
            f"{name} is a JPEG XL picture, and the part of Cutsmith that reads JPEG XL is not installed.",
            install_extra("jxl"),
        ) from error
    with damage_named(name):
        header = pylibjxl.probe(data)
        check_size(header["width"], header["height"], name, max_pixels)
        samples, boxes = pylibjxl.decode(data, metadata=True)
        if samples.ndim == 2:
            samples = samples[..., None]
        channels = samples.shape[2]
        warnings = []
        if header["have_animation"]:
            warnings.append("only the first of several frames is used")
        if header["bits_per_sample"] > 8:
            warnings.append(f"8 of the {header['bits_per_sample']} bits of each sample are read")
        colours = samples[..., 0] if channels < 3 else samples[..., :3]
        alpha = np.ascontiguousarray(samples[..., -1]) if channels in (2, 4) else None
        return Decoded(np.ascontiguousarray(colours), alpha, boxes.get("icc"), warnings=warnings)
