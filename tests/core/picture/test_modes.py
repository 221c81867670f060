"""Each kind of pixel becomes RGB and straight alpha."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from cutsmith.errors import ExtraMissing, PictureFormatUnsupported
from cutsmith.picture import Picture

HEIC = Path(__file__).parent / "heic"


def _tiff(samples, **options):
    stream = io.BytesIO()
    tifffile.imwrite(stream, samples, **options)
    return stream.getvalue()


def _alpha_bytes(picture):
    return np.rint(picture.alpha * 255).astype(np.uint8)


@pytest.mark.parametrize("format_name", ["PNG", "TIFF", "BMP", "GIF"])
def test_one_bit(noise, pillow_file, format_name):
    bits = noise(12, 19) > 127
    picture = Picture.read(pillow_file(Image.fromarray(bits), format_name))
    assert np.array_equal(picture.pixels, np.repeat(bits[..., None] * np.uint8(255), 3, axis=2))
    assert picture.alpha is None


@pytest.mark.parametrize("format_name", ["PNG", "TIFF", "BMP", "GIF"])
def test_gray(noise, pillow_file, format_name):
    gray = noise(12, 19)
    picture = Picture.read(pillow_file(Image.fromarray(gray), format_name))
    assert np.array_equal(picture.pixels, np.repeat(gray[..., None], 3, axis=2))


@pytest.mark.parametrize("bits", [2, 4])
def test_colour_key_of_gray_with_few_bits(png_file, png_chunk, bits):
    """The key counts in the file's depth: 1 of 0 to 3, or of 0 to 15."""
    levels = np.arange(16, dtype=np.uint8).reshape(4, 4) % 2**bits
    packed = np.packbits(np.unpackbits(levels[..., None], axis=2)[..., 8 - bits :].reshape(4, -1), axis=1)
    rows = b"".join(b"\0" + row.tobytes() for row in packed)

    data = png_file(4, 4, bits, 0, rows, chunks=png_chunk(b"tRNS", b"\0\1"))
    picture = Picture.read(data)
    assert np.array_equal(picture.pixels[..., 0], levels * (255 // (2**bits - 1)))
    assert np.array_equal(picture.alpha == 0, levels == 1)


def test_colour_key_of_rgb(noise, pillow_file):
    colours = noise(9, 9, 3)
    colours[2, 3] = colours[5, 5] = (1, 2, 3)
    picture = Picture.read(pillow_file(Image.fromarray(colours), "PNG", transparency=(1, 2, 3)))
    assert np.array_equal(picture.pixels, colours)
    assert np.argwhere(picture.alpha == 0).tolist() == [[2, 3], [5, 5]]


@pytest.mark.parametrize("format_name", ["PNG", "TIFF"])
def test_gray_with_alpha(noise, pillow_file, format_name):
    both = noise(12, 19, 2)
    picture = Picture.read(pillow_file(Image.fromarray(both, "LA"), format_name))
    assert np.array_equal(picture.pixels, np.repeat(both[..., :1], 3, axis=2))
    assert np.array_equal(_alpha_bytes(picture), both[..., 1])


@pytest.mark.parametrize(
    ("format_name", "options"), [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True, "exact": True})]
)
def test_rgba_is_straight_and_exact_even_under_alpha_0(noise, pillow_file, format_name, options):
    samples = noise(16, 16, 4)
    samples[:4, :, 3] = 0
    picture = Picture.read(pillow_file(Image.fromarray(samples), format_name, **options))
    assert np.array_equal(picture.pixels, samples[..., :3])
    assert np.array_equal(_alpha_bytes(picture), samples[..., 3])


def test_alpha_that_is_opaque_everywhere_is_none(noise, pillow_file):
    samples = noise(8, 8, 4)
    samples[..., 3] = 255
    assert Picture.read(pillow_file(Image.fromarray(samples), "PNG")).alpha is None


def _palette_image(noise):
    image = Image.fromarray(noise(12, 19) % 5, "P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7, 200, 100, 50])
    return image


@pytest.mark.parametrize("format_name", ["PNG", "TIFF", "BMP", "GIF"])
def test_palette(noise, pillow_file, format_name):
    image = _palette_image(noise)
    picture = Picture.read(pillow_file(image, format_name))
    assert np.array_equal(picture.pixels, np.asarray(image.convert("RGB")))
    assert picture.alpha is None


def test_palette_with_an_alpha_for_each_entry(noise, pillow_file):
    image = _palette_image(noise)
    picture = Picture.read(pillow_file(image, "PNG", transparency=bytes([255, 128, 0, 7])))
    assert np.array_equal(_alpha_bytes(picture), np.array([255, 128, 0, 7, 255])[np.asarray(image)])
    assert np.array_equal(
        picture.pixels[np.asarray(image) == 2], np.tile((0, 0, 255), ((np.asarray(image) == 2).sum(), 1))
    )


def test_palette_with_one_transparent_entry(noise, pillow_file):
    image = _palette_image(noise)
    picture = Picture.read(pillow_file(image, "GIF", transparency=3))
    assert np.array_equal(picture.alpha == 0, np.asarray(image) == 3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_premultiplied_tiff_becomes_straight(dtype):
    full = np.iinfo(dtype).max
    stored = np.zeros((8, 8, 4), dtype)
    stored[...] = (full // 5 * 2, full // 5, full // 10, full // 2)
    stored[0] = 0
    picture = Picture.read(_tiff(stored, photometric="rgb", extrasamples=["assocalpha"]))
    assert picture.pixels.dtype == dtype
    wanted = np.minimum(np.floor(stored[4, 4, :3] * float(full) / stored[4, 4, 3] + 0.5), full)
    assert np.array_equal(picture.pixels[4, 4], wanted)
    assert not picture.alpha[0].any()


def test_cmyk_without_a_profile(pillow_file):
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    for format_name in ("TIFF", "JPEG"):  # Pillow writes JPEG's CMYK inverted, as Adobe does
        picture = Picture.read(pillow_file(image, format_name))
        assert np.abs(picture.pixels[8, 8].astype(int) - (255, 0, 0)).max() <= 2


def test_ycbcr_and_lab_tiffs(quadrants, pillow_file):
    image = Image.fromarray(quadrants)
    assert np.abs(Picture.read(pillow_file(image.convert("YCbCr"), "TIFF")).pixels.astype(int) - quadrants).max() <= 3
    lab = Image.new("LAB", (16, 16), (255, 128, 128))
    assert Picture.read(pillow_file(lab, "TIFF")).pixels.min() >= 253
    red = Image.new("LAB", (16, 16), (138, 128 + 81, 128 + 70))  # about sRGB's red
    assert np.abs(Picture.read(pillow_file(red, "TIFF")).pixels[3, 3].astype(int) - (255, 0, 0)).max() <= 6


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.uint32, np.float64])
def test_samples_without_an_agreed_white_are_refused(dtype):
    with pytest.raises(PictureFormatUnsupported, match="16-bit"):
        Picture.read(_tiff(np.ones((9, 9), dtype)))


@pytest.mark.parametrize(
    ("format_name", "word"),
    [("GIF", "frames"), ("WEBP", "frames"), ("PNG", "frames"), ("AVIF", "frames"), ("TIFF", "pages")],
)
def test_only_the_first_frame_is_used_and_that_is_said(quadrants, pillow_file, format_name, word):
    first = Image.fromarray(quadrants)
    later = [Image.new("RGB", first.size, (index * 60, 0, 0)) for index in range(3)]
    picture = Picture.read(pillow_file(first, format_name, save_all=True, append_images=later))
    assert picture.warnings == (f"only the first of 4 {word} is used",)
    assert np.abs(picture.pixels.astype(int) - quadrants).mean() < 8


def test_the_previews_of_a_camera_jpeg_are_no_frames(quadrants, pillow_file):
    image = Image.fromarray(quadrants)
    picture = Picture.read(pillow_file(image, "MPO", save_all=True, append_images=[image.resize((32, 24))]))
    assert picture.pixels.shape == quadrants.shape
    assert picture.warnings == ()


def test_heic_with_10_bits_and_with_alpha():
    pytest.importorskip("pi_heif")
    ramp = Picture.read(HEIC / "ramp_10_bit.heic").pixels
    assert ramp.dtype == np.uint16
    assert (ramp.min(), ramp.max()) == (0, 65535)
    assert np.unique(ramp[0, :, 0]).size == 64
    alpha = Picture.read(HEIC / "alpha.heic").alpha
    assert alpha[:, :16].max() == 0
    assert alpha[:, 16:].min() == 1


def test_heic_without_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(ExtraMissing, match=r'pip install "cutsmith\[heic\]"'):
        Picture.read(HEIC / "orientation_1.heic")


def test_heic_of_a_width_that_its_blocks_do_not_divide():
    pytest.importorskip("pi_heif")
    picture = Picture.read(HEIC / "width_50.heic")
    assert picture.pixels.shape == (40, 50, 3)
    assert np.abs(picture.pixels[:, -1].astype(int) - (30, 200, 30)).max() <= 4


def test_a_gif_of_grays_keeps_its_transparent_entry(pillow_file):
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    picture = Picture.read(pillow_file(Image.fromarray(ramp), "GIF", transparency=7))
    np.testing.assert_array_equal(picture.alpha, np.where(ramp == 7, 0, 1))
    np.testing.assert_array_equal(picture.pixels[..., 0], ramp)
