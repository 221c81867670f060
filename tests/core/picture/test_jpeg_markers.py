"""JPEGs that lack their end, and kinds of JPEG that decoders seldom know."""

import io

import numpy as np
import pytest
from PIL import Image

from cutsmith.errors import PictureDamaged, PictureFormatUnsupported
from cutsmith.picture import Picture

GRADIENT = np.dstack(np.broadcast_arrays(*np.ogrid[0:200:2, 0:150:1], 90)).astype(np.uint8)
NOISE = np.random.default_rng(2).integers(0, 60, GRADIENT.shape, dtype=np.uint8)
KINDS = {
    "baseline": {},
    "progressive": {"progressive": True},
    "with restart intervals": {"restart_marker_rows": 1},
    "progressive with restart intervals": {"progressive": True, "restart_marker_rows": 2},
}


def jpeg(mode="RGB", **options):
    stream = io.BytesIO()
    Image.fromarray(GRADIENT + NOISE).convert(mode).save(stream, "JPEG", quality=90, **options)
    return stream.getvalue()


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_a_missing_end_marker_costs_a_warning(options, mode):
    whole = jpeg(mode, **options)
    for lost in (1, 2):
        picture = Picture.read(whole[:-lost])
        assert np.array_equal(picture.pixels, Picture.read(whole).pixels)
        assert picture.warnings == ("the file lacks its end marker, but every pixel is there",)


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_a_jpeg_that_lacks_pixels_is_damaged_however_it_was_cut(options):
    whole = jpeg(**options)
    pixels = Picture.read(whole).pixels
    cuts = [*range(3, 40), *range(40, len(whole) - 700, 211)]
    # Between two restart intervals nothing but what follows tells that something is missing.
    restarts = [at for at in range(700, len(whole)) if whole[at] == 0xFF and 0xD0 <= whole[at + 1] <= 0xD7]
    for lost in cuts + [len(whole) - at for at in restarts] + [len(whole) - at - 2 for at in restarts]:
        try:
            picture = Picture.read(whole[:-lost])
        except PictureDamaged:
            continue
        assert np.array_equal(picture.pixels, pixels), f"{lost} bytes are missing"


@pytest.mark.parametrize("filling", [bytes(4000), b"\xff" * 4000, bytes(2)])
@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_an_end_that_is_filled_up_is_not_taken_for_pixels(options, filling):
    whole = jpeg(**options)
    for lost in (12, 300, 1200):
        with pytest.raises(PictureDamaged):
            Picture.read(whole[:-lost] + filling)
    complete = Picture.read(whole[:-2] + filling)
    assert np.array_equal(complete.pixels, Picture.read(whole).pixels)
    assert complete.warnings == ("the file lacks its end marker, but every pixel is there",)


@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_few_lost_bits_show_even_where_few_codes_are_in_use(subsampling):
    stream = io.BytesIO()
    Image.fromarray(GRADIENT).save(stream, "JPEG", quality=90, optimize=True, subsampling=subsampling)
    whole = stream.getvalue()
    pixels = Picture.read(whole).pixels
    for lost in range(3, 60):
        try:
            assert np.array_equal(Picture.read(whole[:-lost]).pixels, pixels), lost
        except PictureDamaged:
            continue


def test_line_feeds_that_got_carriage_returns_are_told():
    with pytest.raises(PictureDamaged, match="line breaks were changed"):
        Picture.read(jpeg().replace(b"\n", b"\r\n"))


def test_a_small_jpeg_beside_a_long_text_with_carriage_returns_is_read():
    stream = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(stream, "JPEG", comment=b"a line\r\n" * 200)
    assert Picture.read(stream.getvalue()).pixels.shape == (16, 16, 3)


def test_a_progressive_jpeg_without_its_last_scan_is_damaged():
    whole = jpeg(progressive=True)
    with pytest.raises(PictureDamaged):
        Picture.read(whole[: whole.rindex(b"\xff\xda")])


@pytest.mark.parametrize("end", [b"\0" * 4096, b"trailer", b"\xff\xd8\xff\xe0 another picture"])
def test_bytes_after_the_end_marker_do_not_matter(end):
    picture = Picture.read(jpeg() + end)
    assert picture.warnings == ()


@pytest.mark.parametrize(
    ("marker", "bits", "told"),
    [
        (0xC1, 12, "12 bits a sample"),
        (0xC0, 12, "12 bits a sample"),
        (0xC3, 8, "lossless JPEG"),
        (0xC3, 16, "lossless JPEG"),
        (0xC5, 8, "hierarchical JPEG"),
    ],
)
def test_a_kind_that_is_not_read_is_called_by_its_name(marker, bits, told):
    data = bytearray(jpeg())
    at = data.index(b"\xff\xc0")
    data[at + 1], data[at + 4] = marker, bits
    with pytest.raises(PictureFormatUnsupported, match=told) as caught:
        Picture.read(bytes(data))
    assert "Save it as an ordinary JPEG" in caught.value.remedy


@pytest.mark.parametrize(("at", "value", "told"), [(9, 2, "2 components"), (5, 0, "height only after its pixels")])
def test_a_header_that_no_decoder_takes_is_told(at, value, told):
    data = bytearray(jpeg())
    start = data.index(b"\xff\xc0")
    data[start + at] = value
    if at == 5:
        data[start + 6] = value
    with pytest.raises(PictureFormatUnsupported, match=told):
        Picture.read(bytes(data))
