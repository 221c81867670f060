"""EXIF, XMP and IPTC of a photograph: what a result may keep, and what would be wrong or tell too much in it.

Nothing is kept unless it is asked for. The orientation is never kept, since pixels are upright, nor are thumbnails and
maker notes, which may show the photograph as it was. Sizes and colour space become the result's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from PIL.Image import Exif

LARGEST_BLOCK = 16 * 1024 * 1024
"""Bytes; larger blocks are not kept."""

_EXIF_IFD, _GPS_IFD, _INTEROPERABILITY_IFD = 0x8769, 0x8825, 0xA005
# What describes the file or the pixels of the source: its size, layout, resolution, orientation, previews, profile,
# and the XMP, IPTC and Photoshop blocks that TIFF has among its tags.
_OF_THE_FILE = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 282, 283, 284, 296, 301, 317, 318, 319, 320, 322}
    | {323, 324, 325, 330, 338, 339, 347, 513, 514, 529, 530, 531, 532, 700, 33723, 34377, 34675, 50341}
)
_MAKER_NOTE, _COLOUR_SPACE, _WIDTH, _HEIGHT = 0x927C, 0xA001, 0xA002, 0xA003
_SRGB, _UNCALIBRATED = 1, 0xFFFF
_IPTC_RESOURCE = 0x0404
_IPTC_TAG, _XMP_TAG = 33723, 700

_TIFF, _EXIF = "{http://ns.adobe.com/tiff/1.0/}", "{http://ns.adobe.com/exif/1.0/}"
_OF_THE_PIXELS = frozenset(
    {f"{_TIFF}{name}" for name in ("Orientation", "ImageWidth", "ImageLength", "XResolution", "YResolution")}
    | {f"{_TIFF}ResolutionUnit", f"{_EXIF}PixelXDimension", f"{_EXIF}PixelYDimension", f"{_EXIF}ColorSpace"}
    | {"{http://ns.adobe.com/xap/1.0/}Thumbnails", "{http://ns.adobe.com/photoshop/1.0/}ICCProfile"}
)


@dataclass(frozen=True)
class Metadata:
    """The blocks of a file as they were in it; None for those that it has not.

    Attributes:
        exif: begins with the byte order, "II" or "MM".
        xmp: an XML packet in UTF-8.
        iptc: records of the IPTC-IIM.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None

    def __bool__(self) -> bool:
        return any((self.exif, self.xmp, self.iptc))


NOTHING = Metadata()


def metadata_of(image: Any) -> Metadata | None:
    """The metadata of `image`, which Pillow or pi-heif has loaded; None if it has none. Broken blocks are left out."""
    info = image.info
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp")
    iptc = None
    photoshop = info.get("photoshop")
    if isinstance(photoshop, dict):
        iptc = photoshop.get(_IPTC_RESOURCE)
    exif = info.get("exif")
    tags = getattr(image, "tag_v2", None)
    if tags is not None:
        exif, xmp, iptc = _exif_of_tiff(image), tags.get(_XMP_TAG), tags.get(_IPTC_TAG)
    if isinstance(xmp, str):
        xmp = xmp.encode()
    found = Metadata(_block(exif, b"Exif\0\0"), _block(xmp), _block(iptc))
    return found or None


def dpi_of_exif_block(block: bytes | None) -> tuple[float, float] | None:
    """(horizontal, vertical) dots per inch by the tags of an EXIF block; None where it has none, or is broken."""
    if block is None:
        return None
    from PIL import Image

    exif = Image.Exif()
    try:
        exif.load(block)
        return exif_dpi(exif)
    except Exception:  # noqa: BLE001 - a broken block raises nearly anything; the picture is fine without
        return None


def exif_dpi(exif: Mapping[int, Any] | None) -> tuple[float, float] | None:
    """(horizontal, vertical) dots per inch by the EXIF tags XResolution, YResolution and ResolutionUnit."""
    if exif is None:
        return None
    found = plausible_dpi((exif.get(282), exif.get(283)))
    unit = exif.get(296, 2)
    if found is None or unit not in (2, 3):
        return None
    scale = 2.54 if unit == 3 else 1.0
    return found[0] * scale, found[1] * scale


def plausible_dpi(found: Any) -> tuple[float, float] | None:
    """(horizontal, vertical) dots per inch of whatever a decoder `found`; None where the value makes no sense."""
    try:
        across, down = (float(value) for value in found)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    # Some writers put 1 for "unknown".
    return (across, down) if 1 < across < 1e6 and 1 < down < 1e6 else None


def _exif_of_tiff(image: Any) -> bytes | None:
    try:
        return image.getexif().tobytes()  # type: ignore[no-any-return]
    except Exception:  # noqa: BLE001 - a broken directory raises nearly anything; the picture is fine without
        return None


def _block(found: object, prefix: bytes = b"") -> bytes | None:
    if not isinstance(found, bytes) or not 0 < len(found) <= LARGEST_BLOCK:
        return None
    return found.removeprefix(prefix)


def kept_metadata(
    found: Metadata | None, names: Collection[str], width: int, height: int, *, is_srgb: bool
) -> Metadata:
    """What of `found` a result of `width` x `height` pixels keeps.

    Args:
        found: the source's.
        names: "exif" (all but GPS), "xmp", "iptc" and "gps"; the last adds the place to EXIF and XMP, or keeps
            it alone.
        width, height: of the result, in pixels.
        is_srgb: whether the result is in sRGB.
    """
    if found is None or not names:
        return Metadata()
    with_gps = "gps" in names
    exif = None
    if found.exif and {"exif", "gps"} & set(names):
        exif = _kept_exif(found.exif, width, height, is_srgb=is_srgb, with_rest="exif" in names, with_gps=with_gps)
    xmp = _kept_xmp(found.xmp, with_gps=with_gps) if found.xmp and "xmp" in names else None
    return Metadata(exif, xmp, found.iptc if "iptc" in names else None)


def _kept_exif(
    block: bytes, width: int, height: int, *, is_srgb: bool, with_rest: bool, with_gps: bool
) -> bytes | None:
    from PIL import Image

    source = Image.Exif()
    try:
        source.load(block)
        camera, place = dict(source.get_ifd(_EXIF_IFD)), dict(source.get_ifd(_GPS_IFD))
        left_out = _OF_THE_FILE | {_EXIF_IFD, _GPS_IFD}
        others = {tag: value for tag, value in source.items() if tag not in left_out}
    except Exception:  # noqa: BLE001 - a broken block raises nearly anything; there is nothing to keep in it
        return None
    kept = Image.Exif()
    if with_rest:
        kept.update(others)
        camera = {tag: value for tag, value in camera.items() if tag not in (_MAKER_NOTE, _INTEROPERABILITY_IFD)}
        camera |= {_COLOUR_SPACE: _SRGB if is_srgb else _UNCALIBRATED, _WIDTH: width, _HEIGHT: height}
        kept[_EXIF_IFD] = camera
    if with_gps and place:
        kept[_GPS_IFD] = place
    return exif_bytes(kept)


def exif_bytes(exif: Exif) -> bytes | None:
    """The block of `exif`, from the byte order on; None if it is empty, or has values that cannot be written."""
    if not exif:
        return None
    try:
        return exif.tobytes().removeprefix(b"Exif\0\0")
    except Exception:  # noqa: BLE001 - values of wrong types, from a broken file
        return None


def _kept_xmp(packet: bytes, *, with_gps: bool) -> bytes | None:
    """`packet` without what describes the source's pixels, and, unless `with_gps`, without the place.

    None where it is no XML, or declares entities, which could expand without end.
    """
    from xml.etree import ElementTree

    if re.search(rb"<!\s*(DOCTYPE|ENTITY)", packet, re.IGNORECASE):
        return None
    start, end = packet.find(b"<?xpacket"), packet.rfind(b"<?xpacket")
    body = packet[packet.find(b"?>", start) + 2 : end] if 0 <= start < end else packet
    try:
        for prefix, uri in re.findall(r'xmlns:([A-Za-z][\w.-]*)=["\']([^"\']+)["\']', body.decode()):
            if not re.fullmatch(r"ns\d+", prefix):
                ElementTree.register_namespace(prefix, uri)
        root = ElementTree.fromstring(body.strip().strip(b"\0"))
    except (ElementTree.ParseError, UnicodeDecodeError, ValueError):
        return None
    _prune(root, with_gps=with_gps)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{text}<?xpacket end="w"?>'.encode()


def _prune(element: Element, *, with_gps: bool) -> None:
    for name in list(element.attrib):
        if _is_left_out(name, with_gps=with_gps):
            del element.attrib[name]
    for child in list(element):
        if _is_left_out(child.tag, with_gps=with_gps):
            element.remove(child)
        else:
            _prune(child, with_gps=with_gps)


def _is_left_out(name: str, *, with_gps: bool) -> bool:
    return name in _OF_THE_PIXELS or (not with_gps and name.startswith(f"{_EXIF}GPS"))


def photoshop_segment(iptc: bytes) -> bytes:
    """The JPEG segment (APP13) that holds `iptc`.

    Raises:
        ValueError: it is longer than a segment.
    """
    resource = b"8BIM" + _IPTC_RESOURCE.to_bytes(2, "big") + b"\0\0" + len(iptc).to_bytes(4, "big") + iptc
    content = b"Photoshop 3.0\0" + resource + bytes(len(iptc) % 2)
    if len(content) + 2 > 0xFFFF:
        raise ValueError("the IPTC data is longer than a JPEG segment")
    return b"\xff\xed" + (len(content) + 2).to_bytes(2, "big") + content
