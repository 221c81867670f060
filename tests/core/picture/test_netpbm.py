"""Netpbm's formats: plain and raw, up to 16 bits, with alpha, and floats."""

import numpy as np
import pytest

from cutsmith.errors import PictureDamaged, PictureFormatUnsupported, PictureTooLarge, PictureTooSmall
from cutsmith.picture import Picture

GRAY = np.random.default_rng(5).integers(0, 65536, (7, 9), dtype=np.uint16)
COLOURS = np.random.default_rng(6).integers(0, 65536, (7, 9, 3), dtype=np.uint16)


def _of_gray(levels):
    return np.repeat(levels[..., None], 3, axis=2)


def _numbers(samples):
    return " ".join(map(str, samples.ravel())).encode()


@pytest.mark.parametrize("comment", [b"", b"# by a scanner\n", b"# 1 2 3\r\n# again\n"])
def test_raw_colours_of_8_and_16_bits(comment):
    deep = Picture.read(b"P6\n" + comment + b"9 7\n65535\n" + COLOURS.astype(">u2").tobytes())
    assert np.array_equal(deep.pixels, COLOURS)
    flat = (COLOURS >> 8).astype(np.uint8)
    assert np.array_equal(Picture.read(b"P6 9 7 255\n" + comment[:0] + flat.tobytes()).pixels, flat)


def test_plain_colours_with_comments_among_the_samples():
    half = len(COLOURS) // 2
    text = _numbers(COLOURS[:half]) + b"\n# the lower half\n" + _numbers(COLOURS[half:])
    assert np.array_equal(Picture.read(b"P3\n9 7\n65535\n" + text).pixels, COLOURS)


@pytest.mark.parametrize("white", [1, 15, 100, 1023, 4095])
def test_any_white_becomes_the_white_of_8_or_16_bits(white):
    levels = GRAY % (white + 1)
    levels[0, 0] = white
    stored = levels.astype(np.uint8 if white < 256 else ">u2").tobytes()
    picture = Picture.read(b"P5\n9 7\n%d\n" % white + stored)
    full = 255 if white < 256 else 65535
    assert picture.pixels.dtype == (np.uint8 if white < 256 else np.uint16)
    assert np.array_equal(picture.pixels, _of_gray(np.floor(levels * (full / white) + 0.5)))
    plain = Picture.read(b"P2 9 7 %d " % white + _numbers(levels))
    assert np.array_equal(plain.pixels, picture.pixels)


def test_bitmaps_whose_1_is_black():
    bits = (GRAY & 1).astype(np.uint8)
    wanted = _of_gray((1 - bits) * np.uint8(255))
    assert np.array_equal(Picture.read(b"P4\n9 7\n" + np.packbits(bits, axis=1).tobytes()).pixels, wanted)
    without_spaces = b"\n".join(bytes(row + ord("0")) for row in bits)
    assert np.array_equal(Picture.read(b"P1\n9 7\n" + without_spaces).pixels, wanted)


@pytest.mark.parametrize(
    ("kind", "channels"), [("GRAYSCALE", 1), ("GRAYSCALE_ALPHA", 2), ("RGB", 3), ("RGB_ALPHA", 4), ("", 4)]
)
def test_pam_with_and_without_alpha(kind, channels):
    samples = np.random.default_rng(channels).integers(0, 65536, (7, 9, channels), dtype=np.uint16)
    header = f"P7\nWIDTH 9\nHEIGHT 7\nDEPTH {channels}\nMAXVAL 65535\n" + (f"TUPLTYPE {kind}\n" if kind else "")
    picture = Picture.read(header.encode() + b"ENDHDR\n" + samples.astype(">u2").tobytes())
    colours = samples[..., :3] if channels > 2 else _of_gray(samples[..., 0])
    assert np.array_equal(picture.pixels, colours)
    if channels in (2, 4):
        assert np.array_equal(np.rint(picture.alpha * 65535), samples[..., -1])
    else:
        assert picture.alpha is None


@pytest.mark.parametrize(("scale", "order"), [("-1.0", "<f4"), ("1.0", ">f4")])
def test_floats_from_the_lowest_row_up(scale, order):
    stored = (COLOURS / 65535).astype(order)[::-1].tobytes()
    assert np.array_equal(Picture.read(f"PF\n9 7\n{scale}\n".encode() + stored).pixels, COLOURS)
    gray = Picture.read(f"Pf\n9 7\n{scale}\n".encode() + (GRAY / 65535).astype(order)[::-1].tobytes())
    assert np.array_equal(gray.pixels, _of_gray(GRAY))


def test_only_the_first_of_several_pictures_is_used_and_that_is_said():
    one = b"P5 9 7 255\n" + (GRAY >> 8).astype(np.uint8).tobytes()
    assert Picture.read(one + one).warnings == ("only the first of several pictures is used",)
    assert Picture.read(one + b"\n").warnings == ()


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"P6 9 7 255\n" + bytes(9 * 7 * 3 - 1), "188 of 189|of 200"),
        (b"P5 9 7 65535\n" + bytes(9 * 7), "of"),
        (b"P3 9 7 255\n" + b"1 " * 188, "of"),
        (b"P3 9 7 255\n" + b"1 " * 100 + b"x " + b"1 " * 100, "other than numbers"),
        (b"P1 9 7\n" + b"01" * 20, "40 of 63"),
        (b"P4 9 7\n" + bytes(13), "of"),
        (b"P5 9 7 0\n" + bytes(63), "white"),
        (b"P5 9 7 65536\n" + bytes(126), "white"),
        (b"P7\nWIDTH 9\nHEIGHT 7\nENDHDR\n" + bytes(99), "header"),
        (b"PF 9 7 -1\n" + bytes(100), "of"),
    ],
)
def test_damage(data, word):
    with pytest.raises(PictureDamaged, match=word):
        Picture.read(data)


def test_sizes_are_checked_before_anything_is_decoded():
    with pytest.raises(PictureTooLarge):
        Picture.read(b"P3 99999 99999 255\n")
    with pytest.raises(PictureTooSmall):
        Picture.read(b"P6 3 9 255\n" + bytes(81))
    with pytest.raises(PictureDamaged):  # a header that lies takes no memory
        Picture.read(b"P2 9999 9999 255\n1 2 3")


def test_channels_of_an_unknown_kind_are_refused():
    with pytest.raises(PictureFormatUnsupported, match="'CMYK'"):
        Picture.read(b"P7\nWIDTH 9\nHEIGHT 7\nDEPTH 4\nMAXVAL 255\nTUPLTYPE CMYK\nENDHDR\n" + bytes(9 * 7 * 4))


@pytest.mark.parametrize(
    "text", [b"P1 is our best offer", b"P3 20 people", b"P6\n", b"PF 123 is the form", b"P7 for all", b"P5 10 20"]
)
def test_texts_that_begin_like_one_are_texts(text):
    with pytest.raises(PictureFormatUnsupported, match="text"):
        Picture.read(text)
