"""Pixels -> the bytes of a file: PNG, TIFF, WebP, JPEG, AVIF, BMP; and a mask alone as a gray picture."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Collection, Mapping
from importlib import import_module
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutsmith.cures import give, leave_out
from cutsmith.errors import BadOption, OutputFormatUnsupported, OutputRefused, shown
from cutsmith.output import KINDS_OF_METADATA
from cutsmith.picture.colour import srgb_from_profile
from cutsmith.picture.destination import write_bytes_atomically
from cutsmith.picture.exif_block import Entry, ExifTags, tags_of_kept, tiff_with_tags, with_own_tags
from cutsmith.picture.formats import OPAQUE_FORMATS, output_format
from cutsmith.picture.iptc_records import photoshop_segment
from cutsmith.picture.metadata import NOTHING, Metadata
from cutsmith.picture.originals import Originals
from cutsmith.picture.png_encoder import encode_png
from cutsmith.picture.samples import samples_from_alpha, to_8_bit

DEEP_FORMATS = frozenset({"PNG", "TIFF"})
"""Formats that are written with 16 bits."""

_LONGEST_SIDE = {"WEBP": 16383, "JPEG": 65500, "AVIF": 65536}
# IPTC has no place in WebP and AVIF.
_METADATA_IN: Mapping[str, frozenset[str]] = {
    "PNG": frozenset(KINDS_OF_METADATA),
    "JPEG": frozenset(KINDS_OF_METADATA),
    "WEBP": frozenset({"exif", "xmp", "gps"}),
    "AVIF": frozenset({"exif", "xmp", "gps"}),
    "TIFF": frozenset(KINDS_OF_METADATA),
    "BMP": frozenset(),
}
_XMP, _IPTC = 700, 33723
_BYTE, _UNDEFINED = 1, 7
_LOSSLESS = frozenset({"PNG", "TIFF", "BMP"})
_JPEG_QUALITY = 95
_AVIF_QUALITY = 90


def encode(
    pixels: NDArray[Any],
    alpha: NDArray[np.float32] | None,
    format_name: str,
    *,
    icc: bytes | None = None,
    dpi: tuple[float, float] | None = None,
    metadata: Mapping[str, str] | None = None,
    quality: int | None = None,
    kept: Metadata = NOTHING,
) -> bytes:
    """The file, in `format_name`, of `pixels`, uint8 or uint16 (H, W) or (H, W, 3), with straight `alpha` or None.

    16 bits stay 16 in PNG and TIFF and are rounded to 8 elsewhere. `quality`, 1 to 100, makes WebP lossy (it is
    lossless without) and sets JPEG's (95) and AVIF's (90). `kept` is what stays of the source's metadata.

    Raises:
        OutputFormatUnsupported: alpha or metadata in a format without them, or a side longer than the format allows.
        BadOption: quality. OutputRefused: the encoder fails.
    """
    if quality is not None and not (isinstance(quality, Integral) and 1 <= quality <= 100):
        raise BadOption(option="quality", found=shown(quality), wanted="a whole number from 1 to 100")
    quality = None if quality is None else int(quality)  # a NumPy number, too
    check_format_holds(format_name, alpha=alpha is not None, metadata=bool(metadata))
    check_format_fits(format_name, pixels.shape[1], pixels.shape[0])
    if format_name == "BMP" and pixels.ndim == 3:
        pixels = srgb_from_profile(to_8_bit(pixels), icc)  # without their profile the numbers would mean other colours
    samples = _samples(pixels if format_name in DEEP_FORMATS else to_8_bit(pixels), alpha)
    try:
        if format_name == "PNG":
            return encode_png(samples, icc, dpi, metadata, kept)
        if format_name == "TIFF":
            return _encode_tiff(samples, icc, dpi, metadata, kept)
        return _encode_with_pillow(samples, format_name, icc, dpi, metadata, quality, kept)
    except (OSError, ValueError, MemoryError, ImportError, KeyError) as error:
        # KeyError: a Pillow that was built without this format.
        reason = "the Pillow that is installed does not write it" if isinstance(error, KeyError) else error
        raise OutputRefused(
            f"The result cannot be written as {format_name}: {reason}.", "Write a PNG instead."
        ) from error


def check_format_holds(format_name: str, *, alpha: bool, metadata: bool, kept: Collection[str] = ()) -> None:
    """Refuse alpha or metadata that `format_name` cannot hold.

    Raises:
        OutputFormatUnsupported: `alpha` into JPEG or BMP, `metadata` into BMP, or a kind of the source's own metadata,
            `kept`, that the format has no place for.
        BadOption: a name in `kept` is unknown.
    """
    unknown = [name for name in kept if name not in KINDS_OF_METADATA]
    if unknown:
        wanted = f"names among {', '.join(KINDS_OF_METADATA)}"
        raise BadOption(option="keep_metadata", found=shown(unknown[0]), wanted=wanted)
    homeless = [name for name in kept if name not in _METADATA_IN[format_name]]
    if homeless:
        raise OutputFormatUnsupported(
            f"{format_name} cannot keep {' and '.join(homeless)}.",
            leave_out("keep_metadata"),
            "Or write a PNG, TIFF or JPEG, which keep all kinds.",
            option="keep_metadata",
        )
    if alpha and format_name in OPAQUE_FORMATS:
        raise OutputFormatUnsupported(
            f"{format_name} cannot hold transparency.",
            give("background", "white", text="Put something behind the subject"),
            "Or write a PNG, WebP, TIFF or AVIF.",
        )
    if metadata and format_name == "BMP":
        raise OutputFormatUnsupported(
            "BMP cannot hold the provenance.",
            "Write a PNG, TIFF, WebP, JPEG or AVIF.",
            leave_out("provenance"),
        )


def check_format_has_quality(format_name: str) -> None:
    """Refuse a format that has no quality to choose.

    Raises:
        OutputFormatUnsupported: PNG, TIFF and BMP lose nothing.
    """
    if format_name in _LOSSLESS:
        raise OutputFormatUnsupported(
            f"{format_name} has no quality to choose: it loses nothing.",
            leave_out("quality"),
            "Or write a JPEG, WebP or AVIF.",
            option="quality",
        )


def check_format_fits(format_name: str, width: int, height: int) -> None:
    """Refuse a side that `format_name` has no room for.

    Raises:
        OutputFormatUnsupported: a side is longer than WebP, JPEG or AVIF allow.
    """
    longest = _LONGEST_SIDE.get(format_name)
    if longest is not None and max(width, height) > longest:
        raise OutputFormatUnsupported(
            f"A {format_name} must have at most {longest} pixels on each side, but the result has {width} x {height}.",
            "Write a PNG or a TIFF instead.",
        )


def _samples(pixels: NDArray[Any], alpha: NDArray[np.float32] | None) -> NDArray[Any]:
    """(H, W, channels): the colours and, where there is one, alpha in their depth."""
    colours = pixels if pixels.ndim == 3 else pixels[..., None]
    if alpha is None:
        return np.ascontiguousarray(colours)
    return np.concatenate([colours, samples_from_alpha(alpha, pixels.dtype)[..., None]], axis=2)


def _encode_tiff(
    samples: NDArray[Any],
    icc: bytes | None,
    dpi: tuple[float, float] | None,
    metadata: Mapping[str, str] | None,
    kept: Metadata,
) -> bytes:
    import tifffile

    channels = samples.shape[2]
    tags = _tags_for_tiff(kept)
    stream = io.BytesIO()
    tifffile.imwrite(
        stream,
        samples[..., 0] if channels == 1 else samples,
        photometric="rgb" if channels >= 3 else "minisblack",
        planarconfig="contig" if channels > 1 else None,
        extrasamples=["unassalpha"] if channels in (2, 4) else None,
        compression="zlib",
        compressionargs={"level": 1},
        predictor=True,
        iccprofile=icc,
        resolution=dpi,
        resolutionunit="INCH" if dpi else None,
        description=_description(metadata) if metadata else None,
        software="Cutsmith" if metadata else False,
        metadata=None,
        byteorder=tags.order,
    )
    return tiff_with_tags(stream.getvalue(), tags) if kept else stream.getvalue()


def _tags_for_tiff(kept: Metadata) -> ExifTags:
    """What of `kept` stands among the tags of a TIFF, in the byte order that its values have."""
    tags = tags_of_kept(kept.exif, "<")
    for tag, kind, block in ((_XMP, _BYTE, kept.xmp), (_IPTC, _UNDEFINED, kept.iptc)):
        if block:
            tags.main[tag] = Entry(kind, len(block), block)
    return tags


def _encode_with_pillow(
    samples: NDArray[np.uint8],
    format_name: str,
    icc: bytes | None,
    dpi: tuple[float, float] | None,
    metadata: Mapping[str, str] | None,
    quality: int | None,
    kept: Metadata,
) -> bytes:
    from PIL import Image

    import_module({"WEBP": "PIL.WebPImagePlugin", "JPEG": "PIL.JpegImagePlugin"}.get(format_name, "PIL.Image"))
    options: dict[str, Any] = {}
    if format_name == "WEBP":
        # exact: colours under alpha 0 survive. Lossless "quality" is effort: 1.5 million pixels take 0.14 s and 848 KB,
        # with Pillow's own settings (method 4, effort 80) 0.48 s and 822 KB.
        options = {"exact": True}
        options |= {"lossless": True, "quality": 20, "method": 1} if quality is None else {"quality": quality}
    elif format_name == "JPEG":
        options = {"quality": quality or _JPEG_QUALITY, "subsampling": "4:4:4", "optimize": True}
    elif format_name == "AVIF":
        options = {
            "quality": quality or _AVIF_QUALITY,
            "subsampling": "4:4:4",
            "speed": 8,
        }  # 1.5 million pixels: 0.18 s; speed 6, 9 % smaller: 0.43 s
    if format_name != "BMP":
        if icc:
            options["icc_profile"] = icc
        # JPEG has a field of its own for the resolution.
        if exif := _exif(metadata, None if format_name == "JPEG" else dpi, kept.exif):
            options["exif"] = exif
        if kept.xmp:
            options["xmp"] = kept.xmp
        if kept.iptc and format_name == "JPEG":
            options["extra"] = photoshop_segment(kept.iptc)
    if dpi and format_name in ("JPEG", "BMP"):
        options["dpi"] = dpi
    image = Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
    stream = io.BytesIO()
    try:
        image.save(stream, format_name, **options)
    except OSError:
        if not options.pop("optimize", False):
            raise
        # To optimize, Pillow holds the whole JPEG in a buffer of a byte a pixel, which noise exceeds.
        stream = io.BytesIO()
        image.save(stream, format_name, **options)
    return stream.getvalue()


def _description(metadata: Mapping[str, str]) -> str:
    return json.dumps(dict(metadata), ensure_ascii=True, sort_keys=True)


def _exif(metadata: Mapping[str, str] | None, dpi: tuple[float, float] | None, kept: bytes | None) -> bytes | None:
    """The EXIF block of `kept`, with provenance and resolution; None where there is none of these."""
    texts = {"description": _description(metadata), "software": "Cutsmith"} if metadata else None
    block = with_own_tags(kept, texts, dpi)
    return None if block is None else b"Exif\0\0" + block


def encode_mask(
    alpha: NDArray[np.float32],
    suffix: str,
    *,
    dpi: tuple[float, float] | None = None,
    metadata: Mapping[str, str] | None = None,
    quality: int | None = None,
) -> bytes:
    """The gray file of `alpha`, float32 (H, W) in [0, 1]; `suffix` such as ".png".

    Raises:
        OutputFormatUnsupported: the suffix, or metadata in a BMP. OutputRefused: the encoder fails.
    """
    gray = samples_from_alpha(alpha, np.dtype(np.uint8))
    return encode(gray, None, output_format(suffix), dpi=dpi, metadata=metadata, quality=quality)


def write_mask(
    alpha: NDArray[np.float32],
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    dpi: tuple[float, float] | None = None,
    metadata: Mapping[str, str] | None = None,
    quality: int | None = None,
    source: str = "",
) -> Path:
    """Write `alpha`, float32 (H, W) in [0, 1], to `path` as a gray picture, atomically; -> the path.

    The file at `source`, the picture's, is never replaced, by whatever name.

    Raises:
        OutputFormatUnsupported, OutputExists, OutputRefused.
    """
    data = encode_mask(alpha, Path(path).suffix or str(path), dpi=dpi, metadata=metadata, quality=quality)
    originals = Originals([source] if source else [])
    return write_bytes_atomically(data, path, overwrite=overwrite, originals=originals)
