"""TGA, which has no magic number: it is read, and nothing else is taken for one."""

import struct

import numpy as np
import pytest
from PIL import Image

from cutsmith.errors import PictureDamaged, PictureFormatUnsupported, PictureTooLarge, PictureTooSmall
from cutsmith.picture import Picture
from cutsmith.picture.weak_signatures import is_tga


def _header(width=64, height=48, kind=2, bits=24, flags=0, *, map_length=0):
    map_bits = 24 if map_length else 0
    return struct.pack(
        "<BBBHHBHHHHBB", 0, map_length > 0, kind, 0, map_length, map_bits, 0, 0, width, height, bits, flags
    )


@pytest.mark.parametrize("compression", [None, "tga_rle"])
@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA"])
def test_each_kind_of_pixel(noise, pillow_file, mode, compression):
    image = Image.fromarray(noise(20, 30, 4) // 64 * 64)
    image = image.convert("RGB").convert("P", palette=Image.Palette.ADAPTIVE) if mode == "P" else image.convert(mode)
    picture = Picture.read(pillow_file(image, "TGA", compression=compression))
    assert np.array_equal(picture.pixels, np.asarray(image.convert("RGB")))
    if mode in ("LA", "RGBA"):
        assert np.array_equal(np.rint(picture.alpha * 255), np.asarray(image)[..., -1])
    else:
        assert picture.alpha is None


def test_rows_from_the_bottom_and_from_the_top(quadrants, pillow_file):
    for orientation in (1, -1):
        data = pillow_file(Image.fromarray(quadrants), "TGA", orientation=orientation)
        assert np.array_equal(Picture.read(data).pixels, quadrants)


def test_a_file_without_a_footer(quadrants):
    """The first version of the format ends with its pixels."""
    assert np.array_equal(Picture.read(_header() + quadrants[::-1, :, ::-1].tobytes()).pixels, quadrants)


@pytest.mark.parametrize("flags", [0, 8])
def test_an_alpha_that_is_0_everywhere_is_unused(quadrants, flags):
    stored = np.dstack([quadrants[::-1, :, ::-1], np.zeros((48, 64), np.uint8)])
    picture = Picture.read(_header(bits=32, flags=flags) + stored.tobytes())
    assert picture.alpha is None
    assert np.array_equal(picture.pixels, quadrants)


@pytest.mark.parametrize("compression", [None, "tga_rle"])
def test_damage_and_limits(noise, pillow_file, compression):
    data = pillow_file(Image.fromarray(noise(20, 30, 3)), "TGA", compression=compression)
    with pytest.raises(PictureDamaged):
        Picture.read(data[: len(data) // 2])
    with pytest.raises(PictureTooLarge):
        Picture.read(data, max_pixels=599)
    with pytest.raises(PictureTooLarge):
        Picture.read(_header(65535, 65535) + bytes(1000))
    with pytest.raises(PictureTooSmall):
        Picture.read(_header(3, 9) + bytes(81))


@pytest.mark.parametrize(
    "head",
    [
        bytes(100),
        b"\0\0\2\0\1\0\x20\x20\0\0\0\0\x30\0\0\0\x16\0" + bytes(80),  # a Windows cursor
        b"\0\1\0\0\0\x11\1\0\0\4\0\x10GDEF" + bytes(80),  # a TrueType font
        b"\0\0\1\xba\x44\0\4\0\4\1" + bytes(80),  # an MPEG stream
        b"\0\0\0\x14ftypqt  " + bytes(80),
        _header(kind=4),
        _header(bits=17),
        _header(flags=0x40),
        _header(width=0),
        _header(kind=1, bits=8),  # indexed without a palette
        _header(map_length=16),  # colours with one
        _header(kind=1, bits=8, map_length=3000),
        _header(bits=24, flags=8),  # alpha in pixels that have no room for it
        _header()[:17],
    ],
)
def test_other_files_are_not_taken_for_one(head):
    assert not is_tga(head)
    with pytest.raises(PictureFormatUnsupported):
        Picture.read(head)


def test_random_bytes_and_texts_are_not_taken_for_one():
    random = np.random.default_rng(11)
    assert not any(is_tga(random.bytes(64)) for _ in range(20_000))
    zeros_and_small = random.integers(0, 4, (20_000, 64), dtype=np.uint8)
    assert sum(is_tga(head.tobytes()) for head in zeros_and_small) == 0
