"""What a result keeps of a photograph's metadata: nothing unless asked, and never what would be wrong in it."""

import io
import struct
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from cutsmith.errors import BadOption, OutputFormatUnsupported
from cutsmith.picture import Picture
from cutsmith.picture.iptc_records import photoshop_segment
from cutsmith.picture.metadata import Metadata, kept_metadata
from tests.core.picture.xmp_sample import XMP

PIXELS = np.random.default_rng(3).integers(0, 256, (40, 60, 3), dtype=np.uint8)
SERIAL, PLACE, CREATOR, CITY = b"SERIAL-4711", b"51.5", b"Jane Photographer", b"Oslo-Planted"
FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP")
SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "AVIF": ".avif", "TIFF": ".tif", "BMP": ".bmp"}

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


@pytest.mark.parametrize("target", ["PNG", "JPEG", "WEBP", "AVIF", "TIFF"])
@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_exif_is_kept_without_the_place_and_with_what_is_true_of_the_result(source, target):
    picture = Picture.read(photograph(source))
    kept = opened(picture.encode(SUFFIXES[target], keep_metadata=("exif",))).getexif()
    assert kept[0x010F] == "Camera Works"
    assert kept[0x013B] == CREATOR.decode()
    assert kept.get(0x0112, 1) == 1  # a TIFF says that it is upright
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


@pytest.mark.parametrize("target", ["PNG", "JPEG", "WEBP", "AVIF", "TIFF"])
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


def test_iptc_is_kept_in_jpeg_png_and_tiff():
    picture = Picture.read(photograph())
    assert picture.metadata.iptc == IPTC
    assert Picture.read(picture.encode(".jpg", keep_metadata=("iptc",))).metadata.iptc == IPTC
    assert Picture.read(picture.encode(".png", keep_metadata=("iptc",))).metadata.iptc == IPTC
    assert Picture.read(picture.encode(".tif", keep_metadata=("iptc", "xmp"))).metadata.iptc == IPTC


@pytest.mark.parametrize(("suffix", "names"), [(".avif", ("iptc",)), (".webp", ("exif", "iptc")), (".bmp", ("xmp",))])
def test_a_format_without_a_place_for_it_refuses(suffix, names):
    with pytest.raises(OutputFormatUnsupported, match="cannot keep"):
        Picture.read(photograph()).encode(suffix, keep_metadata=names)


@pytest.mark.parametrize("names", [("all",), ("EXIF",), ("exif", "makernote"), "exif"])
def test_an_unknown_kind_is_refused(names):
    with pytest.raises(BadOption):
        Picture.read(photograph()).encode(".jpg", keep_metadata=names)


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_kept_metadata_and_provenance_stand_together(suffix):
    data = Picture.read(photograph()).encode(suffix, keep_metadata=("exif",), metadata={"model": "isnet"})
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
    names = () if suffix == ".bmp" else ("exif", "gps")
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
    "cut-off XMP": Metadata(xmp=b"<a>" * 5000),
    "deep XMP": Metadata(xmp=b"<a>" * 50_000 + b"</a>" * 50_000),
    "wide XMP": Metadata(xmp=b"<a>" + b"<b/>" * 1_000_000 + b"</a>"),
}


@pytest.mark.parametrize("found", HOSTILE.values(), ids=HOSTILE)
def test_broken_metadata_is_left_out(found):
    kept, _ = kept_metadata(found, ("exif", "xmp", "gps"), "PNG", 10, 10, is_srgb=True)
    assert not kept.xmp
    assert not kept.exif or b"nonsense" not in kept.exif
    Picture(PIXELS, metadata=found).encode(".jpg", keep_metadata=("exif", "xmp", "gps"))


def with_second_directory(block, thumbnail):
    """`block` with IFD1, which points at `thumbnail`."""
    order = "<" if block.startswith(b"II") else ">"
    (first,) = struct.unpack_from(f"{order}I", block, 4)
    (count,) = struct.unpack_from(f"{order}H", block, first)
    link, at = first + 2 + 12 * count, len(block)
    entries = struct.pack(f"{order}HHII", 513, 4, 1, at + 30) + struct.pack(f"{order}HHII", 514, 4, 1, len(thumbnail))
    directory = struct.pack(f"{order}H", 2) + entries + bytes(4)
    return block[:link] + struct.pack(f"{order}I", at) + block[link + 4 :] + directory + thumbnail


def test_the_thumbnail_in_exif_is_never_kept():
    plain = photograph()
    small = io.BytesIO()
    Image.fromarray(PIXELS[::4, ::4]).save(small, "JPEG")
    source = Picture.read(plain)
    with_thumbnail = Picture(
        PIXELS, metadata=Metadata(exif=with_second_directory(source.metadata.exif, small.getvalue()))
    )
    assert small.getvalue() in with_thumbnail.metadata.exif
    data = with_thumbnail.encode(".png", keep_metadata=("exif",))
    assert small.getvalue()[:20] not in data
    kept = Picture.read(data).metadata.exif
    (first,) = struct.unpack_from(">I" if kept.startswith(b"MM") else "<I", kept, 4)
    (count,) = struct.unpack_from(">H" if kept.startswith(b"MM") else "<H", kept, first)
    assert kept[first + 2 + 12 * count :][:4] == bytes(4)  # no second directory


def test_results_carry_the_sources_metadata():
    picture = Picture.read(photograph())
    assert picture.metadata.exif
    assert picture.without_hidden_colours().metadata is picture.metadata


def texts_as_imagemagick_writes_them():
    def profile(name, block):
        digits = block.hex()
        lines = [digits[at : at + 72] for at in range(0, len(digits), 72)]
        return "\n".join(["", name, f"{len(block):8d}", *lines, ""])

    resources = b"8BIM\x04\x25\0\0\0\0\0\x02hh" + photoshop_segment(IPTC)[18:]  # another one first
    texts = PngInfo()
    texts.add_text("Raw profile type exif", profile("exif", exif().tobytes()), zip=True)
    texts.add_text("Raw profile type xmp", profile("xmp", XMP), zip=True)
    texts.add_text("Raw profile type iptc", profile("iptc", resources), zip=True)
    return texts


@pytest.mark.parametrize("byte_order", ["II", "MM"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_tiff_with_all_metadata_has_its_pixels_profile_and_tags_in_order(dtype, byte_order):
    source = Picture.read(photograph("TIFF" if byte_order == "II" else "JPEG")).metadata
    pixels = PIXELS.astype(dtype) * (257 if dtype == np.uint16 else 1)
    picture = Picture(pixels, np.full((40, 60), 0.5, np.float32), dpi=(300, 300), metadata=replace(source, iptc=IPTC))
    assert picture.metadata.exif.startswith(byte_order.encode())
    data = picture.encode(".tif", keep_metadata=("exif", "gps", "xmp", "iptc"))
    assert data.startswith(byte_order.encode())
    again = Picture.read(data)
    np.testing.assert_array_equal(again.pixels, pixels)
    assert again.alpha.max() == pytest.approx(0.5, abs=0.01)
    assert again.dpi == pytest.approx((300, 300))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        (page,) = file.pages
        codes = [tag.code for tag in page.tags]
        assert codes == sorted(set(codes))
        assert {700, 33723, 34665, 34853} <= set(codes)
        np.testing.assert_array_equal(page.asarray()[..., :3], pixels)


def test_raw_profiles_of_a_png_are_read():
    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(stream, "PNG", pnginfo=texts_as_imagemagick_writes_them())
    picture = Picture.read(stream.getvalue())
    kept = opened(picture.encode(".jpg", keep_metadata=("exif", "xmp", "iptc")))
    assert kept.getexif()[0x010F] == "Camera Works"
    assert b"Jane Photographer" in xmp_of(kept)
    assert kept.info["photoshop"][0x0404] == IPTC
    assert SERIAL not in picture.encode(".png")


def test_raw_profiles_that_are_none_are_passed_over():
    texts = PngInfo()
    for name, text in (
        ("exif", "\nexif\n  99\nxyz\n"),
        ("xmp", "no lines"),
        ("iptc", "\niptc\nmany\n00\n"),
        ("APP1", ""),
    ):
        texts.add_text(f"Raw profile type {name}", text, zip=True)
    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(stream, "PNG", pnginfo=texts)
    assert Picture.read(stream.getvalue()).metadata is None


def tiff(**options):

    stream = io.BytesIO()
    tifffile.imwrite(stream, PIXELS, photometric="rgb", metadata=None, **options)
    return stream.getvalue()


@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_layers_maps_and_private_tags_of_a_tiff_are_never_kept(byteorder, bigtiff):
    layers = b"Adobe Photoshop Document Data Block\0 the uncut picture"
    tags = [
        (271, "s", 0, "Camera Works", True),
        (33922, "d", 6, (0.0, 0.0, 0.0, 10.7, 59.9, 0.0), True),  # GeoTIFF: where its corner lies
        (34737, "s", 0, "Oslo-Planted|", True),
        (37724, 7, len(layers), layers, True),
        (50740, 7, 12, b"maker-notes!", True),
        (700, "B", len(XMP), XMP, True),
    ]
    picture = Picture.read(tiff(byteorder=byteorder, bigtiff=bigtiff, extratags=tags))
    data = picture.encode(".webp", keep_metadata=("exif",))
    assert opened(data).getexif()[0x010F] == "Camera Works"
    for planted in (b"Oslo-Planted", b"uncut", b"maker-notes", b"Jane"):
        assert planted not in data
    assert b"Jane Photographer" in picture.encode(".webp", keep_metadata=("xmp",))


def test_a_tiff_that_claims_a_huge_packet_is_read_in_little_memory():
    import tracemalloc

    stream = io.BytesIO()
    deep = PIXELS.astype(np.float32) / 255
    tifffile.imwrite(stream, deep, photometric="rgb", metadata=None, extratags=[(700, "I", 1, 3_000_000_000, True)])
    tracemalloc.start()
    picture = Picture.read(stream.getvalue())
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()
    assert picture.width == 60


def test_xmp_of_a_tiff_of_floats_may_be_a_text():

    stream = io.BytesIO()
    deep = PIXELS.astype(np.float32) / 255
    tifffile.imwrite(stream, deep, photometric="rgb", metadata=None, extratags=[(700, "s", 0, XMP.decode(), True)])
    assert Picture.read(stream.getvalue()).metadata.xmp.rstrip(b"\0") == XMP


def test_iptc_of_a_tiff_may_be_whole_numbers():
    records = IPTC + bytes(-len(IPTC) % 4)
    numbers = struct.unpack(f"<{len(records) // 4}I", records)
    picture = Picture.read(tiff(extratags=[(33723, "I", len(numbers), numbers, True)]))
    assert Picture.read(picture.encode(".jpg", keep_metadata=("iptc",))).metadata.iptc == IPTC


def test_previews_in_iptc_are_never_kept():
    preview = b"\x1c\x02\xca" + struct.pack(">H", 5) + b"UNCUT"
    long_one = b"\x1c\x02\xca\x80\x04" + struct.pack(">I", 9) + b"LONGUNCUT"
    after = b"\x1c\x02\x50\0\x03Bob"
    picture = Picture(PIXELS, metadata=Metadata(iptc=IPTC + preview + long_one + after))
    assert Picture.read(picture.encode(".jpg", keep_metadata=("iptc",))).metadata.iptc == IPTC + after


TOO_LONG = {
    "EXIF": Metadata(exif=b"II*\0\x08\0\0\0\1\0\x0e\1\2\0" + struct.pack("<II", 70_000, 26) + bytes(4) + b"a" * 70_000),
    "XMP": Metadata(xmp=XMP.replace(b"4711", b"4" * 70_000)),
    "IPTC": Metadata(iptc=(b"\x1c\x02\x5a\x7f\xff" + b"i" * 32_767) * 3),
}


@pytest.mark.parametrize("kind", TOO_LONG)
def test_what_is_too_long_for_a_jpeg_is_left_out_and_told(kind):
    picture = Picture(PIXELS, metadata=TOO_LONG[kind])
    names = ("exif", "xmp", "iptc")
    assert Picture.read(picture.encode(".jpg", keep_metadata=names)).metadata is None
    assert picture.lost_metadata(".jpg", names) == (f"the {kind} data is too long for a JPEG, and not kept",)
    assert picture.lost_metadata(".jpg", ()) == ()
    assert kind == "IPTC" or picture.lost_metadata(".png", ("exif", "xmp")) == ()


@pytest.mark.parametrize("name", ["no EXIF at all", "XMP that is no XML", "XMP with entities", "deep XMP"])
def test_what_is_damaged_is_told(name):
    (told,) = Picture(PIXELS, metadata=HOSTILE[name]).lost_metadata(".png", ("exif", "xmp"))
    assert told == f"the {'EXIF' if 'EXIF' in name else 'XMP'} data is damaged, and not kept"


def test_the_second_part_of_a_jpegs_xmp_is_told():
    packet = XMP.replace(b"tiff:Orient", b'xmlns:n="http://ns.adobe.com/xmp/note/" n:HasExtendedXMP="AB" tiff:Orient')
    (told,) = Picture(PIXELS, metadata=Metadata(xmp=packet)).lost_metadata(".png", ("xmp",))
    assert "beyond 64 KB" in told
