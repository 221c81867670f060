"""JPEG XL, through the extra `[jxl]`."""

import sys

import numpy as np
import pytest

from cutsmith.errors import FormatExtraMissing, PictureDamaged, PictureTooLarge
from cutsmith.picture import Picture


@pytest.fixture
def jxl():
    """Samples uint8 (H, W, N), and options -> a JPEG XL file."""
    library = pytest.importorskip("pylibjxl")

    def encode(samples, **options):
        return library.encode(samples, **{"lossless": True, **options})

    return encode


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_each_kind_of_pixel(noise, jxl, channels):
    samples = noise(20, 30, channels)
    picture = Picture.read(jxl(samples))
    assert np.array_equal(picture.pixels, samples[..., :3] if channels > 1 else np.repeat(samples, 3, axis=2))
    if channels == 4:
        assert np.array_equal(np.rint(picture.alpha * 255), samples[..., 3])
    else:
        assert picture.alpha is None
    assert picture.warnings == ()


@pytest.mark.parametrize("lossless", [True, False])
def test_colours_stay_in_their_profile(jxl, display_p3, lossless):
    samples = np.full((32, 32, 3), (200, 60, 40), np.uint8)
    picture = Picture.read(jxl(samples, lossless=lossless, icc=display_p3))
    assert picture.icc is not None
    assert np.abs(picture.pixels.astype(int) - samples).max() <= 2
    assert np.abs(picture.srgb().astype(int) - Picture(samples, icc=display_p3).srgb()).max() <= 3


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_truncated_file(noise, jxl, share):
    data = jxl(noise(64, 64, 3))
    with pytest.raises(PictureDamaged, match="truncated or corrupt"):
        Picture.read(data[: int(len(data) * share)])


def test_limits_hold_before_anything_is_decoded(noise, jxl):
    with pytest.raises(PictureTooLarge):
        Picture.read(jxl(noise(20, 30, 3)), max_pixels=599)


@pytest.mark.parametrize("data", [b"\xff\x0a" + bytes(30), b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(30)])
def test_without_its_extra(monkeypatch, data):
    monkeypatch.setitem(sys.modules, "pylibjxl", None)
    with pytest.raises(FormatExtraMissing, match=r'pip install "cutsmith\[jxl\]"'):
        Picture.read(data)
