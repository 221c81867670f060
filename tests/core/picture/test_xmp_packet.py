"""What of an XMP packet a result keeps: no place unless asked, nothing of the source's pixels, and all the rest."""

import numpy as np
import pytest

from cutsmith.picture import Picture
from cutsmith.picture.metadata import Metadata
from tests.core.picture.xmp_sample import XMP

PIXELS = np.zeros((8, 8, 3), np.uint8)

PLACES_AND_PIXELS = {
    "a drone's place": ("http://www.dji.com/drone-dji/1.0/", "GpsLatitude", True),
    "a drone's misspelt place": ("http://www.dji.com/drone-dji/1.0/", "GpsLongtitude", True),
    "a place in another schema": ("http://www.w3.org/2003/01/geo/wgs84_pos#", "lat", True),
    "the photograph as it was": ("http://ns.google.com/photos/1.0/image/", "Data", False),
    "a gain map": ("http://ns.adobe.com/hdr-gain-map/1.0/", "Version", False),
    "another part": ("http://ns.adobe.com/xmp/note/", "HasExtendedXMP", False),
    "samples": ("http://ns.adobe.com/tiff/1.0/", "SamplesPerPixel", False),
    "the source's format": ("http://purl.org/dc/elements/1.1/", "format", False),
    "a position": ("http://ns.adobe.com/exif/1.0/", "SubjectArea", False),
    "pages": ("http://ns.adobe.com/xap/1.0/", "PageInfo", False),
}


@pytest.mark.parametrize(("space", "name", "is_place"), PLACES_AND_PIXELS.values(), ids=PLACES_AND_PIXELS)
@pytest.mark.parametrize("is_attribute", [True, False])
def test_xmp_tells_no_place_and_nothing_of_the_sources_pixels(space, name, is_place, is_attribute):
    opening = b'<rdf:Description rdf:about="" xmlns:p="' + space.encode() + b'"'
    planted = b' p:%s="PLANTED">' % name.encode() if is_attribute else b"><p:%s>PLANTED</p:%s>" % ((name.encode(),) * 2)
    packet = XMP.replace(b"<rdf:Description", opening + planted + b"</rdf:Description><rdf:Description", 1)
    picture = Picture(PIXELS, metadata=Metadata(xmp=packet))
    kept = picture.encode(".png", keep_metadata=("xmp",))
    assert b"PLANTED" not in kept
    assert b"Jane Photographer" in kept
    assert (b"PLANTED" in picture.encode(".png", keep_metadata=("xmp", "gps"))) == is_place


def test_xmp_keeps_its_prefixes_and_one_picture_does_not_name_those_of_another():
    other = XMP.replace(b"xmlns:mine=", b"xmlns:yours=").replace(b"mine:shop", b"yours:shop")
    for packet, prefix in ((XMP, b"mine"), (other, b"yours"), (XMP, b"mine")):
        kept = Picture(PIXELS, metadata=Metadata(xmp=packet)).encode(".png", keep_metadata=("xmp",))
        assert prefix + b':shop="4711"' in kept


def test_xmp_in_utf_16_is_kept():
    packet = XMP.decode().replace("Jane", "J\u00e4ne").encode("utf-16")
    kept = Picture(PIXELS, metadata=Metadata(xmp=packet)).encode(".png", keep_metadata=("xmp",))
    assert "J\u00e4ne Photographer".encode() in kept
