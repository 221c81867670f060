"""What a result keeps of a photograph's metadata: nothing unless asked, and never what would be wrong in it."""

import io
import struct
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin
from PIL.PngImagePlugin import PngInfo

from cutsmith.errors import BadOption, OutputFormatUnsupported
from cutsmith.picture import Picture
from cutsmith.picture.metadata import Metadata, kept_metadata, photoshop_segment

PIXELS = np.random.default_rng(3).integers(0, 256, (40, 60, 3), dtype=np.uint8)
SERIAL, PLACE, CREATOR, CITY = b"SERIAL-4711", b"51.5", b"Jane Photographer", b"Oslo-Planted"
FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP")
SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "AVIF": ".avif", "TIFF": ".tif", "BMP": ".bmp"}

XMP = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:mine="urn:mine/"
 tiff:Orientation="6" exif:GPSLatitude="51.5N" exif:PixelXDimension="4000" mine:shop="4711">
<dc:creator><rdf:Seq><rdf:li>Jane Photographer</rdf:li></rdf:Seq></dc:creator>
<xmp:Thumbnails><rdf:Alt><rdf:li>iVBORw0KGgoAAAANS</rdf:li></rdf:Alt></xmp:Thumbnails>
<exif:GPSLongitude>10.7E</exif:GPSLongitude></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
IPTC = b"\x1c\x02\x5a" + struct.pack(">H", len(CITY)) + CITY


def exif(orientation=6):
    block = Image.Exif()
    block[0x010F], block[0x0112], block[0x013B] = "Camera Works", orientation, CREATOR.decode()
    block[0x011A] = block[0x011B] = 240.0
    block[0x0128] = 2
    block[0x8769] = {
        0xA431: SERIAL.decode(),
        0x9003: "2026:11:26 10:00:00",
        0x927C: b"maker" * 20,
        0xA002: 4000,
        0xA001: 1,
    }
    block[0x8825] = {1: "N", 2: (51.0, 30.0, 0.0), 3: "E", 4: (10.0, 42.0, 0.0)}
    return block


def photograph(format_name="JPEG", *, orientation=6):
    """A file with all kinds of metadata that its format has."""
    stream = io.BytesIO()
    image = Image.fromarray(PIXELS)
    options = {"exif": exif(orientation)}
    if format_name == "PNG":
        texts = PngInfo()
        texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
        texts.add_text("Author", CREATOR.decode())
        options["pnginfo"] = texts
    elif format_name == "TIFF":
        block = exif(orientation)
        block[700], block[33723] = XMP, IPTC
        options["exif"] = block.tobytes()
    else:
        options["xmp"] = XMP
    if format_name == "JPEG":
        options |= {"extra": photoshop_segment(IPTC), "comment": b"comment by " + CREATOR, "dpi": (240, 240)}
    image.save(stream, format_name, **options)
    return stream.getvalue()


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def xmp_of(image):
    found = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if found is None and hasattr(image, "tag_v2"):
        found = image.tag_v2.get(700)
    return found.encode() if isinstance(found, str) else found


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_nothing_is_kept_unless_it_is_asked_for(source, target):
    picture = Picture.read(photograph(source))
    assert picture.metadata
    data = picture.encode(SUFFIXES[target])
    for planted in (SERIAL, CREATOR, CITY, b"GPS", b"Camera Works", b"Jane", b"4711"):
        assert planted not in data


@pytest.mark.parametrize("target", ["PNG", "JPEG", "WEBP", "AVIF"])
@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_exif_is_kept_without_the_place_and_with_what_is_true_of_the_result(source, target):
    picture = Picture.read(photograph(source))
    kept = opened(picture.encode(SUFFIXES[target], keep_metadata=("exif",))).getexif()
    assert kept[0x010F] == "Camera Works"
    assert kept[0x013B] == CREATOR.decode()
    assert 0x0112 not in kept
    assert not kept.get_ifd(0x8825)
    camera = kept.get_ifd(0x8769)
    assert camera[0xA431] == SERIAL.decode()
    assert (camera[0xA002], camera[0xA003]) == (picture.width, picture.height)
    assert 0x927C not in camera


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_result_with_kept_exif_is_not_turned_again(orientation):
    picture = Picture.read(photograph(orientation=orientation))
    again = Picture.read(picture.encode(".png", keep_metadata=("exif", "xmp")))
    np.testing.assert_array_equal(again.pixels, picture.pixels)


@pytest.mark.parametrize("target", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_the_place_is_kept_alone_or_with_the_rest(target):
    picture = Picture.read(photograph())
    alone = opened(picture.encode(SUFFIXES[target], keep_metadata=("gps",))).getexif()
    assert alone.get_ifd(0x8825)[1] == "N"
    assert 0x010F not in alone
    both = opened(picture.encode(SUFFIXES[target], keep_metadata=("exif", "gps"))).getexif()
    assert both.get_ifd(0x8825)[1] == "N"
    assert both[0x010F] == "Camera Works"


@pytest.mark.parametrize("target", ["PNG", "JPEG", "WEBP", "AVIF", "TIFF"])
def test_xmp_is_kept_without_orientation_sizes_thumbnails_and_place(target):
    data = Picture.read(photograph()).encode(SUFFIXES[target], keep_metadata=("xmp",))
    packet = xmp_of(opened(data))
    assert b"Jane Photographer" in packet
    assert b'mine:shop="4711"' in packet
    for left_out in (b"Orientation", b"PixelXDimension", b"Thumbnails", b"iVBOR", b"GPS"):
        assert left_out not in packet
    ElementTree.fromstring(packet)
    with_place = Picture.read(photograph()).encode(".jpg", keep_metadata=("xmp", "gps"))
    assert b"GPSLatitude" in xmp_of(opened(with_place))


def test_iptc_is_kept_in_jpeg_and_tiff():
    picture = Picture.read(photograph())
    assert picture.metadata.iptc == IPTC
    assert Picture.read(picture.encode(".jpg", keep_metadata=("iptc",))).metadata.iptc == IPTC
    assert Picture.read(picture.encode(".tif", keep_metadata=("iptc", "xmp"))).metadata.iptc == IPTC


@pytest.mark.parametrize(
    ("suffix", "names"), [(".png", ("iptc",)), (".webp", ("exif", "iptc")), (".bmp", ("xmp",)), (".tif", ("exif",))]
)
def test_a_format_without_a_place_for_it_refuses(suffix, names):
    with pytest.raises(OutputFormatUnsupported, match="cannot keep"):
        Picture.read(photograph()).encode(suffix, keep_metadata=names)


@pytest.mark.parametrize("names", [("all",), ("EXIF",), ("exif", "makernote"), "exif"])
def test_an_unknown_kind_is_refused(names):
    with pytest.raises(BadOption):
        Picture.read(photograph()).encode(".jpg", keep_metadata=names)


def test_kept_metadata_and_provenance_stand_together():
    data = Picture.read(photograph()).encode(".jpg", keep_metadata=("exif",), metadata={"model": "isnet"})
    kept = opened(data).getexif()
    assert kept[0x010F] == "Camera Works"
    assert kept[0x0131] == "Cutsmith"


@pytest.mark.parametrize("suffix", [".webp", ".avif"])
def test_the_resolution_is_written_into_exif_and_read_again(suffix):
    dpi = (300.0, 150.5)
    again = Picture.read(Picture(PIXELS, dpi=dpi).encode(suffix))
    assert again.dpi == pytest.approx(dpi, rel=1e-4)


@pytest.mark.parametrize("suffix", [".webp", ".avif", ".jpg", ".png", ".tif", ".bmp"])
def test_the_result_has_its_own_resolution_whatever_is_kept(suffix):
    picture = Picture.read(photograph("TIFF", orientation=1))
    assert picture.dpi == pytest.approx((240, 240))
    names = {".tif": ("xmp",), ".bmp": ()}.get(suffix, ("exif", "gps"))
    assert Picture.read(picture.encode(suffix, keep_metadata=names)).dpi == pytest.approx((240, 240), rel=1e-3)


def test_a_resolution_in_centimetres_is_understood():
    block = Image.Exif()
    block[0x011A], block[0x011B], block[0x0128] = 100.0, 100.0, 3
    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(stream, "WEBP", exif=block)
    assert Picture.read(stream.getvalue()).dpi == pytest.approx((254, 254))


HOSTILE = {
    "broken EXIF": Metadata(exif=b"II*\0" + b"\xff" * 40),
    "no EXIF at all": Metadata(exif=b"nonsense"),
    "XMP that is no XML": Metadata(xmp=b"<x:xmpmeta"),
    "XMP with entities": Metadata(xmp=b'<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;&b;</a>'),
    "XMP in an unknown encoding": Metadata(xmp=b"\xff\xfe<\0a\0"),
    "deep XMP": Metadata(xmp=b"<a>" * 5000),
}


@pytest.mark.parametrize("found", HOSTILE.values(), ids=HOSTILE)
def test_broken_metadata_is_left_out(found):
    kept = kept_metadata(found, ("exif", "xmp", "gps"), 10, 10, is_srgb=True)
    assert not kept.xmp
    assert not kept.exif or b"nonsense" not in kept.exif
    Picture(PIXELS, metadata=found).encode(".jpg", keep_metadata=("exif", "xmp", "gps"))


def test_the_thumbnail_in_exif_is_never_kept():
    plain = photograph()
    small = io.BytesIO()
    Image.fromarray(PIXELS[::4, ::4]).save(small, "JPEG")
    source = Picture.read(plain)
    block = source.metadata.exif + b"" + small.getvalue()
    with_thumbnail = Picture(PIXELS, metadata=Metadata(exif=block))
    data = with_thumbnail.encode(".png", keep_metadata=("exif",))
    assert small.getvalue()[:20] not in data


def test_results_carry_the_sources_metadata():
    picture = Picture.read(photograph())
    assert JpegImagePlugin  # the format is there
    assert picture.metadata.exif
    assert picture.without_hidden_colours().metadata is picture.metadata
