"""JPEG 2000: pixels through Pillow, deep colours through OpenCV, the profile by the file's own boxes.

Pillow keeps 8 bits of colours with more, and makes their lightest samples black; OpenCV keeps all. Boxes: ISO/IEC
15444-1, annex I; the codestream's header (SIZ): annex A.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cutsmith.errors import PictureFormatUnsupported
from cutsmith.picture.colour import cmyk_to_srgb
from cutsmith.picture.decoded import Decoded, damage_named
from cutsmith.picture.limits import check_size
from cutsmith.picture.metadata import plausible_dpi

_CODESTREAM = b"\xff\x4f\xff\x51"
_RESTRICTED_PROFILE, _ANY_PROFILE = 2, 3
_REMEDY = "Save it as a 16-bit TIFF or PNG."
_LOG_LOCK = Lock()


class _Header(NamedTuple):
    """The codestream's size, and bits and sign of each component."""

    width: int
    height: int
    depths: tuple[int, ...]
    is_signed: bool


def decode_jpeg2000(data: bytes, name: str, max_pixels: int) -> Decoded:
    """Decode the JPEG 2000 file `data` (JP2 or a bare codestream): 8 bits, or 16 where it has more.

    Raises:
        PictureTooSmall, PictureTooLarge, PictureFormatUnsupported, PictureDamaged.
    """
    with damage_named(name):
        header = _header(data)
        check_size(header.width, header.height, name, max_pixels)
        if header.is_signed or max(header.depths) > 16:
            kind = "signed samples" if header.is_signed else f"samples of {max(header.depths)} bits"
            raise PictureFormatUnsupported(f"{name} is a JPEG 2000 picture of an unsupported kind: {kind}.", _REMEDY)
        boxes = dict(_boxes_of_header(data))
        if max(header.depths) > 8 and b"pclr" not in boxes:
            return _deep(data, header, boxes, name)
        return _eight_bit(data, boxes)


def _eight_bit(data: bytes, boxes: dict[bytes, bytes]) -> Decoded:
    from PIL import Jpeg2KImagePlugin

    image = Jpeg2KImagePlugin.Jpeg2KImageFile(io.BytesIO(data))
    image.load()
    warnings: list[str] = []
    dpi = plausible_dpi(image.info.get("dpi"))
    profile = _profile(boxes)
    if image.mode == "CMYK":
        if profile:
            image.info["icc_profile"] = profile
        return Decoded(cmyk_to_srgb(image, warnings), None, None, dpi, warnings=warnings)
    if image.mode in ("P", "PA"):
        samples = np.asarray(image.convert("RGBA" if image.mode == "PA" else "RGB"))
    else:
        samples = np.asarray(image)
    if samples.ndim == 2:
        return Decoded(samples, None, profile, dpi)
    colours, alpha = _split(samples)
    return Decoded(colours, alpha, profile, dpi)


def _deep(data: bytes, header: _Header, boxes: dict[bytes, bytes], name: str) -> Decoded:
    import cv2

    channels = len(header.depths)
    if channels not in (1, 3, 4) or len(set(header.depths)) > 1:
        raise PictureFormatUnsupported(
            f"{name} is a JPEG 2000 picture of an unsupported kind: {channels} channels of "
            f"{' and '.join(map(str, sorted(set(header.depths))))} bits.",
            _REMEDY,
        )
    with _LOG_LOCK:  # OpenCV tells its log of what we tell in an error
        before = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        try:
            samples: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        finally:
            cv2.utils.logging.setLogLevel(before)
    if samples is None:
        raise ValueError("its codestream is damaged")
    samples = _spread(samples, header.depths[0])
    if samples.ndim == 2:
        return Decoded(samples, None, _profile(boxes))
    order = [2, 1, 0, 3][: samples.shape[2]]
    colours, alpha = _split(np.ascontiguousarray(samples[..., order]))
    return Decoded(colours, alpha, _profile(boxes))


def _split(samples: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any] | None]:
    channels = samples.shape[2]
    colours = samples[..., 0] if channels < 3 else samples[..., :3]
    return np.ascontiguousarray(colours), np.ascontiguousarray(samples[..., -1]) if channels in (2, 4) else None


def _spread(samples: NDArray[Any], depth: int) -> NDArray[np.uint16]:
    """Samples of `depth` bits over all 16."""
    white = 2**depth - 1
    table = (np.minimum(np.arange(65536, dtype=np.uint32), white) * 65535 + white // 2) // white
    spread: NDArray[np.uint16] = table.astype(np.uint16)[samples]
    return spread


def _header(data: bytes) -> _Header:
    start = data.find(_CODESTREAM)
    if start < 0:
        raise ValueError("it has no codestream")
    right, lower, left, upper = struct.unpack_from(">IIII", data, start + 8)
    (count,) = struct.unpack_from(">H", data, start + 40)
    parts = data[start + 42 : start + 42 + 3 * count : 3]
    if not 1 <= count == len(parts):
        raise ValueError("its header is incomplete")
    depths = tuple((part & 0x7F) + 1 for part in parts)
    return _Header(max(right - left, 0), max(lower - upper, 0), depths, any(part & 0x80 for part in parts))


def _boxes_of_header(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes within `jp2h`, the first of each kind last; none in a bare codestream."""
    found = [body for kind, body in _boxes(data) if kind == b"jp2h"]
    yield from reversed(list(_boxes(found[0])) if found else [])


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if size == 1 and at + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, start)
            start += 8
        end = at + size if size else len(data)
        if end < start or end > len(data) or data[at : at + 4] == _CODESTREAM:
            return
        yield kind, data[start:end]
        at = end


def _profile(boxes: dict[bytes, bytes]) -> bytes | None:
    """The ICC profile in the box `colr`; None where the colours are one of the listed spaces."""
    colr = boxes.get(b"colr", b"")
    return colr[3:] if colr[:1] and colr[0] in (_RESTRICTED_PROFILE, _ANY_PROFILE) else None
