"""TIFFs that Pillow does not decode, through tifffile: gray of 16 bits with alpha, floating point, CMYK with alpha."""

from __future__ import annotations

import io
import logging
import math
from typing import Any

import numpy as np

from cutsmith.errors import PictureDamaged, PictureFormatUnsupported
from cutsmith.picture.colour import cmyk_samples_to_srgb
from cutsmith.picture.decoded import Decoded
from cutsmith.picture.limits import check_size
from cutsmith.picture.metadata import plausible_dpi
from cutsmith.picture.samples import straight, whole_numbers
from cutsmith.picture.tiff_pages import MainPage
from cutsmith.picture.tiff_unpacking import unpacked

_IMAGE_LENGTH, _ORIENTATION, _ICC_PROFILE = 257, 274, 34675
# tifffile reports each damaged tag to its logger, which prints where logging is not configured. Our error is enough.
logging.getLogger("tifffile").addHandler(logging.NullHandler())

_DTYPES = tuple(map(np.dtype, (np.uint8, np.uint16, np.uint32, np.float16, np.float32, np.float64)))
# A damaged number of channels would take any amount of memory.
_MOST_CHANNELS = 32
_REMEDY = "Save it as 16-bit RGB, uncompressed or with ZIP compression, or as PNG."


def refuse_raw(page: MainPage, name: str) -> None:
    """Refuse a camera's raw file inside a TIFF (DNG, NEF, ARW and others), of which only a thumbnail would be read.

    Raises:
        PictureFormatUnsupported: it is one.
    """
    if page.is_raw:
        raise PictureFormatUnsupported(
            f"{name} must be a developed picture, but is a camera's raw file.",
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


def needs_tifffile(image: Any) -> str:
    """Why the page of the opened TIFF `image` is not for Pillow, which reads it wrongly or only in part; or ""."""
    tags = image.tag_v2
    bits, formats = _numbers(tags.get(258, (1,))), _numbers(tags.get(339, (1,)))
    if any(each in (2, 3) for each in formats) or max(bits) >= 32:
        return "samples that are not whole numbers of 8 or 16 bits"
    if tags.get(262) == 5 and tags.get(277, 4) > 4:
        return "more channels than CMYK has"
    if tags.get(284) == 2 and max(bits) > 8:
        return "planes of more than 8 bits"
    return ""


def _numbers(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple) else (int(value),)


def decode_tiff(data: bytes, name: str, max_pixels: int, pillow_said: str) -> Decoded:
    """Decode the first page of the TIFF file `data`; `pillow_said` is why Pillow does not.

    Raises:
        PictureTooSmall, PictureTooLarge, PictureFormatUnsupported, PictureDamaged; and whatever tifffile raises.
    """
    import tifffile

    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page: Any = file.pages[0]
            check_size(page.imagewidth, page.imagelength, name, max_pixels)
            kind = f"{page.samplesperpixel} channels of {page.bitspersample} bits, {pillow_said}"
            if page.dtype is not None and page.dtype.kind == "i":
                raise PictureFormatUnsupported(
                    f"{name} is a TIFF with signed samples ({page.dtype}), which do not say what is white.", _REMEDY
                )
            if page.dtype not in _DTYPES or not _is_flat(page):
                raise PictureFormatUnsupported(f"{name} is a TIFF of an unsupported kind: {kind}.", _REMEDY)
            return _decoded(page, _samples(data, page, name, kind), name, kind)
    except tifffile.TiffFileError as error:
        raise PictureDamaged(
            f"{name} begins as a TIFF, but cannot be decoded: {error}.",
            "It is truncated or corrupt. Copy or download it again.",
        ) from error


def _is_flat(page: Any) -> bool:
    """Whether the page is a plane of gray, RGB or CMYK with a few further channels at most."""
    return page.photometric in (0, 1, 2, 5) and page.imagedepth == 1 and page.samplesperpixel <= _MOST_CHANNELS


def _samples(data: bytes, page: Any, name: str, kind: str) -> Any:
    if len(page.dataoffsets) < math.prod(page.chunked):  # tifffile would fill them with black
        raise PictureDamaged(
            f"{name} begins as a TIFF, but cannot be decoded: parts of its pixels are missing.",
            "It is truncated or corrupt. Copy or download it again.",
        )
    try:
        return page.asarray()
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        samples = unpacked(data, page)
        if samples is None:
            raise PictureFormatUnsupported(
                f"{name} is a TIFF whose compression is not supported for this kind of pixel: {kind}.", _REMEDY
            ) from error
        return samples


def _decoded(page: Any, samples: Any, name: str, kind: str) -> Decoded:
    if page.planarconfig == 2 and samples.ndim == 3:
        samples = np.moveaxis(samples, 0, -1)
    if samples.ndim == 2:
        samples = samples[..., None]
    colour_channels = {2: 3, 5: 4}.get(int(page.photometric), 1)
    if samples.ndim != 3 or samples.shape[2] < colour_channels:
        raise PictureFormatUnsupported(f"{name} is a TIFF of an unsupported kind: {kind}.", _REMEDY)
    warnings: list[str] = []
    samples = whole_numbers(samples, name, warnings)
    colours = np.ascontiguousarray(samples[..., :colour_channels])
    if page.photometric == 0:  # white is zero
        colours = np.iinfo(colours.dtype).max - colours
    alpha = None
    extra = tuple(int(value) for value in page.extrasamples)
    if samples.shape[2] > colour_channels:
        if extra[:1] in ((1,), (2,)):
            alpha = np.ascontiguousarray(samples[..., colour_channels])
            colours = straight(colours, alpha) if extra[0] == 1 else colours
        if colour_channels == 4 and samples.shape[2] > colour_channels + (alpha is not None):
            warnings.append("the spot colours beside CMYK are left out")
    tags = page.tags
    icc = tags[_ICC_PROFILE].value if _ICC_PROFILE in tags else None
    if colour_channels == 4:
        colours, icc = cmyk_samples_to_srgb(colours, icc, warnings), None
    return Decoded(
        colours[..., 0] if colour_channels == 1 else colours,
        alpha,
        icc,
        plausible_dpi(page.get_resolution("inch")) if int(page.resolutionunit) in (2, 3) else None,
        int(tags[_ORIENTATION].value) if _ORIENTATION in tags else 1,
        warnings,
    )
