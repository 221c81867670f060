"""EXIF, XMP and IPTC of a photograph: what a result may keep, and what would be wrong or tell too much in it.

Nothing is kept unless it is asked for. The orientation is never kept, since pixels are upright, nor are thumbnails,
layers and maker notes, which may show the photograph as it was. Sizes and colour space become the result's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cutsmith.picture.exif_block import kept_exif, read_tags
from cutsmith.picture.iptc_records import iptc_of_photoshop, kept_iptc, raw_profile
from cutsmith.picture.xmp_packet import has_further_parts, kept_xmp

LARGEST_BLOCK = 16 * 1024 * 1024
"""Bytes; larger blocks are not kept."""

_LARGEST_IN_JPEG: Mapping[str, int] = {"EXIF": 65535 - 8, "XMP": 65535 - 31, "IPTC": 65535 - 29}
"""What a segment of JPEG has room for, in bytes."""

_IPTC_RESOURCE = 0x0404
_EXIF_PREFIX, _XMP_PREFIX = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_IPTC_TAG, _XMP_TAG = 33723, 700


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
    """The metadata of `image`, no TIFF, which Pillow or pi-heif has loaded; None if it has none."""
    info = image.info
    exif, xmp, iptc = info.get("exif"), info.get("xmp") or info.get("XML:com.adobe.xmp"), None
    photoshop = info.get("photoshop")
    if isinstance(photoshop, dict):
        iptc = photoshop.get(_IPTC_RESOURCE)
    if getattr(image, "format", None) == "PNG":
        exif, xmp, iptc = _with_raw_profiles(info, exif, xmp)
    if isinstance(xmp, str):
        xmp = xmp.encode("utf-8", "replace")
    return Metadata(_block(exif, _EXIF_PREFIX), _block(xmp), _block(iptc)) or None


def metadata_of_tiff(data: bytes) -> Metadata | None:
    """The metadata of the first page of the TIFF file `data`; None if it has none."""
    tags = read_tags(data, LARGEST_BLOCK, (_XMP_TAG, _IPTC_TAG))
    if tags is None:
        return None
    xmp, iptc = (tags.main.pop(tag, None) for tag in (_XMP_TAG, _IPTC_TAG))
    return Metadata(tags.to_bytes(), xmp and xmp.data, iptc and iptc.data) or None


def _with_raw_profiles(info: Mapping[Any, Any], exif: Any, xmp: Any) -> tuple[Any, Any, bytes | None]:
    """EXIF, XMP and IPTC, where a PNG does not have them in chunks of their own, from the texts of ImageMagick."""
    found = {name: raw_profile(info.get(f"Raw profile type {name}")) for name in ("exif", "APP1", "xmp", "iptc")}
    app1 = found["APP1"] or b""
    exif = exif or found["exif"] or (app1 if app1.startswith(_EXIF_PREFIX) else None)
    if app1.startswith(_XMP_PREFIX):
        xmp = xmp or app1.removeprefix(_XMP_PREFIX)
    return exif, xmp or found["xmp"], iptc_of_photoshop(found["iptc"] or b"")


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


def _block(found: object, prefix: bytes = b"") -> bytes | None:
    if not isinstance(found, bytes) or not 0 < len(found) <= LARGEST_BLOCK:
        return None
    return found.removeprefix(prefix)


def kept_metadata(
    found: Metadata | None, names: Collection[str], format_name: str, width: int, height: int, *, is_srgb: bool
) -> tuple[Metadata, tuple[str, ...]]:
    """What of `found` a result in `format_name` of `width` x `height` pixels keeps, and what is lost of that.

    Args:
        found: the source's.
        names: "exif" (all but GPS), "xmp", "iptc" and "gps"; the last adds the place to EXIF and XMP, or keeps
            it alone.
        format_name: the result's, such as "JPEG", which has little room for each kind.
        width, height: of the result, in pixels.
        is_srgb: whether the result is in sRGB.
    """
    if found is None or not names:
        return NOTHING, ()
    with_place = "gps" in names
    kept: dict[str, bytes] = {}
    lost: list[str] = []

    def keep(kind: str, source: bytes | None, block: bytes | None) -> None:
        if source and block is None:
            lost.append(f"the {kind} data is damaged, and not kept")
        elif block and format_name == "JPEG" and len(block) > _LARGEST_IN_JPEG[kind]:
            lost.append(f"the {kind} data is too long for a JPEG, and not kept")
        elif block:
            kept[kind.lower()] = block

    if {"exif", "gps"} & set(names) and found.exif:
        with_rest = "exif" in names
        block = kept_exif(found.exif, width, height, is_srgb=is_srgb, with_rest=with_rest, with_place=with_place)
        if block is not None or read_tags(found.exif, LARGEST_BLOCK) is None:
            keep("EXIF", found.exif, block)
    if "xmp" in names and found.xmp:
        keep("XMP", found.xmp, kept_xmp(found.xmp, with_place=with_place))
        if has_further_parts(found.xmp):
            lost.append("the part of the XMP data that is beyond 64 KB is not kept")
    if "iptc" in names and found.iptc:
        keep("IPTC", found.iptc, kept_iptc(found.iptc))
    return Metadata(**kept), tuple(lost)
