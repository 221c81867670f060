"""roi, crop_margin, scale and position -> numbers; each field with good and bad values."""

from __future__ import annotations

import pytest

from cutsmith.result.canvas.own_frame import Margins
from cutsmith.result.canvas.settings import Margin
from cutsmith.service.removebg.geometry import fill_of, margins_of, place_of, region_of
from cutsmith.service.removebg.refusal import Refused

NONE, TEN, FIFTH = Margin(), Margin(pixels=10), Margin(share=0.2)


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("", None),
        ("0% 0% 100% 100%", None),
        ("0 0 100% 100%", None),
        ("0px 0px 200px 100px", None),
        ("10px 20px 50px 60px", (10, 20, 50, 60)),
        ("10 20 50 60", (10, 20, 50, 60)),
        ("25% 50% 75% 100%", (50, 50, 150, 100)),
        ("5% 20px 50PX 100%", (10, 20, 50, 100)),
        ("  10px   20px 50px 60px ", (10, 20, 50, 60)),
    ],
)
def test_a_region_is_two_corners_in_pixels_or_percent(text, box) -> None:
    assert region_of(text.strip()).box(200, 100) == box


@pytest.mark.parametrize(
    "text", ["10px", "1 2 3", "1 2 3 4 5", "-1px 0 10 10", "a b c d", "1em 1em 2em 2em", "1,2,3,4"]
)
def test_what_is_no_region_is_refused(text) -> None:
    assert code_of(region_of, text) == "invalid_roi"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0 0 201px 100px", "roi_exceeds_bounds"),
        ("0 0 10 101px", "roi_exceeds_bounds"),
        ("300px 0 10 10", "roi_exceeds_bounds"),
        ("0% 0% 101% 100%", "roi_exceeds_bounds"),
        ("10px 10px 10px 50px", "roi_region_empty"),
        ("50px 10px 20px 50px", "roi_region_empty"),
        ("0% 0% 0% 0%", "roi_region_empty"),
    ],
)
def test_a_region_that_the_picture_does_not_have_is_refused(text, code) -> None:
    assert code_of(lambda each: region_of(each).box(200, 100), text) == code


@pytest.mark.parametrize(
    ("text", "margins"),
    [
        ("", Margins()),
        ("0", Margins(NONE, NONE, NONE, NONE)),
        ("10px", Margins(TEN, TEN, TEN, TEN)),
        ("10", Margins(TEN, TEN, TEN, TEN)),
        ("10px 20%", Margins(TEN, FIFTH, TEN, FIFTH)),
        ("10px 20% 0 50%", Margins(TEN, FIFTH, NONE, Margin(share=0.5))),
        ("500px", Margins(*[Margin(pixels=500)] * 4)),
    ],
)
def test_a_margin_has_one_value_two_or_four(text, margins) -> None:
    assert margins_of(text) == margins


@pytest.mark.parametrize(
    "text", ["1 2 3", "1 2 3 4 5", "-5px", "501px", "51%", "10px 51%", "ten", "1e3", "10 %", "undefined"]
)
def test_a_margin_that_is_none_or_too_large_is_refused(text) -> None:
    assert code_of(margins_of, text) == "invalid_crop_margin"


@pytest.mark.parametrize(
    ("text", "fill"), [("", None), ("original", None), ("10%", 0.1), ("50", 0.5), ("99.5%", 0.995), ("100%", 1)]
)
def test_a_scale_is_a_share_of_the_frame(text, fill) -> None:
    assert fill_of(text) == fill


@pytest.mark.parametrize("text", ["9%", "101%", "0%", "50px", "-50%", "half", "50% 50%", "nan"])
def test_a_scale_that_is_none_is_refused(text) -> None:
    assert code_of(fill_of, text) == "invalid_scale"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", None),
        ("original", None),
        ("center", (0.5, 0.5)),
        ("0%", (0, 0)),
        ("100%", (1, 1)),
        ("25% 75%", (0.25, 0.75)),
        ("25 75", (0.25, 0.75)),
    ],
)
def test_a_position_is_a_share_of_the_free_room(text, place) -> None:
    assert place_of(text) == place


@pytest.mark.parametrize("text", ["101%", "-1%", "10px", "10% 20% 30%", "left", "10%,20%", "10% 20px"])
def test_a_position_that_is_none_is_refused(text) -> None:
    assert code_of(place_of, text) == "invalid_position"


def code_of(read, text: str) -> str:
    with pytest.raises(Refused) as caught:
        read(text)
    return caught.value.code
