"""What is written can be read back: straight alpha, resolution, notes; and the source's EXIF is not among it."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from cutsmith.cures import give
from cutsmith.errors import BadArray, BadOption, OutputFormatUnsupported, OutputRefused
from cutsmith.picture import Picture, encode_mask, write_mask

ALPHA_SUFFIXES = [".png", ".tif", ".tiff", ".webp"]


@pytest.mark.parametrize("suffix", ALPHA_SUFFIXES)
def test_alpha_is_straight(suffix):
    colours = np.full((8, 8, 3), (200, 100, 50), np.uint8)
    data = Picture(colours, np.full((8, 8), 0.5, np.float32)).encode(suffix)
    stored = np.asarray(Image.open(io.BytesIO(data)))
    assert (stored == (200, 100, 50, 128)).all()


def test_alpha_in_avif_is_straight_too():
    colours = np.full((32, 32, 3), (200, 100, 50), np.uint8)
    data = Picture(colours, np.full((32, 32), 0.5, np.float32)).encode(".avif")
    assert np.abs(np.asarray(Image.open(io.BytesIO(data))).astype(int) - (200, 100, 50, 128)).max() <= 2


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".bmp", ".JPG"])
def test_alpha_does_not_go_into_a_format_without_it(suffix, tmp_path):
    picture = Picture(np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), np.float32))
    with pytest.raises(OutputFormatUnsupported, match="cannot hold transparency") as caught:
        picture.save(tmp_path / f"cut{suffix}")
    assert caught.value.exit_code == 2
    assert give("background", "white", text="Put something behind the subject") in caught.value.cures
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["cut.gif", "cut", "cut.heic", "cut.png.txt", ".hidden", "cut."])
def test_names_without_a_format_that_is_written(name, tmp_path):
    with pytest.raises(OutputFormatUnsupported, match=r"\.png"):
        Picture(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / name)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".bmp"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("dpi", [(300.0, 300.0), (72.0, 144.0)])
def test_resolution_survives(noise, suffix, dtype, dpi):
    again = Picture.read(Picture(noise(8, 8, 3, dtype=dtype), dpi=dpi).encode(suffix))
    assert again.dpi == pytest.approx(dpi, rel=1e-3)
    twice = Picture.read(again.encode(suffix))
    assert twice.dpi == again.dpi


NOTES = {"Software": "Cutsmith 0.1.0", "model": "isnet-general-use", "subject": "Krüge und 茶碗", "box": "1,2,3,4"}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_notes_in_png(noise, dtype):
    data = Picture(noise(8, 8, 3, dtype=dtype)).encode(".png", metadata=NOTES)
    image = Image.open(io.BytesIO(data))
    image.load()
    assert image.text == NOTES


@pytest.mark.parametrize("suffix", [".tif", ".jpg", ".webp", ".avif"])
def test_notes_in_other_formats(noise, suffix):
    data = Picture(noise(8, 8, 3)).encode(suffix, metadata=NOTES)
    exif = Image.open(io.BytesIO(data)).getexif()
    assert json.loads(exif[0x010E]) == NOTES
    assert exif[0x0131] == "Cutsmith"


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp", ".avif", ".bmp"])
def test_where_a_photo_was_taken_is_not_passed_on(quadrants, pillow_file, suffix):
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010F] = "CameraMaker"
    exif[274] = 1
    picture = Picture.read(pillow_file(Image.fromarray(quadrants), "JPEG", exif=exif.tobytes()))
    data = picture.encode(suffix)
    assert b"CameraMaker" not in data
    assert not Image.open(io.BytesIO(data)).getexif().get_ifd(0x8825)


def test_webp_is_lossless_unless_a_quality_is_given(noise):
    picture = Picture(noise(64, 64, 3))
    assert np.array_equal(Picture.read(picture.encode(".webp")).pixels, picture.pixels)
    lossy = picture.encode(".webp", quality=50)
    assert len(lossy) < len(picture.encode(".webp")) / 2
    assert not np.array_equal(Picture.read(lossy).pixels, picture.pixels)


@pytest.mark.parametrize("suffix", [".jpg", ".avif", ".webp"])
def test_quality_counts(noise, suffix):
    picture = Picture(noise(64, 64, 3))
    assert len(picture.encode(suffix, quality=20)) < len(picture.encode(suffix, quality=95))


def test_noise_is_written_as_a_jpeg_of_any_quality(noise):
    # Pillow optimizes in a buffer of a byte a pixel, which this exceeds; a small picture has a larger one.
    picture = Picture(noise(600, 600, 3))
    data = picture.encode(".jpg", quality=94)
    assert len(data) > 600 * 600
    assert Picture.read(data).pixels.shape == (600, 600, 3)


def test_jpeg_keeps_its_colours_sharp():
    """4:4:4: a red line of one pixel on blue stays red."""
    colours = np.full((32, 32, 3), (0, 0, 255), np.uint8)
    colours[:, 16] = (255, 0, 0)
    again = Picture.read(Picture(colours).encode(".jpg")).pixels
    assert np.abs(again[:, 16].astype(int) - (255, 0, 0)).max() < 40


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_a_quality_outside_1_to_100(quality):
    with pytest.raises(BadOption, match="1 to 100") as caught:
        Picture(np.zeros((8, 8, 3), np.uint8)).encode(".jpg", quality=quality)
    assert (caught.value.option, caught.value.found) == ("quality", str(quality))


def test_webp_has_a_longest_side():
    with pytest.raises(OutputFormatUnsupported, match="16383"):
        Picture(np.zeros((4, 16384, 3), np.uint8)).encode(".webp")


@pytest.mark.parametrize("name", ["m.png", "m.tif", "m.webp", "m.bmp"])
def test_masks_are_gray_and_rounded(tmp_path, name):
    alpha = np.array([[0, 0.5, 1, 0.25]] * 4, np.float32)
    metadata = None if name == "m.bmp" else {"model": "x"}
    path = write_mask(alpha, tmp_path / name, dpi=(300, 300), metadata=metadata)
    stored = np.asarray(Image.open(path).convert("L"))
    assert stored[0].tolist() == [0, 128, 255, 64]
    if name != "m.webp":
        assert Image.open(path).mode == "L"


def test_metadata_is_not_dropped_in_silence():
    with pytest.raises(OutputFormatUnsupported, match="BMP"):
        encode_mask(np.ones((8, 8), np.float32), ".bmp", metadata={"model": "x"})


def test_masks_are_never_stretched_and_bad_values_are_clipped():
    alpha = np.array([[0.2, 0.4, np.nan, 3, -1]] * 5, np.float32)
    stored = np.asarray(Image.open(io.BytesIO(encode_mask(alpha, ".png"))))
    assert stored[0].tolist() == [51, 102, 0, 255, 0]


def test_arrays_of_the_wrong_kind_are_refused():
    with pytest.raises(BadArray, match="uint8 or uint16"):
        Picture(np.zeros((8, 8, 3), np.float32))
    with pytest.raises(BadArray, match="shape"):
        Picture(np.zeros((8, 8, 4), np.uint8))
    with pytest.raises(BadArray, match="alpha"):
        Picture(np.zeros((8, 8, 3), np.uint8), np.zeros((8, 9), np.float32))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_in_whole_numbers_becomes_shares(dtype):
    full = np.iinfo(dtype).max
    picture = Picture(np.zeros((4, 4, 3), np.uint8), np.full((4, 4), full // 2, dtype))
    assert picture.alpha.dtype == np.float32
    assert picture.alpha == pytest.approx(np.full((4, 4), 0.5), abs=0.01)


@pytest.mark.parametrize("alpha", [np.full((4, 4), 128.0), np.full((4, 4), np.nan), "0.5", np.zeros((4, 4, 3))])
def test_alpha_out_of_range_is_refused(alpha):
    with pytest.raises(BadArray, match="alpha"):
        Picture(np.zeros((4, 4, 3), np.uint8), alpha)


def test_a_format_that_pillow_was_built_without(noise, monkeypatch):
    Picture(noise(9, 9, 3)).encode(".avif")  # registers the formats
    monkeypatch.delitem(Image.SAVE, "AVIF")
    monkeypatch.delitem(Image.SAVE_ALL, "AVIF", raising=False)
    monkeypatch.setattr(Image, "init", lambda: True)
    with pytest.raises(OutputRefused, match="AVIF: the Pillow that is installed"):
        Picture(noise(9, 9, 3)).encode(".avif")


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif"])
def test_the_quality_of_a_mask_counts(suffix):
    alpha = np.random.default_rng(0).random((64, 64), np.float32)
    assert len(encode_mask(alpha, suffix, quality=10)) < 0.7 * len(encode_mask(alpha, suffix, quality=95))


def test_a_mask_written_to_a_file_has_its_quality(tmp_path):
    alpha = np.random.default_rng(0).random((64, 64), np.float32)
    small, large = (write_mask(alpha, tmp_path / f"{q}.jpg", quality=q).stat().st_size for q in (10, 95))
    assert small < large
