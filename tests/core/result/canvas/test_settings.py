"""What a canvas may be: sizes, margins and positions as people write them, and what excludes each other."""

from __future__ import annotations

import math

import pytest

from cutsmith.errors import BadOption
from cutsmith.result.canvas.settings import Canvas, Margin


@pytest.mark.parametrize("size", ["2000x1500", " 2000 X 1500", "2000×1500", (2000, 1500), [2000, 1500]])
def test_a_size_is_understood(size) -> None:
    assert Canvas(size).pixels == (2000, 1500)


@pytest.mark.parametrize(
    ("margin", "meant"),
    [
        ("20", Margin(20)),
        (20, Margin(20)),
        ("20px", Margin(20)),
        (12.5, Margin(12.5)),
        ("5%", Margin(0, 0.05)),
        ("2.5 %", Margin(0, 0.025)),
        ("0", Margin()),
        (None, Margin()),
    ],
)
def test_a_margin_is_pixels_or_a_share_of_the_longer_side(margin, meant) -> None:
    room = Canvas("2000x2000", margin=margin).room
    assert room == pytest.approx(meant)
    assert room.beside(1000) == pytest.approx(meant.pixels + 1000 * meant.share)


@pytest.mark.parametrize(
    ("position", "shares"),
    [
        (None, (0.5, 0.5)),
        ("centre", (0.5, 0.5)),
        ("Center", (0.5, 0.5)),
        ("top", (0.5, 0)),
        ("bottom", (0.5, 1)),
        ("left", (0, 0.5)),
        ("bottom-right", (1, 1)),
        ("top left", (0, 0)),
        ("10%,90%", (0.1, 0.9)),
        ("12.5, 100", (0.125, 1)),
    ],
)
def test_a_position_is_understood(position, shares) -> None:
    assert Canvas("100x100", position=position).shares == pytest.approx(shares)


@pytest.mark.parametrize(
    ("values", "option"),
    [
        ({"size": "2000"}, "canvas"),
        ({"size": "0x100"}, "canvas"),
        ({"size": "-5x100"}, "canvas"),
        ({"size": (100, 2.5)}, "canvas"),
        ({"size": (100,)}, "canvas"),
        ({"size": "20000x20000"}, "canvas"),
        ({"size": "100x100", "fill": 0}, "fill"),
        ({"size": "100x100", "fill": 1.1}, "fill"),
        ({"size": "100x100", "fill": math.nan}, "fill"),
        ({"size": "100x100", "margin": -1}, "margin"),
        ({"size": "100x100", "margin": math.inf}, "margin"),
        ({"size": "100x100", "margin": "5em"}, "margin"),
        ({"size": "100x100", "margin": 50}, "margin"),
        ({"size": "100x100", "position": "middle"}, "position"),
        ({"size": "100x100", "position": "120%,5%"}, "position"),
        ({"size": "100x100", "position": "left-top-right"}, "position"),
        ({"size": "100x100", "shadow": "yes"}, "shadow"),
        ({"size": "100x100", "crop": True}, "crop"),
        ({"size": "100x100", "scale": 0}, "scale"),
        ({"fill": 0.5}, "fill"),
        ({"position": "top"}, "position"),
        ({"margin": "5%"}, "margin"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_option_and_a_cure(values, option) -> None:
    with pytest.raises(BadOption) as caught:
        Canvas(**values)
    assert caught.value.option == option
    assert option == "scale" or caught.value.cures
