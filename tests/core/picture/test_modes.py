"""Each kind of pixel becomes RGB and straight alpha."""

import io
import struct
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


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32])
@pytest.mark.parametrize("shape", [(9, 9), (9, 9, 3)], ids=["gray", "RGB"])
def test_signed_samples_are_refused_by_their_name(dtype, shape):
    with pytest.raises(PictureFormatUnsupported, match=f"signed samples .{np.dtype(dtype)}") as caught:
        Picture.read(_tiff(np.ones(shape, dtype)))
    assert "16-bit" in caught.value.remedy


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(9, 9), (9, 9, 3)], ids=["gray", "RGB"])
def test_floating_point_samples_have_one_for_white(dtype, shape):
    samples = np.linspace(0, 1, int(np.prod(shape))).reshape(shape).astype(dtype)
    picture = Picture.read(_tiff(samples))
    assert picture.pixels.dtype == np.uint16
    gray = samples.astype(np.float64) if len(shape) == 3 else np.repeat(samples[..., None], 3, 2).astype(np.float64)
    assert np.abs(picture.pixels / 65535 - gray).max() <= 1 / 65535
    assert picture.warnings == ()


def test_floating_point_samples_above_white_are_clipped_and_told():
    samples = np.full((9, 9, 3), 0.5, np.float32)
    samples[0] = 3
    samples[1, 0] = np.nan
    picture = Picture.read(_tiff(samples))
    assert picture.pixels[0].min() == 65535
    assert picture.pixels[1, 0].max() == 0
    assert any("brighter than white" in warning for warning in picture.warnings)
    assert any("not finite" in warning for warning in picture.warnings)


def test_floating_point_samples_on_another_scale_are_refused_with_the_cure():
    with pytest.raises(PictureFormatUnsupported, match="reach 255") as caught:
        Picture.read(_tiff(np.full((9, 9, 3), 255, np.float32)))
    assert "Divide" in caught.value.remedy


@pytest.mark.parametrize("shape", [(9, 9), (9, 9, 3)], ids=["gray", "RGB"])
def test_samples_of_32_bits_keep_16(shape):
    samples = np.random.default_rng(0).integers(0, 2**32, shape, dtype=np.uint32)
    picture = Picture.read(_tiff(samples))
    wanted = samples >> 16
    assert np.array_equal(picture.pixels if len(shape) == 3 else picture.pixels[..., 0], wanted)


@pytest.mark.parametrize("dtype", [np.uint16, np.uint8])
def test_small_numbers_of_32_bits_are_no_black_picture(dtype):
    counts = np.random.default_rng(0).integers(1, np.iinfo(dtype).max, (9, 9), dtype=dtype).astype(np.uint32)
    with pytest.raises(PictureFormatUnsupported, match=f"reach {counts.max():,} only"):
        Picture.read(_tiff(counts))
    assert Picture.read(_tiff(np.zeros((9, 9), np.uint32))).pixels.max() == 0


def _cmyk_tiff(samples, extra):
    stream = io.BytesIO()
    tifffile.imwrite(stream, samples, photometric="separated", extrasamples=extra)
    return stream.getvalue()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_cmyk_with_alpha_keeps_it(dtype):
    full = np.iinfo(dtype).max
    samples = np.zeros((9, 9, 5), dtype)
    samples[..., 1] = samples[..., 2] = full  # magenta and yellow make red
    samples[..., 4] = full // 2
    picture = Picture.read(_cmyk_tiff(samples, ["unassalpha"]))
    assert picture.alpha == pytest.approx(np.full((9, 9), 0.5), abs=0.01)
    red, green, blue = picture.pixels[4, 4].tolist()
    assert red > 200
    assert max(green, blue) < 60


def test_spot_colours_beside_cmyk_are_left_out_and_told():
    picture = Picture.read(_cmyk_tiff(np.full((9, 9, 6), 30, np.uint8), ["unspecified"] * 2))
    assert picture.alpha is None
    assert any("spot colours" in warning for warning in picture.warnings)


def test_cmyk_without_a_usable_profile_is_told(pillow_file):
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    (warning,) = Picture.read(pillow_file(image, "JPEG")).warnings
    assert "no colour profile" in warning
    (warning,) = Picture.read(pillow_file(image, "JPEG", icc_profile=b"\0" * 200)).warnings
    assert "cannot be used" in warning


class TestAlphaThatIsEmpty:
    """Programs that do not know alpha leave the fourth byte at 0; viewers show such pictures as opaque."""

    @staticmethod
    def rgba(quadrants, alpha):
        return Image.fromarray(np.dstack([quadrants, np.full(quadrants.shape[:2], alpha, np.uint8)]))

    @staticmethod
    def bitmap(pixels, alpha):
        height, width = pixels.shape[:2]
        stored = np.dstack([pixels[::-1, :, ::-1], np.full((height, width), alpha, np.uint8)])
        header = struct.pack("<IiiHHIIiiII", 124, width, height, 1, 32, 3, stored.size, 2835, 2835, 0, 0)
        header += struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + b"BGRs" + bytes(64)
        file = struct.pack("<IHHI", 14 + len(header) + stored.size, 0, 0, 14 + len(header))
        return b"BM" + file + header + stored.tobytes()

    def test_a_bitmap_is_opaque(self, quadrants):
        picture = Picture.read(self.bitmap(quadrants, 0))
        assert picture.alpha is None
        assert np.array_equal(picture.pixels, quadrants)

    def test_a_bitmap_with_some_alpha_keeps_it(self, quadrants):
        assert Picture.read(self.bitmap(quadrants, 7)).alpha.max() == pytest.approx(7 / 255)

    @pytest.mark.parametrize("format_name", ["TGA", "ICO"])
    def test_a_targa_or_an_icon_is_opaque(self, quadrants, pillow_file, format_name):
        options = {"bitmap_format": "bmp"} if format_name == "ICO" else {}
        picture = Picture.read(pillow_file(self.rgba(quadrants, 0), format_name, **options))
        assert picture.alpha is None

    @pytest.mark.parametrize("format_name", ["PNG", "WEBP", "TIFF"])
    def test_other_formats_mean_what_they_say(self, quadrants, pillow_file, format_name):
        assert Picture.read(pillow_file(self.rgba(quadrants, 0), format_name)).alpha.max() == 0


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
