"""Whatever the numbers are: what is written losslessly is read back equal."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cutsmith.errors import PictureError
from cutsmith.picture import MINIMUM_SIDE, Picture
from cutsmith.picture.orientation import upright
from cutsmith.picture.samples import laid_on, samples_from_alpha, straight, to_8_bit

SIDES = st.integers(MINIMUM_SIDE, 24)
DEPTHS = st.sampled_from([np.uint8, np.uint16])


@st.composite
def pictures(draw):
    height, width, dtype = draw(SIDES), draw(SIDES), draw(DEPTHS)
    pixels = draw(arrays(dtype, (height, width, 3)))
    levels = draw(st.none() | arrays(dtype, (height, width)))
    alpha = None if levels is None else (levels / np.iinfo(dtype).max).astype(np.float32)
    dpi = draw(st.none() | st.tuples(st.floats(2, 5000), st.floats(2, 5000)))
    return Picture(pixels, alpha, dpi=dpi)


@settings(max_examples=60, deadline=None)
@given(picture=pictures(), suffix=st.sampled_from([".png", ".tif"]))
def test_png_and_tiff_lose_nothing(picture, suffix):
    again = Picture.read(picture.encode(suffix, metadata={"a": "b"}))
    assert again.pixels.dtype == picture.pixels.dtype
    assert np.array_equal(again.pixels, picture.pixels)
    opaque = picture.alpha is None or picture.alpha.min() == 1
    assert (again.alpha is None) == opaque
    if again.alpha is not None:
        assert np.array_equal(again.alpha, picture.alpha)
    if picture.dpi is not None:
        assert np.allclose(again.dpi, picture.dpi, rtol=0.01)


@settings(max_examples=30, deadline=None)
@given(picture=pictures())
def test_webp_loses_nothing_of_8_bits(picture):
    again = Picture.read(picture.encode(".webp"))
    assert np.array_equal(again.pixels, to_8_bit(picture.pixels))


@settings(max_examples=40, deadline=None)
@given(picture=pictures(), cut=st.floats(0, 1, exclude_max=True), suffix=st.sampled_from([".png", ".tif", ".webp"]))
def test_any_beginning_of_a_file_is_a_typed_error_or_the_picture(picture, cut, suffix):
    data = picture.encode(suffix)
    try:
        again = Picture.read(data[: int(len(data) * cut)])
    except PictureError:
        return
    assert np.array_equal(again.pixels, to_8_bit(picture.pixels) if suffix == ".webp" else picture.pixels)


@given(orientation=st.integers(1, 8), height=st.integers(1, 9), width=st.integers(1, 9))
def test_every_orientation_only_moves_pixels(orientation, height, width):
    array = np.arange(height * width).reshape(height, width)
    turned = upright(array, orientation)
    assert turned.shape == ((width, height) if orientation > 4 else (height, width))
    assert sorted(turned.ravel()) == sorted(array.ravel())


@given(alpha=arrays(np.float32, (4, 4), elements=st.floats(0, 1, width=32)), dtype=DEPTHS)
def test_alpha_is_off_by_half_a_level_at_most(alpha, dtype):
    full = np.iinfo(dtype).max
    levels = samples_from_alpha(alpha, np.dtype(dtype))
    assert np.abs(levels / full - alpha).max() <= 0.502 / full


@given(colours=arrays(np.uint8, (4, 4, 3)), alpha=arrays(np.uint8, (4, 4)))
def test_premultiplied_colours_come_back_as_near_as_their_depth_allows(colours, alpha):
    premultiplied = np.rint(colours * (alpha[..., None] / 255.0)).astype(np.uint8)
    error = np.abs(straight(premultiplied, alpha).astype(float) - colours)
    assert (error[alpha > 0] <= 127.5 / alpha[alpha > 0][:, None] + 0.5).all()


@given(colours=arrays(np.uint8, (4, 4, 3)), alpha=arrays(np.float32, (4, 4), elements=st.floats(0, 1, width=32)))
def test_white_behind_only_brightens(colours, alpha):
    assert (laid_on(colours, alpha, 255) >= colours).all()
