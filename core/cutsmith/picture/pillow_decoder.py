"""PNG, JPEG, WebP, TIFF, BMP, AVIF, GIF, TGA and ICO through Pillow, one plug-in at a time.

Each plug-in is called by itself instead of through `Image.open`. So no other format gets in, only the plug-in that the
file needs is imported, and our limit on pixels replaces Pillow's global one.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from cutsmith.errors import PictureDamaged, PictureFormatUnsupported
from cutsmith.picture.apple_png import as_ordinary_png, in_usual_order, is_apple_png
from cutsmith.picture.declared_colour import declared_profile
from cutsmith.picture.decoded import Decoded, damage_named
from cutsmith.picture.disguises import COMPRESSED_TO_NOISE, was_copied_as_text
from cutsmith.picture.jpeg_markers import (
    lacks_end_before_filling,
    refuse_unread_kind,
    start_of_scans,
    with_end_marker,
)
from cutsmith.picture.limits import check_size
from cutsmith.picture.metadata import exif_dpi, metadata_of, metadata_of_tiff, plausible_dpi
from cutsmith.picture.modes import arrays_of
from cutsmith.picture.orientation import SIDEWAYS
from cutsmith.picture.png_chunks import mended_png
from cutsmith.picture.sixteen_bit import decode_16_bit, is_16_bit
from cutsmith.picture.tiff_decoder import decode_tiff, needs_tifffile, refuse_missing_rows, refuse_raw
from cutsmith.picture.tiff_pages import main_page

if TYPE_CHECKING:
    from PIL.Image import Exif
    from PIL.ImageFile import ImageFile

_PLUGINS = {
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    # Not the MPO reader: the further pictures of an MPO are previews or gain maps.
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "WEBP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
    "TGA": ("PIL.TgaImagePlugin", "TgaImageFile"),
    "ICO": ("PIL.IcoImagePlugin", "IcoImageFile"),
}
_ORIENTATION_TAG = 274
# Modes whose colours are sRGB by then, whatever the file says of its own.
_CONVERTED = frozenset({"CMYK", "LAB"})
_RESOLUTION_IN_EXIF = frozenset({"WEBP", "AVIF"})
# Formats of 32 bits in which programs leave the alpha channel empty; viewers show such pictures as opaque.
_ALPHA_OFTEN_UNUSED = frozenset({"BMP", "DIB", "TGA", "ICO"})
_LINES_CHANGED = "its line breaks were changed, since it was copied or sent as text instead of as binary"
_LIMIT_LOCK = Lock()


def decode_with_pillow(data: bytes, format_name: str, name: str, max_pixels: int) -> Decoded:
    """Decode the file `data` of `format_name`, a key of the formats above; `name` is for messages.

    Raises:
        PictureTooSmall, PictureTooLarge, PictureFormatUnsupported, PictureDamaged.
    """
    with damage_named(name), _pillow_allowing(max_pixels):
        if format_name == "PNG":
            return _decode_png(data, name, max_pixels)
        if format_name == "JPEG":
            return _decode_jpeg(data, name, max_pixels)
        try:
            return _decode(data, format_name, name, max_pixels)
        except (SyntaxError, OSError) as error:
            if format_name in COMPRESSED_TO_NOISE and was_copied_as_text(data):
                raise ValueError(_LINES_CHANGED) from error
            raise


def _decode_jpeg(data: bytes, name: str, max_pixels: int) -> Decoded:
    # Where line feeds were changed, decoders often find a picture all the same, of noise.
    if was_copied_as_text(data[max(start_of_scans(data), len(data) - 65536) :]):
        raise ValueError(_LINES_CHANGED)
    try:
        if lacks_end_before_filling(data):
            raise OSError("its end is missing, and is filled up as an interrupted download leaves it")
        return _decode(data, "JPEG", name, max_pixels)
    except (SyntaxError, OSError):
        refuse_unread_kind(data, name)
        mended = with_end_marker(data, lambda each: _jpeg_pixels(each, name, max_pixels))
        if mended is None:
            raise
    decoded = _decode(mended, "JPEG", name, max_pixels)
    decoded.warnings.append("the file lacks its end marker, but every pixel is there")
    return decoded


def _jpeg_pixels(data: bytes, name: str, max_pixels: int) -> NDArray[Any]:
    image = open_image(data, "JPEG")
    check_size(*image.size, name, max_pixels)
    return arrays_of(image, data, [])[0]


def _decode_png(data: bytes, name: str, max_pixels: int) -> Decoded:
    is_apple = is_apple_png(data)
    mended = mended_png(as_ordinary_png(data, name, max_pixels) if is_apple else data)
    decoded = _decode(mended.data, "PNG", name, max_pixels)
    if is_apple:
        decoded.pixels, decoded.alpha = in_usual_order(decoded.pixels, decoded.alpha)
    decoded.icc = decoded.icc or mended.profile
    decoded.warnings.extend(mended.warnings)
    return decoded


def _decode(data: bytes, format_name: str, name: str, max_pixels: int) -> Decoded:
    if format_name == "TIFF":
        return _decode_tiff(data, name, max_pixels)
    return _decode_image(lambda: open_image(data, format_name), data, name, max_pixels)


def _decode_tiff(data: bytes, name: str, max_pixels: int) -> Decoded:
    page = main_page(data)
    refuse_raw(page, name)
    decoded = _decode_first_page(page.data, name, max_pixels)
    decoded.warnings[:0] = page.warnings
    decoded.orientation = page.orientation or decoded.orientation
    decoded.icc = decoded.icc or page.icc
    decoded.metadata = metadata_of_tiff(page.data) or metadata_of_tiff(data)
    return decoded


def _decode_first_page(data: bytes, name: str, max_pixels: int) -> Decoded:
    try:
        image = open_image(data, "TIFF")
    except SyntaxError as error:
        # A kind of pixel that Pillow does not know, such as 16-bit gray with alpha; or it is not a TIFF at all.
        return decode_tiff(data, name, max_pixels, str(error))
    check_size(*image.size, name, max_pixels)
    refuse_missing_rows(image, name)
    if reason := needs_tifffile(image):
        return decode_tiff(data, name, max_pixels, reason)
    return _decode_image(lambda: open_image(data, "TIFF"), data, name, max_pixels)


def _decode_image(reopen: Callable[[], ImageFile], data: bytes, name: str, max_pixels: int) -> Decoded:
    """The picture that `reopen` opens, its header read and nothing decoded; `data` is its file."""
    image = reopen()
    check_size(*image.size, name, max_pixels)
    before = metadata_of(image)
    _leave_xmp_out(image)
    warnings = _frame_warnings(image)
    dpi = plausible_dpi(image.info.get("dpi"))
    if dpi and image.format == "TIFF" and _orientation(image) in SIDEWAYS:
        dpi = dpi[::-1]  # Pillow turns TIFFs upright itself while it loads them, and leaves their resolution
    if is_16_bit(image, data):
        pixels, alpha = decode_16_bit(lambda: _leave_xmp_out(reopen()), data)
        image.load()  # for what follows the pixels: PNG may have its EXIF there
    else:
        pixels, alpha = arrays_of(image, data, warnings)
    if alpha is not None and image.format in _ALPHA_OFTEN_UNUSED and not alpha.any():
        alpha = None
    metadata = metadata_of(image) or before  # of PNG it may follow the pixels
    if metadata is not None and before is not None:
        metadata = replace(metadata, xmp=metadata.xmp or before.xmp)
    _leave_xmp_out(image)
    icc = image.info.get("icc_profile") or None
    if icc is None and image.mode not in _CONVERTED:
        icc = declared_profile(data, str(image.format), _exif(image), warnings)
    # Read after load(): of TIFF Pillow has applied it by then; AVIF's comes from the container (irot, imir).
    dpi = dpi or (exif_dpi(_exif(image)) if image.format in _RESOLUTION_IN_EXIF else None)
    return Decoded(pixels, alpha, icc, dpi, _orientation(image), warnings, metadata)


def _leave_xmp_out(image: ImageFile) -> ImageFile:
    """`image`, which Pillow no longer turns as XMP says where EXIF says nothing: browsers and editors do not."""
    packets = [image.info.pop(key, None) for key in ("xmp", "XML:com.adobe.xmp")]
    if any(packets) and image.info.get("exif"):
        # Where Pillow has looked into EXIF already, for JPEG's resolution, it has put XMP's orientation among its tags.
        with suppress(Exception):  # a broken EXIF block raises nearly anything
            exif = image.getexif()
            exif.load(b"")
            exif.load(image.info["exif"])
    return image


@contextmanager
def _pillow_allowing(max_pixels: int) -> Iterator[None]:
    """Raise Pillow's global limit, which its TIFF and WebP readers check, where it is lower than `max_pixels`.

    The others wait meanwhile: a limit that is about to be restored must not decide about their pictures.
    """
    from PIL import Image

    with _LIMIT_LOCK:
        before = Image.MAX_IMAGE_PIXELS
        if before is not None and max_pixels > 2 * before:  # up to twice its limit Pillow only warns
            try:
                Image.MAX_IMAGE_PIXELS = max_pixels
                yield
            finally:
                Image.MAX_IMAGE_PIXELS = before
            return
    yield


def open_image(data: bytes, format_name: str) -> ImageFile:
    """Pillow's image of `data`, its header read and nothing decoded."""
    module, reader = _PLUGINS[format_name]
    try:
        plugin = import_module(module)
    except ImportError as error:
        raise PictureFormatUnsupported(
            f"The Pillow that is installed does not read {format_name}: {error}.", "Update Pillow to 11.3 or newer."
        ) from error
    image: ImageFile = getattr(plugin, reader)(io.BytesIO(data))
    if not image.mode or min(image.size) < 1:
        raise PictureDamaged(f"the header gives {image.size[0]} x {image.size[1]} pixels of kind {image.mode!r}")
    return image


def _exif(image: ImageFile) -> Exif | None:
    """The EXIF data; None where the block is broken."""
    try:
        return image.getexif()
    except Exception:  # noqa: BLE001 - a broken EXIF block raises nearly anything; the picture is fine without
        return None


def _orientation(image: ImageFile) -> int:
    """EXIF orientation, 1 to 8; 1 where there is none or the EXIF block is broken."""
    exif = _exif(image)
    found = 1 if exif is None else exif.get(_ORIENTATION_TAG, 1)
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _frame_warnings(image: ImageFile) -> list[str]:
    if image.format == "TIFF":
        return []  # see `tiff_pages`
    try:
        frames: Any = getattr(image, "n_frames", 1)
    except Exception:  # noqa: BLE001 - counting walks through later frames, which may be damaged when the first is not
        return ["only the first frame is used; the later ones are damaged"]
    kind = "pictures" if image.format == "ICO" else "frames"
    return [f"only the first of {frames} {kind} is used"] if isinstance(frames, int) and frames > 1 else []
