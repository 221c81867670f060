"""Icons: the largest picture, whatever the directory says."""

import struct

import numpy as np
import pytest
from PIL import Image

from cutsmith.errors import PictureDamaged, PictureFormatUnsupported, PictureTooLarge
from cutsmith.picture import Picture

SIZES = [(16, 16), (64, 64), (32, 32)]


def _icon(*pictures, width=16, bits=32):
    """An icon of PNG files or bitmaps, each of which the directory calls `width` wide."""
    at = 6 + 16 * len(pictures)
    entries = b""
    for picture in pictures:
        entries += struct.pack("<BBBBHHII", width, width, 0, 0, 1, bits, len(picture), at)
        at += len(picture)
    return struct.pack("<HHH", 0, 1, len(pictures)) + entries + b"".join(pictures)


def _bitmap(colours, alpha):
    """A bitmap of 32 bits as icons have it: doubled height, and a mask that is all 0."""
    height, width = alpha.shape
    header = struct.pack("<IiiHHIIiiII", 40, width, 2 * height, 1, 32, 0, 0, 0, 0, 0, 0)
    rows = np.dstack([colours[..., ::-1], alpha])[::-1].tobytes()
    return header + rows + bytes((width + 31) // 32 * 4 * height)


@pytest.mark.parametrize("kind", ["png", "bmp"])
def test_the_largest_is_read_without_a_warning(noise, pillow_file, kind):
    samples = noise(64, 64, 4)
    picture = Picture.read(pillow_file(Image.fromarray(samples), "ICO", sizes=SIZES, bitmap_format=kind))
    assert np.array_equal(picture.pixels, samples[..., :3])
    assert np.array_equal(np.rint(picture.alpha * 255), samples[..., 3])
    assert picture.warnings == ()


def test_a_png_counts_by_its_own_size_and_keeps_16_bits(noise, pillow_file):
    small = pillow_file(Image.fromarray(noise(16, 16, 3)), "PNG")
    deep = noise(300, 400, 3, dtype=np.uint16)
    picture = Picture.read(_icon(small, Picture(deep).encode(".png")))
    assert np.array_equal(picture.pixels, deep)


@pytest.mark.parametrize("bits", [32, 0])
def test_a_bitmap_counts_by_its_own_size_and_depth(noise, bits):
    colours, alpha = noise(20, 20, 3), noise(20, 20)
    picture = Picture.read(_icon(_bitmap(colours[:8, :8], alpha[:8, :8]), _bitmap(colours, alpha), bits=bits))
    assert np.array_equal(picture.pixels, colours)
    assert np.array_equal(np.rint(picture.alpha * 255), alpha)


def test_an_alpha_that_is_0_everywhere_is_unused(noise):
    colours = noise(20, 20, 3)
    picture = Picture.read(_icon(_bitmap(colours, np.zeros((20, 20), np.uint8))))
    assert picture.alpha is None
    assert np.array_equal(picture.pixels, colours)


def test_limits_hold_for_what_is_inside(png_file):
    with pytest.raises(PictureTooLarge):
        Picture.read(_icon(png_file(50_000, 50_000, 8, 2, bytes(1000))))
    with pytest.raises(PictureTooLarge):
        Picture.read(_icon(struct.pack("<IiiHHIIiiII", 40, 30_000, 60_000, 1, 32, 0, 0, 0, 0, 0, 0)))


@pytest.mark.parametrize("kind", ["png", "bmp"])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_a_truncated_file(noise, pillow_file, kind, share):
    data = pillow_file(Image.fromarray(noise(64, 64, 4)), "ICO", sizes=[(64, 64)], bitmap_format=kind)
    with pytest.raises(PictureDamaged):
        Picture.read(data[: max(int(len(data) * share), 22)])


def test_a_cursor_and_a_film_are_no_icons(noise, pillow_file):
    data = pillow_file(Image.fromarray(noise(16, 16, 4)), "ICO", sizes=[(16, 16)])
    with pytest.raises(PictureFormatUnsupported, match="cursor"):
        Picture.read(data[:2] + b"\2" + data[3:])
    with pytest.raises(PictureFormatUnsupported):
        Picture.read(b"\0\0\1\0" + b"\xb3\x14\x00\xf0" * 20)  # the start of a picture in an MPEG stream
