"""Colour profiles: carried unchanged, converted for the model only, dropped where they are broken."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from cutsmith.picture import Picture
from cutsmith.picture.icc_profile import is_srgb, linear_from_srgb, parse_profile, srgb_from_linear


def _littlecms(image, icc, to_icc=None):
    target = ImageCms.ImageCmsProfile(io.BytesIO(to_icc)) if to_icc else ImageCms.createProfile("sRGB")
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc)) if icc else ImageCms.createProfile("sRGB")
    return np.asarray(ImageCms.profileToProfile(image, source, target, renderingIntent=1, outputMode="RGB"))


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp", ".jpg", ".avif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_profile_survives_byte_by_byte(noise, display_p3, suffix, dtype):
    picture = Picture(noise(16, 16, 3, dtype=dtype), icc=display_p3)
    again = Picture.read(picture.encode(suffix))
    assert again.icc == display_p3
    assert again.warnings == ()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_bmp_which_carries_no_profile_is_written_in_srgb(display_p3, dtype):
    full = np.iinfo(dtype).max
    colours = np.zeros((8, 8, 3), dtype)
    colours[...] = np.array([234, 51, 35]) * (full // 255)  # sRGB's pure red in Display P3
    written = Picture.read(Picture(colours, icc=display_p3).encode(".bmp"))
    assert written.icc is None
    assert np.abs(written.pixels.astype(int) - (255, 0, 0)).max() <= 3


def test_wide_gamut_becomes_srgb_for_the_model_only(display_p3):
    colours = np.zeros((8, 8, 3), np.uint8)
    colours[...] = (234, 51, 35)  # sRGB's pure red in Display P3
    picture = Picture.read(Picture(colours, icc=display_p3).encode(".png"))
    assert np.array_equal(picture.pixels, colours)
    assert np.abs(picture.srgb().astype(int) - (255, 0, 0)).max() <= 3


def test_backgrounds_go_into_the_pictures_own_space_and_depth(display_p3):
    deep = Picture(np.zeros((8, 8, 3), np.uint16), icc=display_p3)
    red = deep.from_srgb(np.array([255, 0, 0], np.uint8))
    assert red.dtype == np.uint16
    assert red.shape == (3,)
    assert np.abs(red / 257 - (234, 51, 35)).max() <= 3
    plain = Picture(np.zeros((8, 8, 3), np.uint8))
    image = np.full((5, 6, 3), 77, np.uint8)
    assert np.array_equal(plain.from_srgb(image), image)
    assert np.array_equal(Picture(np.zeros((8, 8, 3), np.uint16)).from_srgb(image), image.astype(np.uint16) * 257)


def test_there_and_back_is_close_in_wide_gamut(noise, display_p3):
    picture = Picture(np.zeros((16, 16, 3), np.uint8), icc=display_p3)
    colours = noise(16, 16, 3) // 2 + 60
    there = Picture(picture.from_srgb(colours), icc=display_p3)
    assert np.abs(there.srgb().astype(int) - colours).max() <= 3


def test_srgb_is_recognised_by_its_numbers(handmade_srgb, display_p3, matrix_profile):
    littlecms_own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert is_srgb(handmade_srgb)
    assert is_srgb(littlecms_own)
    assert not is_srgb(display_p3)
    renamed = display_p3.replace(b"test\0", b"sRGB\0")
    assert parse_profile(renamed) is not None
    assert not is_srgb(renamed)
    primaries = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7142))
    assert not is_srgb(matrix_profile(primaries, np.linspace(0, 1, 1024)))  # linear light with sRGB's primaries


def test_srgb_needs_no_conversion(noise, handmade_srgb):
    colours = noise(9, 9, 3)
    assert Picture(colours, icc=handmade_srgb).srgb() is colours


def test_linear_light_of_srgb():
    at = np.linspace(0, 1, 1001)
    assert np.allclose(srgb_from_linear(linear_from_srgb(at)), at, atol=1e-6)
    assert linear_from_srgb(np.array([0.5]))[0] == pytest.approx(0.214041, abs=1e-6)


@pytest.mark.parametrize("gamma", [1.8, 2.2])
def test_gray_through_its_profile(gray_profile, pillow_file, gamma):
    icc = gray_profile(gamma)
    ramp = np.tile(np.arange(256, dtype=np.uint8), (8, 1))
    picture = Picture.read(pillow_file(Image.fromarray(ramp), "PNG", icc_profile=icc))
    assert picture.icc is None
    wanted = _littlecms(Image.fromarray(ramp), icc)
    assert np.abs(picture.pixels.astype(int) - wanted).max() <= 1
    deep = Picture.read(pillow_file(Image.fromarray(ramp.astype(np.uint16) * 257), "PNG", icc_profile=icc))
    assert deep.pixels.dtype == np.uint16
    assert np.abs(deep.pixels / 257 - picture.pixels).max() <= 0.5


def test_linear_gray_is_exact_in_the_shadows(gray_profile, pillow_file):
    """Where LittleCMS's own 8-bit tables are off by 10 levels."""
    ramp = np.tile(np.arange(256, dtype=np.uint8), (8, 1))
    picture = Picture.read(pillow_file(Image.fromarray(ramp), "PNG", icc_profile=gray_profile(1.0)))
    assert np.array_equal(picture.pixels[0, :, 0], np.rint(srgb_from_linear(np.arange(256) / 255) * 255))


def test_gray_with_an_rgb_profile_keeps_it(noise, display_p3, pillow_file):
    picture = Picture.read(pillow_file(Image.fromarray(noise(9, 9)), "PNG", icc_profile=display_p3))
    assert picture.icc == display_p3


def _broken(icc):
    yield "no profile at all", b"this is no profile"
    yield "cut off", icc[:200]
    yield "wrong signature", icc[:36] + b"nope" + icc[40:]
    yield "curves lost", icc.replace(b"rTRC", b"xxxx")
    yield "tags outside", icc[:132] + b"\xff" * 60 + icc[192:]
    yield "empty tags", icc[:128] + bytes(len(icc) - 128)


def test_a_broken_profile_is_dropped_with_a_warning(noise, display_p3, gray_profile, pillow_file):
    colours = noise(9, 9, 3)
    broken = [*_broken(display_p3), ("for gray", gray_profile(2.2))]
    for what, icc in broken:
        picture = Picture.read(pillow_file(Image.fromarray(colours), "PNG", icc_profile=icc))
        assert picture.icc is None, what
        assert len(picture.warnings) == 1, what
        assert "colour profile" in picture.warnings[0], what
        assert np.array_equal(picture.srgb(), colours), what


def test_cmyk_goes_through_its_profile_which_is_dropped(noise, pillow_file, cmyk_profile):
    image = Image.fromarray(noise(16, 16, 4), "CMYK")
    with_profile = Picture.read(pillow_file(image, "TIFF", icc_profile=cmyk_profile))
    without = Picture.read(pillow_file(image, "TIFF"))
    assert with_profile.icc is None
    wanted = _littlecms(image, cmyk_profile)
    assert np.abs(with_profile.pixels.astype(int) - wanted).max() <= 1
    assert np.abs(with_profile.pixels.astype(int) - without.pixels).mean() > 5


def test_transparency_is_white_for_the_model():
    colours = np.full((4, 4, 3), (200, 100, 50), np.uint8)
    alpha = np.array([[0, 0.25, 0.5, 1]] * 4, np.float32)
    wanted = np.rint(colours * alpha[..., None] + 255 * (1 - alpha[..., None]))
    assert np.abs(Picture(colours, alpha).srgb() - wanted).max() <= 1
    assert Picture(colours, alpha).srgb()[0, 0].tolist() == [255, 255, 255]
    assert Picture(colours, alpha).srgb()[0, 3].tolist() == [200, 100, 50]


def test_a_tall_transparent_picture_is_laid_on_white_down_to_its_last_row():
    rng = np.random.default_rng(8)
    pixels = rng.integers(0, 256, (700, 5, 3), dtype=np.uint8)
    alpha = (rng.integers(0, 256, (700, 5)) / 255).astype(np.float32)
    expected = pixels * alpha[..., None] + 255 * (1 - alpha[..., None])
    assert np.abs(Picture(pixels, alpha).srgb() - expected).max() <= 0.51
