"""TIFFs that Pillow does not decode: 16-bit gray with alpha, planes of 16 bits, through tifffile."""

from __future__ import annotations

import io
import logging
from typing import Any

import numpy as np

from cutsmith.errors import PictureDamaged, PictureFormatUnsupported
from cutsmith.picture.decoded import Decoded, plausible_dpi
from cutsmith.picture.limits import check_size
from cutsmith.picture.samples import straight

_DNG_VERSION, _IMAGE_LENGTH, _ORIENTATION, _ICC_PROFILE = 50706, 257, 274, 34675
# tifffile reports each damaged tag to its logger, which prints where logging is not configured. Our error is enough.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

_REMEDY = "Save it as 16-bit RGB, uncompressed or with ZIP compression, or as PNG."


def refuse_raw(image: Any, name: str) -> None:
    """Refuse a camera's raw file inside a TIFF (DNG), of which only a thumbnail would be read.

    Raises:
        PictureFormatUnsupported: it is one.
    """
    if _DNG_VERSION in image.tag_v2:
        raise PictureFormatUnsupported(
            f"{name} must be a developed picture, but is a camera's raw file (DNG).",
            "Develop it first: export a 16-bit TIFF or a JPEG from your raw converter.",
        )


def refuse_missing_rows(image: Any, name: str) -> None:
    """Refuse a TIFF whose strips or tiles do not reach its last row, which Pillow would fill with black.

    Raises:
        PictureDamaged: rows are missing.
    """
    stored = max((tile.extents[3] for tile in image.tile), default=0)
    wanted = image.tag_v2.get(_IMAGE_LENGTH)
    if stored < wanted:
        raise PictureDamaged(
            f"{name} begins as a TIFF, but cannot be decoded: it has {stored} of {wanted} rows.",
            "It is truncated or corrupt. Copy or download it again.",
        )


def decode_tiff(data: bytes, name: str, max_pixels: int, pillow_said: str) -> Decoded:
    """Decode the first page of the TIFF file `data`; `pillow_said` is why Pillow does not.

    Raises:
        PictureTooSmall, PictureTooLarge, PictureFormatUnsupported, PictureDamaged; and whatever tifffile raises.
    """
    import tifffile

    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = file.pages[0]
            check_size(page.imagewidth, page.imagelength, name, max_pixels)
            kind = f"{page.samplesperpixel} channels of {page.bitspersample} bits, {pillow_said}"
            if page.dtype not in (np.uint8, np.uint16) or page.photometric not in (0, 1, 2) or page.imagedepth != 1:
                raise PictureFormatUnsupported(f"{name} is a TIFF of an unsupported kind: {kind}.", _REMEDY)
            try:
                samples = page.asarray()
            except ValueError as error:
                if "imagecodecs" not in str(error):
                    raise
                raise PictureFormatUnsupported(
                    f"{name} is a TIFF whose compression is not supported for this kind of pixel: {kind}.", _REMEDY
                ) from error
            return _decoded(page, samples, len(file.pages), name, kind)
    except tifffile.TiffFileError as error:
        raise PictureDamaged(
            f"{name} begins as a TIFF, but cannot be decoded: {error}.",
            "It is truncated or corrupt. Copy or download it again.",
        ) from error


def _decoded(page: Any, samples: Any, pages: int, name: str, kind: str) -> Decoded:
    if page.planarconfig == 2 and samples.ndim == 3:
        samples = np.moveaxis(samples, 0, -1)
    if samples.ndim == 2:
        samples = samples[..., None]
    colour_channels = 3 if page.photometric == 2 else 1
    if samples.ndim != 3 or samples.shape[2] < colour_channels:
        raise PictureFormatUnsupported(f"{name} is a TIFF of an unsupported kind: {kind}.", _REMEDY)
    colours = np.ascontiguousarray(samples[..., :colour_channels])
    if page.photometric == 0:  # white is zero
        colours = np.iinfo(colours.dtype).max - colours
    alpha = None
    extra = tuple(int(value) for value in page.extrasamples)
    if samples.shape[2] > colour_channels and extra[:1] in ((1,), (2,)):
        alpha = np.ascontiguousarray(samples[..., colour_channels])
        colours = straight(colours, alpha) if extra[0] == 1 else colours
    tags = page.tags
    return Decoded(
        colours[..., 0] if colour_channels == 1 else colours,
        alpha,
        tags[_ICC_PROFILE].value if _ICC_PROFILE in tags else None,
        plausible_dpi(page.get_resolution("inch")) if int(page.resolutionunit) in (2, 3) else None,
        int(tags[_ORIENTATION].value) if _ORIENTATION in tags else 1,
        [f"only the first of {pages} pages is used"] if pages > 1 else [],
    )
