"""Pictures made of arrays and of PIL images: every shape and mode that says what it shows, and no other."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from cutsmith import Models, Picture, cut_out
from cutsmith.errors import BadArray, PictureTooLarge, PictureTooSmall
from tests.core.stand_ins import LeftHalf

GENERATOR = np.random.default_rng(0)


def samples(*shape: int, dtype: str = "uint8") -> np.ndarray:
    return GENERATOR.integers(0, np.iinfo(dtype).max, shape, dtype=dtype)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [None, 1, 2, 3, 4])
def test_arrays_of_every_shape(dtype, channels) -> None:
    array = samples(6, 8, *([] if channels is None else [channels]), dtype=dtype)
    picture = Picture.of(array)
    gray = array if channels is None else array[..., 0]
    expected = array[..., :3] if channels in (3, 4) else np.stack([gray] * 3, axis=-1)
    assert picture.pixels.dtype == dtype
    assert picture.source == "<array>"
    np.testing.assert_array_equal(picture.pixels, expected)
    if channels in (2, 4):
        full = np.float32(np.iinfo(dtype).max)
        np.testing.assert_array_equal(picture.alpha, array[..., -1].astype(np.float32) / full)
    else:
        assert picture.alpha is None


def test_opaque_alpha_is_none() -> None:
    assert Picture.of(np.full((6, 8, 4), 255, np.uint8)).alpha is None


def test_arrays_however_they_lie_in_memory() -> None:
    array = samples(8, 6, 4)
    expected = Picture.of(array.copy())
    read_only = array.copy()
    read_only.flags.writeable = False
    wide = np.zeros((8, 12, 4), np.uint8)
    wide[:, ::2] = array
    for given in (read_only, np.asfortranarray(array), wide[:, ::2], array[::-1].copy()[::-1]):
        picture = Picture.of(given)
        np.testing.assert_array_equal(picture.pixels, expected.pixels)
        np.testing.assert_array_equal(picture.alpha, expected.alpha)
        assert picture.pixels.flags.c_contiguous
        assert picture.digest() == expected.digest()


def test_sixteen_bits_in_the_other_byte_order() -> None:
    array = samples(6, 8, 3, dtype="uint16")
    for order in "<>":
        np.testing.assert_array_equal(Picture.of(array.astype(f"{order}u2")).pixels, array)


@pytest.mark.parametrize(
    "given",
    [
        np.zeros((6, 8, 3)),
        np.zeros((6, 8, 3), np.float32),
        np.zeros((6, 8), bool),
        np.zeros((6, 8, 3), np.int8),
        np.zeros((6, 8, 3), np.int64),
        np.zeros((6, 8, 5), np.uint8),
        np.zeros((6, 8, 0), np.uint8),
        np.zeros(8, np.uint8),
        np.zeros((2, 6, 8, 3), np.uint8),
        np.array("photo.jpg"),
        np.array(None),
        [[[0, 0, 0]] * 8] * 6,
        [[0.5] * 8] * 6,
        [[1, 2], [3]],
        ["photo.jpg"],
        [],
        (1, 2),
    ],
    ids=lambda given: f"{type(given).__name__} {getattr(given, 'dtype', '')} {getattr(given, 'shape', '')}",
)
def test_what_is_no_picture_is_refused(given) -> None:
    for make in (Picture.of, Picture.from_samples, cut_out):
        with pytest.raises(BadArray) as caught:
            make(given)
        assert caught.value.option == "source"
        assert caught.value.exit_code == 2


def test_sizes_are_checked() -> None:
    for shape in [(0, 8), (8, 0, 3), (2, 8, 3)]:
        with pytest.raises(PictureTooSmall):
            Picture.of(np.zeros(shape, np.uint8))
    with pytest.raises(PictureTooLarge):
        Picture.of(np.zeros((10, 10), np.uint8), max_pixels=99)
    with pytest.raises(PictureTooLarge):
        cut_out(np.zeros((10, 10), np.uint8), models=Models(remover=LeftHalf()), max_pixels=99)
    assert Picture.of(np.zeros((10, 10), np.uint8), max_pixels=100).width == 10


def test_profile_resolution_and_name_are_kept() -> None:
    from PIL import ImageCms

    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = Picture.from_samples(samples(6, 8, 3), icc=icc, dpi=(300, 150), source="layer 1")
    assert (picture.icc, picture.dpi, picture.source) == (icc, (300, 150), "layer 1")
    image = Image.fromarray(samples(6, 8, 3))
    image.info["icc_profile"] = icc
    assert Picture.of(image).icc == icc
    image.info["icc_profile"] = b"no profile"
    assert Picture.of(image).icc is None
    assert "broken" in Picture.of(image).warnings[0]


def of_image(mode: str) -> Image.Image:
    """An image of `mode`, a ramp from black to white where the mode has one."""
    ramp = Image.fromarray(np.tile(np.linspace(0, 255, 16).astype(np.uint8), (8, 1)))
    if mode.startswith("I;16"):
        deep = np.asarray(ramp).astype(">u2" if mode == "I;16B" else "<u2") * 257
        return Image.frombytes(mode, ramp.size, deep.astype(">u2" if mode == "I;16B" else "<u2").tobytes())
    return ramp.convert(mode)


RAMP = np.linspace(0, 255, 16).astype(np.uint8)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBX", "CMYK", "P", "YCbCr"])
def test_pil_images_without_transparency(mode) -> None:
    picture = Picture.of(of_image(mode))
    assert picture.alpha is None
    assert picture.pixels.dtype == np.uint8
    np.testing.assert_allclose(picture.pixels[3].astype(int), np.stack([RAMP] * 3, axis=-1), atol=2)


@pytest.mark.parametrize("mode", ["LA", "RGBA", "PA", "RGBa"])
def test_pil_images_with_transparency(mode) -> None:
    image = of_image({"RGBa": "RGBA", "PA": "P"}.get(mode, "LA"))
    alpha = np.full((8, 16), 255, np.uint8)
    alpha[:, :4] = 0
    image.putalpha(Image.fromarray(alpha))
    picture = Picture.of(image.convert(mode))
    np.testing.assert_array_equal(picture.alpha, alpha / np.float32(255))
    np.testing.assert_allclose(picture.pixels[3, 4:, 1].astype(int), RAMP[4:], atol=2)


def test_one_bit_is_black_and_white() -> None:
    array = np.asarray(of_image("L")) > 127
    picture = Picture.of(Image.fromarray(array))
    np.testing.assert_array_equal(picture.pixels[..., 0], np.where(array, 255, 0))


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B"])
def test_sixteen_bit_images_keep_their_depth(mode) -> None:
    picture = Picture.of(of_image(mode))
    assert picture.pixels.dtype == np.uint16
    np.testing.assert_array_equal(picture.pixels[3, :, 0], RAMP.astype(np.uint16) * 257)


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_a_colour_that_is_transparent_is(mode, tmp_path) -> None:
    array = np.full((8, 16), 200, np.uint8)
    array[:, :5] = 10
    image = Image.fromarray(array).convert(mode)
    clear = image.getpixel((0, 0))
    image.save(tmp_path / "clear.png", transparency=clear)
    opened = Image.open(tmp_path / "clear.png")
    assert opened.mode == mode
    picture = Picture.of(opened)
    assert picture.alpha is not None
    np.testing.assert_array_equal(picture.alpha, array == 200)
    np.testing.assert_array_equal(picture.alpha, Picture.read(tmp_path / "clear.png").alpha)


@pytest.mark.parametrize("mode", ["I", "F", "La"])
def test_modes_that_do_not_say_what_they_show_are_refused(mode) -> None:
    with pytest.raises(BadArray, match=f"mode {mode}"):
        Picture.of(Image.new(mode, (8, 8)))


def test_a_pil_image_is_not_changed() -> None:
    image = of_image("P")
    before = image.copy()
    Picture.of(image)
    assert (image.mode, image.tobytes()) == (before.mode, before.tobytes())


@pytest.mark.parametrize("kind", ["array", "gray", "sixteen bits", "PIL", "PIL CMYK"])
def test_cut_out_takes_arrays_and_pil_images(kind) -> None:
    array = samples(20, 30, 3)
    source = {
        "array": array,
        "gray": array[..., 0],
        "sixteen bits": array.astype(np.uint16) * 257,
        "PIL": Image.fromarray(array),
        "PIL CMYK": Image.fromarray(array).convert("CMYK"),
    }[kind]
    remover = LeftHalf()
    cut = cut_out(source, models=Models(remover=remover), matting="none")
    np.testing.assert_array_equal(remover.seen[0], Picture.of(source).srgb())
    np.testing.assert_array_equal(cut.alpha[:, :15], 1)
    np.testing.assert_array_equal(cut.alpha[:, 15:], 0)
    np.testing.assert_array_equal(cut.foreground[:, :15], Picture.of(source).pixels[:, :15])


def test_the_transparency_of_an_array_counts() -> None:
    array = samples(20, 30, 4)
    cut = cut_out(array, models=Models(remover=LeftHalf()), matting="none")
    np.testing.assert_allclose(cut.alpha[:, :15], array[:, :15, 3] / 255, atol=1e-6)
    alone = cut_out(array, models=Models(remover=LeftHalf()), subject_alone=True, matting="none")
    np.testing.assert_array_equal(alone.alpha[:, :15], 1)


def test_a_digest_is_that_of_what_is_shown() -> None:
    array = samples(6, 8, 4)
    digest = Picture.of(array).digest()
    assert len(digest) == 64
    assert Picture.of(Image.fromarray(array)).digest() == digest
    assert Picture.from_samples(array, source="other", dpi=(1, 1)).digest() == digest
    assert Picture.of(array[..., :3]).digest() != digest
    assert Picture.of(array.transpose(1, 0, 2)).digest() != digest
