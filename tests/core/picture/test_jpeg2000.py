"""JPEG 2000: files and bare codestreams, 8 bits and more, alpha, profiles."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from cutsmith.errors import PictureDamaged, PictureFormatUnsupported, PictureTooLarge
from cutsmith.picture import Picture

LOSSLESS = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000]


def _deep(samples):
    order = [2, 1, 0, 3][: samples.shape[2]]
    return cv2.imencode(".jp2", np.ascontiguousarray(samples[..., order]), LOSSLESS)[1].tobytes()


def _with_profile(data, icc):
    """The JP2 file `data` with a box `colr` that holds `icc` instead of its own."""
    start = data.index(b"jp2h") - 4
    colr = data.index(b"colr", start) - 4
    old = struct.unpack_from(">I", data, colr)[0]
    new = struct.pack(">I4sBBB", 11 + len(icc), b"colr", 2, 0, 0) + icc
    size = struct.unpack_from(">I", data, start)[0] - old + len(new)
    return data[:start] + struct.pack(">I", size) + data[start + 4 : colr] + new + data[colr + old :]


@pytest.mark.parametrize("is_bare", [False, True])
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_8_bits(noise, pillow_file, mode, is_bare):
    image = Image.fromarray(noise(40, 50, 4)).convert(mode)
    picture = Picture.read(pillow_file(image, "JPEG2000", no_jp2=is_bare))
    assert np.array_equal(picture.pixels, np.asarray(image.convert("RGB")))
    if "A" in mode:
        assert np.array_equal(np.rint(picture.alpha * 255), np.asarray(image)[..., -1])
    else:
        assert picture.alpha is None


@pytest.mark.parametrize("channels", [3, 4])
def test_16_bits_up_to_white(noise, channels):
    """Pillow keeps 8 of them, and makes the lightest black."""
    samples = noise(40, 50, channels, dtype=np.uint16)
    samples[:4, :, :3] = 65535
    picture = Picture.read(_deep(samples))
    assert np.array_equal(picture.pixels, samples[..., :3])
    if channels == 4:
        assert np.array_equal(np.rint(picture.alpha * 65535), samples[..., 3])


def test_16_bit_gray(noise, pillow_file):
    gray = noise(40, 50, dtype=np.uint16)
    picture = Picture.read(pillow_file(Image.fromarray(gray), "JPEG2000"))
    assert np.array_equal(picture.pixels, np.repeat(gray[..., None], 3, axis=2))


def test_12_bits_are_spread_over_16(capfd):
    picture = Picture.read(Path(__file__).parent / "jpeg2000" / "ramp_12_bit.j2k")
    wanted = np.array([*range(0, 4032, 64), 4095]) * 65535 / 4095
    assert np.array_equal(picture.pixels[3, :, 0], np.rint(wanted))
    assert np.array_equal(picture.pixels[3, ::-1, 1], np.rint(wanted))
    assert capfd.readouterr() == ("", "")  # OpenCV warns of its unknown colour space


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_profile_is_kept(noise, pillow_file, display_p3, dtype):
    samples = noise(40, 50, 3, dtype=dtype)
    data = _deep(samples) if dtype == np.uint16 else pillow_file(Image.fromarray(samples), "JPEG2000")
    picture = Picture.read(_with_profile(data, display_p3))
    assert picture.icc == display_p3
    assert np.array_equal(picture.pixels, samples)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9])
def test_a_truncated_file(noise, pillow_file, dtype, share, capfd):
    samples = noise(64, 64, 3, dtype=dtype)
    data = _deep(samples) if dtype == np.uint16 else pillow_file(Image.fromarray(samples), "JPEG2000")
    with pytest.raises(PictureDamaged, match="truncated or corrupt"):
        Picture.read(data[: int(len(data) * share)])
    assert capfd.readouterr() == ("", "")


def test_a_header_that_lies_about_the_size(noise, pillow_file):
    data = bytearray(pillow_file(Image.fromarray(noise(40, 50, 3)), "JPEG2000", no_jp2=True))
    struct.pack_into(">II", data, 8, 60_000, 60_000)
    with pytest.raises(PictureTooLarge):
        Picture.read(bytes(data))


def test_signed_samples_are_refused(noise, pillow_file):
    data = bytearray(pillow_file(Image.fromarray(noise(40, 50)), "JPEG2000", no_jp2=True))
    data[42] |= 0x80
    with pytest.raises(PictureFormatUnsupported, match="signed"):
        Picture.read(bytes(data))
