"""Every bad input is a typed error that says what was found, what was wanted and what to do."""

import io
import os
import struct
import subprocess
import sys
import warnings
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from PIL import Image

from cutsmith.errors import (
    PictureDamaged,
    PictureEmpty,
    PictureFormatUnsupported,
    PictureIsFolder,
    PictureNotFound,
    PictureTooLarge,
    PictureTooSmall,
    PictureUnreadable,
)
from cutsmith.picture import Picture
from cutsmith.picture.decoded import damage_named
from cutsmith.picture.pillow_decoder import _pillow_allowing


def test_a_missing_file_and_names_near_to_it(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(PictureNotFound, match=r"Did you mean photo\.jpg"):
        Picture.read(tmp_path / "foto.jpg")
    with pytest.raises(PictureNotFound, match="no folder"):
        Picture.read(tmp_path / "nowhere" / "photo.jpg")
    with pytest.raises(PictureNotFound):
        Picture.read(tmp_path / "photo.jpg" / "inside.jpg")


def test_a_folder(tmp_path):
    with pytest.raises(PictureIsFolder, match="is a folder"):
        Picture.read(tmp_path)


def test_an_empty_file(tmp_path):
    path = tmp_path / "empty.jpg"
    path.touch()
    with pytest.raises(PictureEmpty, match="0 bytes"):
        Picture.read(path)
    with pytest.raises(PictureEmpty):
        Picture.read(b"")


def test_a_name_that_no_system_takes():
    with pytest.raises(PictureUnreadable):
        Picture.read("a\0b.jpg")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff")
    path.chmod(0)
    with pytest.raises(PictureUnreadable, match="may not be read"):
        Picture.read(path)


@pytest.mark.parametrize(
    ("content", "description"),
    [
        (b"Dear all,\nplease find the photo attached.\n", "text"),
        ("Größe: 茶碗\n".encode() * 400, "text"),
        ("Notepad".encode("utf-16"), "text"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"<!DOCTYPE html><html><body>404", "HTML"),
        (b'{"error": "not found"}', "JSON"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + b"\xab" * 90, "MP4"),
        (b"\0\0\0\x14ftypqt  \0\0\2\0qt  " + b"\xab" * 90, "QuickTime"),
        (b"\x1aE\xdf\xa3" + b"\x93" * 60, "Matroska"),
        (b"RIFF\x10\0\0\0AVI LIST", "AVI"),
        (b"PK\x03\x04" + b"\x9a" * 40, "ZIP"),
        (b"8BPS\0\x01" + bytes(30), "Photoshop"),
        (b"II*\0\x10\0\0\0CR\2\0" + bytes(30), "raw"),
        (bytes(5000), "zeros"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:", "Git LFS"),
        (b"BMW is a maker of cars, and this is text.", "text"),
        (b"\x01\x02\x03\x04" * 30, "01 02 03 04"),
    ],
)
def test_what_the_bytes_look_like(tmp_path, content, description):
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(PictureFormatUnsupported) as caught:
        Picture.read(path)
    assert description in str(caught.value)
    assert str(path) in caught.value.what


def test_formats_that_pillow_reads_and_we_do_not(quadrants, pillow_file):
    for format_name in ("PCX", "SGI", "DDS", "DIB"):
        with pytest.raises(PictureFormatUnsupported):
            Picture.read(pillow_file(Image.fromarray(quadrants), format_name))


def test_the_name_does_not_count(tmp_path, quadrants, pillow_file):
    path = tmp_path / "photo.txt"
    path.write_bytes(pillow_file(Image.fromarray(quadrants), "PNG"))
    assert np.array_equal(Picture.read(path).pixels, quadrants)


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_file(noise, pillow_file, format_name, share):
    data = pillow_file(Image.fromarray(noise(64, 64, 3)), format_name)
    with pytest.raises(PictureDamaged, match="truncated or corrupt"):
        Picture.read(data[: int(len(data) * share)])


@pytest.mark.parametrize("magic", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0", b"RIFF\0\0\0\0WEBP"])
def test_nothing_behind_the_first_bytes(magic):
    for rest in (b"", bytes(100), b"\xff" * 100):
        with pytest.raises((PictureDamaged, PictureTooSmall, PictureTooLarge)):
            Picture.read(magic + rest)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (3, 3), (100, 3)])
def test_too_small(pillow_file, size):
    with pytest.raises(PictureTooSmall, match=rf"at least 4 pixels on each side, but is {size[0]} x {size[1]}"):
        Picture.read(pillow_file(Image.new("RGB", size), "PNG"))


def test_a_decompression_bomb_is_refused_on_its_header(png_file):
    with pytest.raises(PictureTooLarge, match=r"at most 100,000,000 pixels, but has .* = 2,500,000,000"):
        Picture.read(png_file(50_000, 50_000, 8, 2, bytes(1000)))


def test_more_than_max_pixels(quadrants, pillow_file):
    data = pillow_file(Image.fromarray(quadrants), "PNG")
    with pytest.raises(PictureTooLarge, match="at most 3,071 pixels") as caught:
        Picture.read(data, max_pixels=3071)
    assert [(cure.action, cure.option, cure.value) for cure in caught.value.cures] == [("set", "max_pixels", "3072")]
    assert Picture.read(data, max_pixels=3072).width == 64


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
def test_a_limit_above_pillows_own_is_honoured(quadrants, pillow_file, monkeypatch, format_name):
    data = pillow_file(Image.fromarray(quadrants), format_name)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # Pillow refuses more than twice this
    assert Picture.read(data, max_pixels=3072).width == 64
    assert Image.MAX_IMAGE_PIXELS == 100


def test_a_limit_that_two_threads_lift_is_put_back(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    seen = []

    def lift_further():
        with _pillow_allowing(9000):
            seen.append(Image.MAX_IMAGE_PIXELS)

    with _pillow_allowing(3000):
        other = Thread(target=lift_further)
        other.start()
        other.join(0.2)
        assert Image.MAX_IMAGE_PIXELS == 3000
    other.join()
    assert seen == [9000]
    assert Image.MAX_IMAGE_PIXELS == 100


def test_threads_that_read_at_once_leave_pythons_warnings_as_they_were():
    filters = list(warnings.filters)
    first, second = damage_named("first"), damage_named("second")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert warnings.filters[0][0] == "ignore"  # the second still reads
    second.__exit__(None, None, None)
    assert warnings.filters == filters


def test_a_tiff_that_lacks_rows(noise, pillow_file):
    data = bytearray(pillow_file(Image.fromarray(noise(16, 16, 3)), "TIFF"))
    at = data.find(struct.pack("<HHI", 257, 4, 1))
    at = at if at >= 0 else data.find(struct.pack("<HHI", 257, 3, 1))
    struct.pack_into("<I", data, at + 8, 4000)
    with pytest.raises(PictureDamaged):
        Picture.read(bytes(data))


def test_a_heic_that_would_end_the_process():
    pytest.importorskip("pi_heif")
    data = bytearray((Path(__file__).parent / "heic" / "orientation_8.heic").read_bytes())
    second = data.find(b"infe", data.find(b"infe") + 4)
    data[second + 12 : second + 16] = b"\xff\xff\xff\x7f"
    # In a process of its own: where the guard fails, it is this one that ends.
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys\nfrom cutsmith.errors import PictureDamaged\nfrom cutsmith.picture import Picture\n"
            "try:\n    Picture.read(sys.stdin.buffer.read())\nexcept PictureDamaged:\n    print('damaged')",
        ],
        input=bytes(data),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, b"damaged")


def test_streams_and_standard_input(quadrants, pillow_file):
    data = pillow_file(Image.fromarray(quadrants), "PNG")
    assert Picture.read(io.BytesIO(data)).source == "<stream>"
    assert Picture.read(data).source == "<bytes>"
    with pytest.raises(TypeError, match="binary"):
        Picture.read(io.StringIO("text"))
    with pytest.raises(TypeError, match="not int"):
        Picture.read(7)
    code = "from cutsmith.picture import Picture; p = Picture.read('-'); print(p.source, p.width, p.height)"
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    assert done.stdout.split() == [b"<stdin>", b"64", b"48"]
    empty = subprocess.run([sys.executable, "-c", code], input=b"", capture_output=True, check=False)
    assert b"PictureEmpty" in empty.stderr


def test_a_film_is_not_read_as_a_whole(tmp_path):
    path = tmp_path / "film.jpg"
    with path.open("wb") as stream:
        stream.write(b"\0\0\0\x20ftypisom")
        stream.truncate(1 << 40)  # a terabyte with a hole in it
    with pytest.raises(PictureFormatUnsupported, match="video"):
        Picture.read(path)
