"""Colours behind a cut-out, as people write them."""

from __future__ import annotations

import pytest

from cutsmith.errors import BadColour
from cutsmith.result.background import parse_colour


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
