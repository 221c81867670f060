"""Files that are no picture as they stand, but hold, name or once were one: each is told for what it is."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from cutsmith.errors import PictureDamaged, PictureFormatUnsupported
from cutsmith.picture import Picture

NOISE = np.random.default_rng(3).integers(0, 256, (60, 80, 3), dtype=np.uint8)


def file(format_name):
    stream = io.BytesIO()
    Image.fromarray(NOISE).save(stream, format_name)
    return stream.getvalue()


def heif(*brands):
    body = brands[0] + bytes(4) + b"".join(brands)
    return (len(body) + 8).to_bytes(4, "big") + b"ftyp" + body + bytes(60)


BEHIND = {
    "the header of an answer": (b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n", "behind the header"),
    "a part of a form": (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n', "behind the header"),
    "a script's warning": (b"<br />\n<b>Warning</b>: x in <b>y.php</b><br />\n", "behind the message of a script"),
    "some zeros": (b"\0\0\0\0", "behind 4 other bytes"),
    "MacBinary's header": (b"\0\x09photo.jpg".ljust(128, b"\0"), "behind 128 other bytes"),
    "another white space": (b"\x0b", "behind 1 other byte"),
}


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize(("before", "told"), BEHIND.values(), ids=BEHIND)
def test_a_picture_behind_other_bytes_is_told(format_name, before, told):
    with pytest.raises(PictureFormatUnsupported, match=told) as caught:
        Picture.read(before + file(format_name))
    assert caught.value.remedy.startswith(("Save the body", "Mend the script", "Remove the bytes"))


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
@pytest.mark.parametrize("wrapped", [b"%s", b"\n%s", b'"%s"', b"\xef\xbb\xbf%s"])
def test_a_picture_in_base64_is_told(format_name, wrapped):
    for packed in (base64.b64encode(file(format_name)), base64.encodebytes(file(format_name))):
        with pytest.raises(PictureFormatUnsupported, match="Base64"):
            Picture.read(wrapped % packed)


OTHERS = {
    "hexadecimal digits": (file("PNG").hex().encode(), "hexadecimal"),
    "a data URI in quotes": (b'"data:image/png;base64,' + base64.b64encode(file("PNG")), "data URI"),
    "an error of PHP": (b"<br />\n<b>Fatal error</b>: out of memory", "message of a web server's script"),
    "a page with a comment first": (b"<!-- made by x -->\n<!DOCTYPE html><html>", "a web page"),
    "a shortcut of Windows": (b"[InternetShortcut]\r\nURL=https://example.org/a.png\r\n", "a shortcut"),
    "a link of Windows": (b"L\0\0\0\x01\x14\x02\0" + bytes(60), "a shortcut"),
    "macOS's companion": (b"\0\x05\x16\x07\0\x02\0\0Mac OS X        " + bytes(60), "companion that macOS"),
    "a folder's settings": (b"\0\0\0\x01Bud1" + bytes(60), "DS_Store"),
    "a folder's thumbnails": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), "Thumbs.db"),
    "text in UTF-16 without a mark": ("not a picture".encode("utf-16-le"), "UTF-16"),
    "an e-mail": (b"From: a\r\nContent-Transfer-Encoding: base64\r\n\r\nabc", "an e-mail"),
    "HEIF with AVC": (heif(b"avci", b"mif1"), r"AVC \(H.264\)"),
    "HEIF with JPEG": (heif(b"mif1", b"jpeg"), "coded in JPEG"),
    "HEIF with VVC": (heif(b"vvic", b"mif1"), "VVC"),
    "HEIF of an unknown kind": (heif(b"mif1"), "HEIF picture"),
    "an MNG": (b"\x8aMNG\r\n\x1a\n" + bytes(40), "MNG"),
    "a texture": (b"DDS |" + bytes(100), "DirectDraw"),
    "JPEG XR": (b"II\xbc\x01" + bytes(40), "JPEG XR"),
    "EPS with a preview": (b"\xc5\xd0\xd3\xc6" + bytes(40), "PostScript"),
    "a raw file": (b"FOVb" + bytes(40), "raw file"),
    "a film": (heif(b"isom", b"mp41"), "video"),
    "a list": (b'[{"a": 1}]', "JSON"),
}


@pytest.mark.parametrize(("data", "told"), OTHERS.values(), ids=OTHERS)
def test_what_is_no_picture_is_told_for_what_it_is(data, told):
    with pytest.raises(PictureFormatUnsupported, match=told):
        Picture.read(data)


@pytest.mark.parametrize("format_name", ["JPEG", "GIF"])
def test_pictures_sent_as_text_are_told(format_name):
    with pytest.raises(PictureDamaged, match="line breaks were changed"):
        Picture.read(file(format_name).replace(b"\n", b"\r\n"))


@pytest.mark.parametrize("data", [b"GIF89a", file("PNG")[:8], file("PNG")[:33]])
def test_a_file_that_ends_before_its_pixels_is_told_so(data):
    with pytest.raises(PictureDamaged, match="the file ends early"):
        Picture.read(data)
