"""Colours that a file names by numbers: EXIF, PNG chunks, AVIF's nclx."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from cutsmith.picture import Picture
from cutsmith.picture.declared_colour import ADOBE_RGB, BT_2020, DISPLAY_P3, SRGB
from cutsmith.picture.icc_profile import ADOBE_RGB_GAMMA, Primaries, is_srgb, matrix_profile

GREEN = np.full((16, 16, 3), (0, 200, 0), np.uint8)


def exif_jpeg(space, index=None, **options):
    exif = Image.Exif()
    directory = exif.get_ifd(0x8769)
    directory[0xA001] = space
    if index is not None:
        directory[0xA005] = {1: index}
    stream = io.BytesIO()
    Image.fromarray(GREEN).save(stream, "JPEG", exif=exif, quality=100, **options)
    return stream.getvalue()


def png(*chunks):
    stream = io.BytesIO()
    Image.fromarray(GREEN).save(stream, "PNG")
    data = stream.getvalue()
    extra = b""
    for kind, body in chunks:
        extra += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return data[:33] + extra + data[33:]


def chromaticities(primaries):
    points = [primaries.white, primaries.red, primaries.green, primaries.blue]
    return b"cHRM", struct.pack(">8I", *(round(value * 100_000) for point in points for value in point))


def srgb_by_engine(icc):
    """The sRGB of GREEN in the profile `icc`, by LittleCMS."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    return np.asarray(ImageCms.profileToProfile(Image.fromarray(GREEN), profile, ImageCms.createProfile("sRGB")))[0, 0]


@pytest.mark.parametrize(("space", "index"), [(65535, "R03"), (2, None), (2, "R03")])
def test_a_cameras_adobe_rgb_becomes_a_profile(space, index):
    picture = Picture.read(exif_jpeg(space, index))
    assert picture.icc == matrix_profile(ADOBE_RGB, ADOBE_RGB_GAMMA)
    assert picture.warnings == ()
    np.testing.assert_allclose(picture.srgb()[0, 0], srgb_by_engine(picture.icc), atol=2)


@pytest.mark.parametrize(("space", "index"), [(1, "R98"), (1, None), (1, "R03")])
def test_a_cameras_srgb_is_srgb(space, index):
    picture = Picture.read(exif_jpeg(space, index))
    assert picture.icc is None
    assert picture.warnings == ()


def test_colours_that_are_only_said_not_to_be_srgb_are_told():
    picture = Picture.read(exif_jpeg(65535))
    assert picture.icc is None
    (warning,) = picture.warnings
    assert "not sRGB" in warning


def test_exif_says_nothing_of_cmyk():
    exif = Image.Exif()
    exif[0x8769] = {0xA001: 65535, 0xA005: {1: "R03"}}
    stream = io.BytesIO()
    Image.fromarray(GREEN).convert("CMYK").save(stream, "JPEG", exif=exif)
    picture = Picture.read(stream.getvalue())
    assert picture.icc is None
    (warning,) = picture.warnings
    assert "CMYK" in warning


def test_a_profile_comes_before_exif():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = Picture.read(exif_jpeg(65535, "R03", icc_profile=srgb))
    assert picture.icc == srgb
    assert picture.warnings == ()


@pytest.mark.parametrize(
    ("codes", "primaries", "gamma"),
    [((12, 13), DISPLAY_P3, None), ((9, 13), BT_2020, None), ((9, 1), BT_2020, None), ((1, 8), SRGB, 1.0)],
)
def test_code_points_of_a_png_become_a_profile(codes, primaries, gamma):
    picture = Picture.read(png((b"cICP", bytes((*codes, 0, 1)))))
    assert picture.icc == matrix_profile(primaries, gamma)
    np.testing.assert_allclose(picture.srgb()[0, 0], srgb_by_engine(picture.icc), atol=2)


@pytest.mark.parametrize("codes", [(1, 13), (1, 1), (2, 2)])
def test_code_points_of_srgb_are_nothing_special(codes):
    picture = Picture.read(png((b"cICP", bytes((*codes, 0, 1)))))
    assert picture.icc is None
    assert picture.warnings == ()


@pytest.mark.parametrize(("transfer", "told"), [(16, "PQ"), (18, "HLG")])
def test_colours_for_hdr_are_told(transfer, told):
    (warning,) = Picture.read(png((b"cICP", bytes((9, transfer, 0, 1))))).warnings
    assert told in warning


def test_a_linear_gamma_becomes_a_profile():
    picture = Picture.read(png((b"gAMA", struct.pack(">I", 100_000))))
    assert picture.icc == matrix_profile(SRGB, 1.0)
    assert picture.srgb()[0, 0, 1] == pytest.approx(229, abs=1)  # 200/255 of linear light


def test_chromaticities_with_a_gamma_become_a_profile():
    picture = Picture.read(png((b"gAMA", struct.pack(">I", 45455)), chromaticities(DISPLAY_P3)))
    assert picture.icc == matrix_profile(DISPLAY_P3, None)


@pytest.mark.parametrize(
    "chunks",
    [
        [(b"gAMA", struct.pack(">I", 45455))],
        [(b"gAMA", struct.pack(">I", 45455)), chromaticities(SRGB)],
        [chromaticities(DISPLAY_P3)],
        [(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 45455)), chromaticities(SRGB)],
        [(b"gAMA", bytes(4))],
    ],
)
def test_what_amounts_to_srgb_or_says_nothing_is_srgb(chunks):
    assert Picture.read(png(*chunks)).icc is None


def test_impossible_chromaticities_are_ignored():
    line = Primaries((0.3, 0.3), (0.3, 0.3), (0.3, 0.3), (0.31, 0.33))
    assert Picture.read(png((b"gAMA", struct.pack(">I", 45455)), chromaticities(line))).icc is None
    zero = (b"cHRM", bytes(32))
    assert Picture.read(png((b"gAMA", struct.pack(">I", 45455)), zero)).icc is None


def test_code_points_of_an_avif_become_a_profile():
    stream = io.BytesIO()
    Image.fromarray(GREEN).save(stream, "AVIF", quality=100)
    data = bytearray(stream.getvalue())
    at = data.find(b"colrnclx")
    assert at > 0
    struct.pack_into(">HH", data, at + 8, 12, 13)
    assert Picture.read(bytes(data)).icc == matrix_profile(DISPLAY_P3, None)
    struct.pack_into(">HH", data, at + 8, 9, 16)
    assert any("PQ" in warning for warning in Picture.read(bytes(data)).warnings)


def test_a_made_profile_of_srgb_is_srgb_and_littlecms_reads_all():
    assert is_srgb(matrix_profile(SRGB, None))
    for primaries, gamma in ((ADOBE_RGB, ADOBE_RGB_GAMMA), (DISPLAY_P3, None), (BT_2020, 2.4)):
        srgb_by_engine(matrix_profile(primaries, gamma))


def test_adobe_rgb_has_the_numbers_of_its_specification():
    icc = matrix_profile(ADOBE_RGB, ADOBE_RGB_GAMMA)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc)).profile
    # Adobe RGB (1998), 4.3.6.1: primaries adapted to D50.
    np.testing.assert_allclose(profile.red_colorant[0], (0.60974, 0.31111, 0.01947), atol=2e-4)
    np.testing.assert_allclose(profile.green_colorant[0], (0.20528, 0.62567, 0.06087), atol=2e-4)
    np.testing.assert_allclose(profile.blue_colorant[0], (0.14919, 0.06322, 0.74457), atol=2e-4)


def test_a_gray_picture_keeps_what_it_says_about_its_light():
    """As renderers write it: 16 bits of linear light."""
    gray = np.full((16, 16), 13933, np.uint16)  # 21.26 % of the light is half of sRGB's scale, about
    stream = io.BytesIO()
    Image.fromarray(gray).save(stream, "PNG")
    body = struct.pack(">I", 100_000)
    chunk = struct.pack(">I", 4) + b"gAMA" + body + struct.pack(">I", zlib.crc32(b"gAMA" + body))
    picture = Picture.read(stream.getvalue()[:33] + chunk + stream.getvalue()[33:])
    assert picture.icc == matrix_profile(SRGB, 1.0)
    assert np.array_equal(picture.pixels[..., 0], gray)
    assert np.abs(picture.srgb().astype(int) - 127).max() <= 2


def _heic(primaries, transfer):
    """A HEIC whose box `colr` has these code points instead of its own."""
    data = (Path(__file__).parent / "heic" / "alpha.heic").read_bytes()
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


def test_code_points_of_a_heic_become_a_profile():
    pytest.importorskip("pi_heif")
    assert Picture.read(_heic(12, 13)).icc == matrix_profile(DISPLAY_P3, None)
    assert Picture.read(_heic(1, 13)).icc is None


@pytest.mark.parametrize(("transfer", "told"), [(16, "PQ"), (18, "HLG")])
def test_a_heic_for_hdr_is_told(transfer, told):
    pytest.importorskip("pi_heif")
    picture = Picture.read(_heic(9, transfer))
    assert picture.icc is None
    assert any(told in warning for warning in picture.warnings)
