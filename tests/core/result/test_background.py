"""Colours behind a cut-out, as people write them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from cutsmith import Picture, refine_mask
from cutsmith.errors import BadColour, PictureIsFolder
from cutsmith.result.background import parse_colour, ready_background
from cutsmith.result.cutout import Cutout


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#fff", (255, 255, 255)),
        ("#1a2B3c", (26, 43, 60)),
        (" red ", (255, 0, 0)),
        ("rgb(1, 2, 3)", (1, 2, 3)),
        ("rgb(100%, 0%, 0%)", (255, 0, 0)),
        ("hsl(120, 100%, 50%)", (0, 255, 0)),
        ("#ffffffff", (255, 255, 255)),
    ],
)
def test_a_colour_is_understood(text, colour) -> None:
    assert parse_colour(text) == colour


@pytest.mark.parametrize(
    "text",
    ["", "#12", "blau", "rgb(300, 0, 0)", "rgb(-1, 0, 0)", "hsl(0, 100%, 500%)", "rgba(255, 0, 0, 128)", "#ffffff80"],
)
def test_what_is_no_opaque_colour_is_refused(text) -> None:
    with pytest.raises(BadColour):
        parse_colour(text)


def cutout() -> Cutout:
    alpha = np.zeros((20, 30), np.float32)
    alpha[5:15, 5:20] = 1
    return refine_mask(Picture(np.full((20, 30, 3), (200, 30, 30), np.uint8)), alpha, matting="none")


@pytest.mark.parametrize(
    "background",
    [
        (1, 2, 3),
        [1, 2, 3],
        np.array([1, 2, 3]),
        np.array([1, 2, 3], np.uint8),
        (1, 2, 3, 255),
        (1.0, 2.0, 3.0),
        "#010203",
        np.full((9, 9, 3), (1, 2, 3), np.uint8),
        Image.new("RGB", (9, 9), (1, 2, 3)),
        Picture(np.full((8, 8, 3), (1, 2, 3), np.uint8)),
    ],
)
def test_colours_and_pictures_of_every_usual_kind_are_laid_behind(background) -> None:
    laid = cutout().on(background)
    assert laid.pixels[0, 0].tolist() == [1, 2, 3]
    assert laid.pixels[10, 10].tolist() == [200, 30, 30]


@pytest.mark.parametrize(
    "background",
    [(300, 0, 0), (-1, 0, 0), (1, 2), (1, 2, 3, 128), (1.5, 2, 3), (np.nan, 0, 0), "", "  ", None, 7, {}, ("red",) * 3],
    ids=str,
)
def test_what_is_no_background_is_refused_by_type(background) -> None:
    with pytest.raises(BadColour) as caught:
        cutout().on(background)
    assert caught.value.option == "background"


def test_a_folder_called_like_a_colour_does_not_hide_it(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "white").mkdir()
    (tmp_path / "pictures").mkdir()
    assert cutout().on("white").pixels[0, 0].tolist() == [255, 255, 255]
    assert ready_background("white") == "white"
    with pytest.raises(PictureIsFolder):
        cutout().on("pictures")
    with pytest.raises(BadColour):
        ready_background("")


def test_colours_hidden_in_a_background_do_not_show() -> None:
    hidden = np.dstack([np.full((20, 30, 3), (255, 0, 255), np.uint8), np.zeros((20, 30), np.uint8)])
    assert cutout().on(hidden).pixels[0, 0].tolist() == [255, 255, 255]
