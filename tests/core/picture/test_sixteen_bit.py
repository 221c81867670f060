"""Pictures of 16 bits keep all of them."""

import io

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from cutsmith.errors import OutputRefused, PictureDamaged
from cutsmith.picture import Picture


@pytest.fixture
def gradient():
    """Every one of the 65536 values, in each channel in another order: uint16 (256, 256, 4)."""
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    return np.dstack([values, values[::-1], values.T, values[:, ::-1]])


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("with_alpha", [False, True])
def test_a_gradient_keeps_its_16_bits(gradient, suffix, with_alpha):
    alpha = (gradient[..., 3] / 65535).astype(np.float32) if with_alpha else None
    data = Picture(gradient[..., :3], alpha).encode(suffix)
    picture = Picture.read(data)
    assert picture.pixels.dtype == np.uint16
    assert np.array_equal(picture.pixels, gradient[..., :3])
    assert picture.alpha is None if alpha is None else np.array_equal(picture.alpha, alpha)
    # Another reader sees the same.
    seen = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    order = [2, 1, 0, 3] if with_alpha else [2, 1, 0]
    assert np.array_equal(seen[..., order], gradient[..., : len(order)])


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_of_another_writer(gradient, channels):
    samples = gradient[..., 0] if channels == 1 else gradient[..., [2, 1, 0, 3][:channels]]
    data = cv2.imencode(".png", samples)[1].tobytes()
    picture = Picture.read(data)
    wanted = np.repeat(gradient[..., :1], 3, axis=2) if channels == 1 else gradient[..., :3]
    assert np.array_equal(picture.pixels, wanted)


def test_png_gray_with_alpha_is_not_byte_swapped(gradient, png_file):
    rows = np.zeros((256, 1 + 256 * 4), np.uint8)
    rows[:, 1:] = np.ascontiguousarray(gradient[..., :2].astype(">u2")).view(np.uint8).reshape(256, -1)
    picture = Picture.read(png_file(256, 256, 16, 4, rows.tobytes()))
    assert np.array_equal(picture.pixels[..., 0], gradient[..., 0])
    assert np.array_equal(np.rint(picture.alpha * 65535), gradient[..., 1])


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_of_any_channels_is_written(gradient, channels):
    from cutsmith.picture.png_encoder import encode_png

    data = encode_png(np.ascontiguousarray(gradient[..., :channels]), None, (300, 300), {"model": "x"})
    seen = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED).reshape(256, 256, -1)
    order = {1: [0], 2: [0, 0, 0, 1], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]
    assert np.array_equal(seen, gradient[..., order])


def test_a_side_that_png_does_not_take_is_refused():
    with pytest.raises(OutputRefused, match="cannot be written as PNG"):
        Picture(np.zeros((4, 1_000_001, 3), np.uint16)).encode(".png")


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("kind", ["gray", "white is zero", "gray+alpha", "rgb", "rgba", "tiles", "planes"])
def test_tiff_of_another_writer(gradient, byteorder, compression, kind):
    options = {"byteorder": byteorder, "compression": compression}
    wanted_alpha = None
    if kind in ("gray", "white is zero"):
        stored = gradient[..., 0] if kind == "gray" else 65535 - gradient[..., 0]
        options["photometric"] = "minisblack" if kind == "gray" else "miniswhite"
        wanted = np.repeat(gradient[..., :1], 3, axis=2)
    elif kind == "gray+alpha":
        stored, wanted, wanted_alpha = gradient[..., :2], np.repeat(gradient[..., :1], 3, axis=2), gradient[..., 1]
        options |= {"extrasamples": ["unassalpha"], "planarconfig": "contig"}
    elif kind == "rgba":
        stored, wanted, wanted_alpha = gradient, gradient[..., :3], gradient[..., 3]
        options |= {"photometric": "rgb", "extrasamples": ["unassalpha"]}
    else:
        stored = wanted = gradient[..., :3]
        options["photometric"] = "rgb"
        if kind == "tiles":
            options["tile"] = (64, 64)
        if kind == "planes":
            stored, options["planarconfig"] = np.moveaxis(wanted, 2, 0), "separate"
    stream = io.BytesIO()
    tifffile.imwrite(stream, stored, **options)
    picture = Picture.read(stream.getvalue())
    assert picture.pixels.dtype == np.uint16
    assert np.array_equal(picture.pixels, wanted)
    if wanted_alpha is not None:
        assert np.array_equal(np.rint(picture.alpha * 65535), wanted_alpha)


def test_tiff_with_lzw_and_a_predictor(gradient):
    parameters = [cv2.IMWRITE_TIFF_COMPRESSION, 5, cv2.IMWRITE_TIFF_PREDICTOR, 2]
    data = cv2.imencode(".tiff", gradient[..., [2, 1, 0]], parameters)[1].tobytes()
    assert np.array_equal(Picture.read(data).pixels, gradient[..., :3])


@pytest.mark.parametrize(("channels", "colour_type"), [(1, 0), (2, 4), (3, 2), (4, 6)])
def test_interlaced_png(gradient, png_file, channels, colour_type):
    """Adam7, the seven passes written by hand."""
    samples = gradient[:30, :21, :channels]
    rows = b""
    for top, left, down, across in (
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    ):
        rows += b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples[top::down, left::across])

    data = png_file(21, 30, 16, colour_type, rows, interlaced=True)
    picture = Picture.read(data)
    wanted = samples[..., :3] if channels > 2 else np.repeat(samples[..., :1], 3, axis=2)
    assert np.array_equal(picture.pixels, wanted)
    if channels in (2, 4):
        assert np.array_equal(np.rint(picture.alpha * 65535), samples[..., -1])


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_truncated_file_is_an_error_and_not_half_a_picture(noise, suffix, share):
    data = Picture(noise(64, 64, 3, dtype=np.uint16)).encode(suffix)
    with pytest.raises(PictureDamaged, match="truncated or corrupt"):
        Picture.read(data[: int(len(data) * share)])


def test_colour_key(gradient, pillow_file):
    gray = gradient[..., 0]
    picture = Picture.read(pillow_file(Image.fromarray(gray), "PNG", transparency=4660))
    assert np.argwhere(picture.alpha == 0).tolist() == [[4660 // 256, 4660 % 256]]


def test_models_see_16_bits_divided_by_257_and_rounded(gradient):
    picture = Picture(gradient[..., :3])
    assert np.array_equal(picture.srgb(), np.rint(gradient[..., :3] / 257.0))
    assert picture.srgb().max() == 255


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".bmp", ".avif"])
def test_formats_of_8_bits_get_rounded_ones(gradient, suffix):
    picture = Picture.read(Picture(gradient[..., :3]).encode(suffix))
    assert picture.pixels.dtype == np.uint8
    smooth = Picture(np.full((16, 16, 3), 65535 // 2, np.uint16))
    assert np.abs(Picture.read(smooth.encode(suffix)).pixels.astype(int) - 127).max() <= 1
