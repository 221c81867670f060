"""White space before a picture, and pictures that were handled as text."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from cutsmith.errors import PictureFormatUnsupported
from cutsmith.picture import Picture

PIXELS = np.full((20, 30, 3), (200, 90, 30), np.uint8)


def file(format_name):
    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(stream, format_name, **({"lossless": True} if format_name == "WEBP" else {}))
    return stream.getvalue()


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("before", [b"\n", b"\r\n\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf \t\n"])
def test_white_space_before_a_picture_is_passed_over(tmp_path, format_name, before):
    path = tmp_path / "from a script"
    path.write_bytes(before + file(format_name))
    for source in (before + file(format_name), path, io.BytesIO(before + file(format_name))):
        assert np.abs(Picture.read(source).pixels.astype(int) - PIXELS).max() < 6


def test_white_space_before_a_large_picture(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    stream = io.BytesIO(b"\n")
    stream.seek(1)
    Image.fromarray(noise).save(stream, "PNG")
    assert np.array_equal(Picture.read(stream.getvalue()).pixels, noise)
    stream.seek(0)
    assert np.array_equal(Picture.read(stream).pixels, noise)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (file("PNG").replace(b"\r\n", b"\n"), "handled as text"),
        (file("PNG").replace(b"\n", b"\r\n"), "handled as text"),
        (file("PNG").decode("latin-1").encode("utf-8"), "handled as text"),
        (file("JPEG").decode("utf-8", errors="replace").encode(), "handled as text"),
        (base64.b64encode(file("PNG")), "Base64"),
        (base64.b64encode(file("JPEG")), "Base64"),
        (b"data:image/png;base64," + base64.b64encode(file("PNG")), "data URI"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "error message of a server"),
        (b"\n\n<html><body>404</body></html>", "a web page"),
        (b" \n\t", "text"),
    ],
)
def test_a_picture_that_became_text_is_told_so(data, told):
    with pytest.raises(PictureFormatUnsupported, match=told):
        Picture.read(data)
