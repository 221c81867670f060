"""Checks read the very bytes that are written: each fault is found in them, and a good file has none."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cutsmith.geometry import Box
from cutsmith.picture.declared_colour import ADOBE_RGB
from cutsmith.picture.icc_profile import ADOBE_RGB_GAMMA, matrix_profile
from cutsmith.result.canvas.checks import checks
from cutsmith.result.canvas.layout import Subject, place
from cutsmith.result.canvas.presets import find_preset
from cutsmith.result.canvas.settings import Canvas

AMAZON = replace(find_preset("amazon"), canvas="600x600")
SUBJECT = Subject(Box(10, 10, 310, 310), 400, 400)
PLACED = place(SUBJECT, Canvas("600x600", 0.9))


def pixels(placed=PLACED) -> np.ndarray:
    """A red subject on white, as it was placed."""
    made = np.full((placed.height, placed.width, 3), 255, np.uint8)
    made[placed.box.slices()] = (200, 30, 40)
    return made


def encoded(array: np.ndarray, kind: str = "JPEG", **options) -> bytes:
    stream = io.BytesIO()
    options = {"quality": 95, "subsampling": "4:4:4", **options} if kind == "JPEG" else options
    Image.fromarray(array).save(stream, kind, **options)
    return stream.getvalue()


def the_one(found: tuple[str, ...]) -> str:
    (only,) = found
    return only


def test_a_good_file_has_no_fault() -> None:
    assert checks(encoded(pixels()), AMAZON, PLACED) == ()
    assert checks(encoded(pixels(), "PNG"), AMAZON, PLACED) == ()


def test_colours_at_half_the_size_are_found() -> None:
    told = the_one(checks(encoded(pixels(), subsampling="4:2:0"), AMAZON, PLACED))
    assert told == "The JPEG's colours are stored 4:2:0, but Amazon wants 4:4:4."


def test_gray_has_no_colours_to_store_so() -> None:
    assert checks(encoded(pixels()[..., 0]), AMAZON, PLACED) == ()


@pytest.mark.parametrize(("side", "at"), [("left", np.s_[:, 0]), ("bottom", np.s_[-1])])
def test_a_rim_that_is_not_pure_white_is_found(side, at) -> None:
    made = pixels()
    made[at] = 254
    told = the_one([each for each in checks(encoded(made, "PNG"), AMAZON, PLACED) if f"the {side} side" in each])
    assert "600 of its 600 pixels" in told
    assert "254,254,254" in told
    corner = pixels()
    corner[0, 0] = (255, 255, 254)
    assert len(checks(encoded(corner, "PNG"), AMAZON, PLACED)) == 2, "a corner is on two sides"
    assert checks(encoded(made, "PNG"), replace(AMAZON, pure_white=False), PLACED) == ()


def test_sixteen_bits_are_compared_with_their_own_white(tmp_path) -> None:
    import tifffile

    deep = pixels().astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "a.tif", deep, photometric="rgb")
    assert checks((tmp_path / "a.tif").read_bytes(), AMAZON, PLACED) == ()
    deep[0, 5] = 65534
    tifffile.imwrite(tmp_path / "a.tif", deep, photometric="rgb")
    assert "65535,65535,65535" in the_one(checks((tmp_path / "a.tif").read_bytes(), AMAZON, PLACED))


def test_where_the_picture_cuts_the_subject_off_it_may_stand_on_the_rim_but_nothing_else_may() -> None:
    placed = place(Subject(Box(50, 100, 350, 400), 400, 400, ("bottom",)), Canvas("600x600", 0.9))
    made = pixels(placed)
    assert checks(encoded(made), AMAZON, placed) == ()
    made[-1, 0] = 0
    assert any("bottom side: 1 of" in each for each in checks(encoded(made, "PNG"), AMAZON, placed))
    assert "bottom side" in the_one(checks(encoded(pixels(placed)), AMAZON, replace(placed, cut_off=())))


def test_a_subject_too_small_or_too_large_is_found() -> None:
    small = place(SUBJECT, Canvas("600x600", 0.71))
    told = the_one(checks(encoded(pixels(small)), AMAZON, small))
    assert told == "The subject fills 71 % of the frame, but Amazon wants 85 % or more."
    google = replace(find_preset("google-shopping"), canvas="600x600")
    large = place(SUBJECT, Canvas("600x600", 0.95))
    assert "wants 90 % or less" in the_one(checks(encoded(pixels(large)), google, large))
    just = place(SUBJECT, Canvas("599x599", 0.85))
    assert checks(encoded(pixels(just)), AMAZON, just) == (), "whole pixels are no fault"


def test_too_many_bytes_are_found() -> None:
    data = encoded(pixels())
    told = the_one(checks(data, replace(AMAZON, bytes_most=len(data) - 1), PLACED))
    assert told.startswith("The file has 0.0")
    assert checks(data, replace(AMAZON, bytes_most=len(data)), PLACED) == ()


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"longest_least": 601}, "600 x 600 pixels, but Amazon wants 601 or more on the longer side"),
        ({"longest_most": 599}, "599 or less on the longer side"),
        ({"shortest_least": 601}, "601 or more on the shorter side"),
        ({"megapixels_most": 0.3}, "0.3 million or less in all"),
    ],
)
def test_wrong_sizes_are_found(limits, told) -> None:
    assert told in the_one(checks(encoded(pixels()), replace(AMAZON, **limits), PLACED))


def test_another_format_and_another_colour_space_are_found() -> None:
    told = the_one(checks(encoded(pixels(), "WEBP", lossless=True), AMAZON, PLACED))
    assert told == "The file is a WEBP, but Amazon wants JPEG or TIFF or PNG or GIF."
    adobe = matrix_profile(ADOBE_RGB, ADOBE_RGB_GAMMA)
    assert "not sRGB" in the_one(checks(encoded(pixels(), icc_profile=adobe), AMAZON, PLACED))


def test_a_transparent_background_is_found() -> None:
    clear = np.dstack([pixels(), np.full((600, 600), 255, np.uint8)])
    clear[:20, :, 3] = 0
    assert the_one(checks(encoded(clear, "PNG"), AMAZON, PLACED)).startswith("The background is transparent")
