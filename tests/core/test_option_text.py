"""Values of options as people type them: what is understood, and what is refused with the value that was found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutsmith.errors import BadBox, BadOption, BadPoint
from cutsmith.option_text import from_text, parse_band, parse_box, parse_point
from cutsmith.options import OPTIONS
from cutsmith.output import OUTPUT_OPTIONS
from cutsmith.request import Request

TEXTS = {
    "text": ("red mug, spoon", "red mug, spoon"),
    "box": ("40,60,300,420", [40, 60, 300, 420]),
    "points": ("240,180 300,200,0; 5,6", [[240, 180, 1], [300, 200, 0], [5, 6, 1]]),
    "band": ("3,20", [3, 20]),
    "matting": ("closed-form", "closed-form"),
    "harden": ("0.25", 0.25),
    "mask_offset": (" -2", -2),
    "invert": ("Yes", True),
    "subject_alone": ("0", False),
    "model": ("u2net", "u2net"),
    "looks": ("3", "3"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_becomes_the_value_that_json_would_have(name) -> None:
    text, value = TEXTS[name]
    found = from_text(OPTIONS[name], text)
    assert found == value
    assert type(found) is type(value)
    Request.from_fields({name: found})


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("box", "40,60,wide", BadBox),
        ("points", "1,2 3", BadPoint),
        ("band", "3", BadOption),
        ("harden", "0,5", BadOption),
        ("threads", "two", BadOption),
        ("threads", "1.5", BadOption),
        ("invert", "perhaps", BadOption),
        ("mask", "mask.png", BadOption),
    ],
)
def test_a_text_that_is_no_such_value_is_refused_with_what_was_found(name, text, kind) -> None:
    with pytest.raises(kind) as caught:
        from_text(OPTIONS[name], text)
    assert caught.value.option == name
    assert caught.value.found in text
    assert caught.value.wanted


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1;2;3;4", "1,2,3,", "١,٢"])
def test_a_box_that_is_none_is_refused(text) -> None:
    with pytest.raises(BadBox) as caught:
        parse_box(text)
    assert (caught.value.option, caught.value.found) == ("box", text)


@pytest.mark.parametrize("text", ["", "1", "1,2,1,1", "x,y", "1,", "1,2,"])
def test_a_point_that_is_none_is_refused(text) -> None:
    with pytest.raises(BadPoint) as caught:
        parse_point(text)
    assert (caught.value.option, caught.value.found) == ("points", text)


@pytest.mark.parametrize("text", ["", "3", "1,2,3", "1.5,2", "-1,2", "a,b", "²,3"])
def test_a_band_that_is_none_is_refused(text) -> None:
    with pytest.raises(BadOption) as caught:
        parse_band(text)
    assert (caught.value.option, caught.value.found) == ("band", text)


numbers = st.floats(-1e6, 1e6)


@given(st.tuples(numbers, numbers, numbers, numbers))
def test_boxes_and_points_are_read_as_they_are_written(box) -> None:
    assert parse_box(",".join(map(repr, box))) == box
    assert parse_point(",".join(map(repr, box[:2]))) == (*box[:2], 1)
    assert parse_point(",".join(map(repr, box[:3]))) == box[:3]


@pytest.mark.parametrize(
    ("text", "names"), [("exif,xmp", ("exif", "xmp")), (" EXIF , gps,", ("exif", "gps")), ("none", ()), ("", ())]
)
def test_names_stand_apart_by_commas(text, names) -> None:
    assert from_text(OUTPUT_OPTIONS["keep_metadata"], text) == names
