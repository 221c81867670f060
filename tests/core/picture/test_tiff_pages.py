"""TIFFs in which a thumbnail, a smaller copy or a mask stands beside the picture, or before it."""

import io
import struct

import numpy as np
import pytest
import tifffile

from cutsmith.errors import PictureFormatUnsupported, PictureTooLarge
from cutsmith.picture import Picture

RANDOM = np.random.default_rng(4)
DEEP = RANDOM.integers(0, 65536, (40, 50, 3), dtype=np.uint16)
FULL = (DEEP >> 8).astype(np.uint8)
REDUCED, PAGE, MASK = 1, 2, 4


def tiff(*pages, **kind):
    """A TIFF of (samples, options) pages."""
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream, **kind) as writer:
        for samples, options in pages:
            writer.write(samples, **{"photometric": "rgb", "metadata": None, **options})
    return stream.getvalue()


THUMBNAIL = (FULL[::8, ::8], {"subfiletype": REDUCED})


@pytest.mark.parametrize("full", [FULL, DEEP, DEEP.astype(np.float32) / 65535], ids=["8 bits", "16 bits", "floats"])
def test_a_thumbnail_first_is_passed_over(full):
    picture = Picture.read(tiff(THUMBNAIL, (full, {})))
    wanted = FULL if full is FULL else DEEP
    np.testing.assert_array_equal(picture.pixels, wanted)
    assert picture.warnings == ()


def test_planes_behind_a_thumbnail_are_read():
    planes = (np.moveaxis(DEEP, 2, 0), {"planarconfig": "separate"})
    np.testing.assert_array_equal(Picture.read(tiff(THUMBNAIL, planes)).pixels, DEEP)


def test_smaller_copies_behind_the_picture_are_no_pages():
    data = tiff((FULL, {}), (FULL[::2, ::2], {"subfiletype": REDUCED}), (FULL[::4, ::4], {"subfiletype": REDUCED}))
    picture = Picture.read(data)
    np.testing.assert_array_equal(picture.pixels, FULL)
    assert picture.warnings == ()


def test_a_mask_first_is_passed_over():
    mask = (np.zeros((40, 50), bool), {"subfiletype": MASK, "photometric": "mask"})
    picture = Picture.read(tiff(mask, (FULL, {})))
    np.testing.assert_array_equal(picture.pixels, FULL)


def test_pages_are_counted_without_thumbnails():
    page = {"subfiletype": PAGE}
    picture = Picture.read(tiff(THUMBNAIL, (FULL, page), (FULL[::-1].copy(), page)))
    np.testing.assert_array_equal(picture.pixels, FULL)
    assert picture.warnings == ("only the first of 2 pages is used",)


def test_the_old_tag_for_a_smaller_copy_counts():
    small = (FULL[::8, ::8], {"extratags": [(255, 3, 1, 2, True)]})
    np.testing.assert_array_equal(Picture.read(tiff(small, (FULL, {}))).pixels, FULL)


def test_a_picture_below_its_thumbnail_is_found():
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        writer.write(FULL[::8, ::8], photometric="rgb", subfiletype=REDUCED, subifds=1, metadata=None)
        writer.write(FULL, photometric="rgb", metadata=None)
    picture = Picture.read(stream.getvalue())
    np.testing.assert_array_equal(picture.pixels, FULL)


def below(samples, thumbnail_tags=(), **options):
    """A TIFF of a thumbnail whose SubIFD holds `samples`."""
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        small = {"photometric": "rgb", "subfiletype": REDUCED, "subifds": 1, "metadata": None}
        writer.write(FULL[::8, ::8], extratags=thumbnail_tags, **small)
        writer.write(samples, **{"photometric": "rgb", "metadata": None, **options})
    return stream.getvalue()


@pytest.mark.parametrize("full", [FULL, DEEP, DEEP.astype(np.float32) / 65535], ids=["8 bits", "16 bits", "floats"])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16)}])
def test_a_picture_below_its_thumbnail_is_read_like_any_other(full, options):
    np.testing.assert_array_equal(Picture.read(below(full, **options)).pixels, FULL if full is FULL else DEEP)


def test_what_only_the_thumbnail_says_holds_for_the_picture_below_it(display_p3):
    tags = [(274, 3, 1, 6, True), (34675, 7, len(display_p3), display_p3, True)]
    picture = Picture.read(below(FULL, tags))
    np.testing.assert_array_equal(picture.pixels, np.rot90(FULL, -1))
    assert picture.icc == display_p3


def test_a_cameras_raw_data_below_a_thumbnail_is_called_so():
    """NEF, ARW and others, whose thumbnail would be read."""
    tags = [(33421, 3, 2, (2, 2), True), (33422, 1, 4, (0, 1, 1, 2), True)]
    with pytest.raises(PictureFormatUnsupported, match="raw file"):
        Picture.read(below(DEEP[..., 0].copy(), photometric="cfa", extratags=tags))
    dng = (FULL[::8, ::8], {"subfiletype": REDUCED, "extratags": [(50706, 1, 4, (1, 4, 0, 0), True)]})
    with pytest.raises(PictureFormatUnsupported, match="raw file"):
        Picture.read(tiff(dng, (FULL, {})))


@pytest.mark.parametrize("options", [{"bigtiff": True}, {"byteorder": ">"}, {"bigtiff": True, "byteorder": ">"}])
def test_a_thumbnail_first_in_the_other_kinds_of_tiff(options):
    data = tiff(THUMBNAIL, (FULL, {}), **options)
    np.testing.assert_array_equal(Picture.read(data).pixels, FULL)


def test_where_all_say_that_they_are_smaller_the_largest_is_read():
    picture = Picture.read(tiff(THUMBNAIL, (FULL[::4, ::4], {"subfiletype": REDUCED})))
    np.testing.assert_array_equal(picture.pixels, FULL[::4, ::4])


@pytest.mark.parametrize("following", [8, 1 << 30])
def test_later_pages_that_cannot_be_reached_are_told(following):
    """A chain of pages that comes back to itself, or leaves the file."""
    data = bytearray(tiff((FULL, {}), (FULL, {})))
    (first,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * entries, first if following == 8 else following)
    picture = Picture.read(bytes(data))
    np.testing.assert_array_equal(picture.pixels, FULL)
    assert picture.warnings == ("only the first page is used; the later ones are damaged",)


def test_the_limit_is_for_the_page_that_is_read():
    with pytest.raises(PictureTooLarge):
        Picture.read(tiff(THUMBNAIL, (FULL, {})), max_pixels=1000)
    small_first = tiff((FULL[::8, ::8], {}), (FULL, {"subfiletype": REDUCED}))
    assert Picture.read(small_first, max_pixels=1000).width == 7


def test_a_page_that_is_damaged_does_not_hide_the_first():
    data = tiff((FULL, {}), (FULL[::2, ::2], {}))
    picture = Picture.read(data[:-40])
    np.testing.assert_array_equal(picture.pixels, FULL)
