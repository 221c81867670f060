"""XMP packets: what a result keeps of one, with everything left out that is true of the source's pixels alone."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xml.dom.minidom import Element

_MOST_MARKS = 200_000
"""Tags and attributes of a packet. Long histories of edits have some thousands; these take two seconds."""

_TIFF, _EXIF = "http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/"
_DECLARATIONS = "http://www.w3.org/2000/xmlns/"
# Of TIFF's properties the rest is about rows, samples, resolution and orientation.
_OF_THE_PHOTOGRAPH = frozenset({"Make", "Model", "Software", "DateTime", "ImageDescription", "Artist", "Copyright"})
_OF_THE_PIXELS = frozenset(
    {(_EXIF, name) for name in ("PixelXDimension", "PixelYDimension", "ColorSpace", "SubjectArea", "SubjectLocation")}
    | {(_EXIF, name) for name in ("ComponentsConfiguration", "CompressedBitsPerPixel", "MakerNote", "NativeDigest")}
    | {("http://ns.adobe.com/xap/1.0/", name) for name in ("Thumbnails", "PageInfo")}
    | {("http://ns.adobe.com/photoshop/1.0/", name) for name in ("ICCProfile", "ColorMode")}
    | {("http://purl.org/dc/elements/1.1/", "format")}
)
# Thumbnails, parts of a packet that follow elsewhere, gain maps, regions of faces; and Google's: the photograph as it
# was, its depth, and what follows the picture in the file.
_LEFT_OUT = (
    "http://ns.adobe.com/xap/1.0/g/img/",
    "http://ns.adobe.com/xmp/note/",
    "http://ns.adobe.com/hdr-gain-map/",
    "http://ns.apple.com/HDRGainMap/",
    "http://ns.apple.com/pixeldatainfo/",
    "http://www.metadataworkinggroup.com/schemas/regions/",
    "http://ns.microsoft.com/photo/1.2/",
    "http://ns.google.com/photos/",
)
_PLACES = "http://www.w3.org/2003/01/geo/wgs84_pos#"
# DJI's drones have GpsLatitude, GpsLongtitude and AbsoluteAltitude.
_PLACE = re.compile(r"gps|latitude|long(t)?itude|altitude", re.IGNORECASE)


def kept_xmp(packet: bytes, *, with_place: bool) -> bytes | None:
    """`packet` without what describes the source's pixels, and, unless `with_place`, without where it was taken.

    None where it is no XML, too large, or declares entities, which could expand without end. Names of places among
    captions and keywords stay.
    """
    from xml.dom.minidom import parseString
    from xml.parsers.expat import ExpatError

    try:
        text = _text_of(packet)
        if "<!DOCTYPE" in text or "<!ENTITY" in text or text.count("<") + text.count("=") > _MOST_MARKS:
            return None
        document = parseString(text.encode())
        root: Any = document.documentElement
        _prune(root, with_place=with_place)
        kept = root.toxml()
        document.unlink()
    except (ExpatError, UnicodeError, ValueError, RecursionError, MemoryError):
        return None
    return f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{kept}<?xpacket end="w"?>'.encode()


def has_further_parts(packet: bytes) -> bool:
    """Whether `packet` is the first part only: a JPEG has what is beyond 64 KB in further segments."""
    return b"HasExtendedXMP" in packet


def _text_of(packet: bytes) -> str:
    """The XML of `packet` without a declaration, whose encoding is not that of the text any more."""
    is_wide = packet.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = packet.decode("utf-16" if is_wide else "utf-8-sig").strip(" \t\r\n\0")
    start = text.find("<?xml ", 0, 200)
    end = text.find("?>", start)
    return text[:start] + text[end + 2 :] if 0 <= start < end else text


def _prune(root: Element, *, with_place: bool) -> None:
    waiting: list[Any] = [root]
    while waiting:
        element = waiting.pop()
        for attribute in list(element.attributes.values()):
            if attribute.namespaceURI != _DECLARATIONS and _is_left_out(attribute, with_place=with_place):
                element.removeAttributeNode(attribute)
        for child in list(element.childNodes):
            if child.nodeType != child.ELEMENT_NODE:
                continue
            if _is_left_out(child, with_place=with_place):
                element.removeChild(child).unlink()
            else:
                waiting.append(child)


def _is_left_out(node: Any, *, with_place: bool) -> bool:
    space, name = node.namespaceURI or "", node.localName or ""
    if space == _TIFF:
        return name not in _OF_THE_PHOTOGRAPH
    if (space, name) in _OF_THE_PIXELS or space.startswith(_LEFT_OUT):
        return True
    return not with_place and (space == _PLACES or _PLACE.search(name) is not None)
