"""The other fields of a request: colour, shadow, size, type, format, channels; each with good and bad values."""

from __future__ import annotations

import pytest

from cutsmith.result.canvas.shadow import DARKEST
from cutsmith.service.failures import BadForm
from cutsmith.service.forms import Fields, Upload
from cutsmith.service.removebg.colour import ground_of
from cutsmith.service.removebg.refusal import Refused
from cutsmith.service.removebg.sizes import most_cut
from cutsmith.service.removebg.wanted import wanted_of


def wanted(**values: object):
    return wanted_of(Fields(values))


def code_of(values: dict[str, object]) -> str:
    with pytest.raises(Refused) as caught:
        wanted_of(Fields(values))
    return caught.value.code


def test_without_fields_the_result_is_a_preview_of_the_picture_as_it_is() -> None:
    plain = wanted()
    assert plain.size_pixels == 250_000
    assert (plain.format, plain.channels, plain.ground, plain.type, plain.told_type) == (
        "auto", "rgba", None, "auto", "other",
    )  # fmt: skip
    assert not plain.frame.cut_down
    assert (plain.frame.fill, plain.frame.place, plain.frame.shadow_opacity) == (None, None, 0)


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("", None),
        ("fff", ((255, 255, 255), 1)),
        ("#81d4fa", ((0x81, 0xD4, 0xFA), 1)),
        ("81D4FA77", ((0x81, 0xD4, 0xFA), 0x77 / 255)),
        ("f008", ((255, 0, 0), 0x88 / 255)),
        ("#ffffff00", None),
        ("green", ((0, 128, 0), 1)),
        ("LightGray", ((211, 211, 211), 1)),
    ],
)
def test_a_colour_is_hexadecimal_digits_or_a_name(text, ground) -> None:
    assert ground_of(text) == ground


@pytest.mark.parametrize(
    "text", ["ff", "fffff", "fffffff", "#", "greenish", "rgb(1,2,3)", "transparent", "/etc/passwd", "undefined"]
)
def test_what_is_no_colour_is_refused(text) -> None:
    assert code_of({"bg_color": text}) == "invalid_bg_color"


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("preview", 250_000), ("small", 250_000), ("regular", 250_000), ("medium", 1_500_000), ("hd", 4_000_000),
        ("full", 25_000_000), ("4k", 25_000_000), ("auto", 25_000_000), ("50MP", 50_000_000), ("50mp", 50_000_000),
    ],
)  # fmt: skip
def test_each_size_has_its_pixels(text, most) -> None:
    assert wanted(size=text).size_pixels == most


@pytest.mark.parametrize(
    ("fields", "has_picture_behind", "most"),
    [
        ({}, False, 10_000_000),
        ({}, True, 25_000_000),
        ({"format": "png"}, True, 10_000_000),
        ({"bg_color": "fff"}, False, 25_000_000),
        ({"bg_color": "fff8"}, False, 10_000_000),
        ({"bg_color": "fff", "channels": "alpha"}, False, 10_000_000),
        ({"format": "zip"}, False, 25_000_000),
        ({"format": "webp", "size": "50MP"}, False, 50_000_000),
        ({"size": "preview"}, False, 250_000),
    ],
)
def test_what_may_become_a_png_has_ten_million_pixels_at_most(fields, has_picture_behind, most) -> None:
    assert wanted(**{"size": "auto", **fields}).most_pixels(has_picture_behind=has_picture_behind) == most


@pytest.mark.parametrize("text", ["large", "10MP", "1", "undefined"])
def test_a_size_that_is_none_is_refused(text) -> None:
    assert code_of({"size": text}) == "invalid_size"


def test_a_preview_is_cut_out_on_as_many_pixels_as_a_model_sees() -> None:
    assert (most_cut(250_000), most_cut(4_000_000)) == (1024 * 1024, 4_000_000)


@pytest.mark.parametrize(
    ("kind", "level", "told"),
    [
        ("person", "1", "person"), ("Car", "1", "car"), ("car_interior", "1", "car"),
        ("car_interior", "2", "car_interior"),
        ("graphic", "1", "other"), ("graphic", "latest", "graphics"), ("transportation", "2", "transportation"),
        ("auto", "1", "other"), ("dragon", "1", "other"), ("person", "none", None), ("person", "7", "person"),
    ],
)  # fmt: skip
def test_the_answer_tells_the_type_that_the_client_named(kind, level, told) -> None:
    assert wanted(type=kind, type_level=level).told_type == told


@pytest.mark.parametrize("text", ["auto", "png", "jpg", "webp", "zip", "PNG"])
def test_each_format_is_taken(text) -> None:
    assert wanted(format=text).format == text.lower()


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"format": "gif"}, "invalid_format"),
        ({"format": "jpeg"}, "invalid_format"),
        ({"channels": "rgb"}, "invalid_channels"),
        ({"semitransparency": "perhaps"}, "invalid_semitransparency"),
        ({"roi": "1"}, "invalid_roi"),
        ({"crop_margin": "x"}, "invalid_crop_margin"),
        ({"scale": "x"}, "invalid_scale"),
        ({"position": "x"}, "invalid_position"),
        ({"shadow_type": "3D"}, "invalid_shadow_type"),
        ({"add_shadow": "3D"}, "invalid_shadow_type"),
        ({"shadow_type[person]": "3D"}, "invalid_shadow_type"),
        ({"shadow_type": "soft"}, "invalid_shadow_type"),
        ({"shadow_type": "drop", "shadow_opacity": "101"}, "invalid_shadow_opacity"),
        ({"shadow_type": "drop", "shadow_opacity": "-1"}, "invalid_shadow_opacity"),
        ({"shadow_opacity": "dark"}, "invalid_shadow_opacity"),
    ],
)
def test_a_value_that_is_wrong_is_refused_with_its_code(values, code) -> None:
    assert code_of(values) == code


@pytest.mark.parametrize("text", [True, "true", "1", "yes", "TRUE"])
def test_a_crop_may_be_said_in_several_ways(text) -> None:
    assert wanted(crop=text, semitransparency=text).frame.cut_down


@pytest.mark.parametrize("text", [False, "false", "", None, "0"])
def test_so_may_its_absence(text) -> None:
    assert not wanted(crop=text).frame.cut_down


@pytest.mark.parametrize(
    ("values", "darkest"),
    [
        ({}, 0),
        ({"add_shadow": "false"}, 0),
        ({"add_shadow": False, "shadow_type": "none"}, 0),
        ({"shadow_opacity": "40"}, 0),
        ({"add_shadow": "true"}, DARKEST),
        ({"add_shadow": "drop"}, DARKEST),
        ({"add_shadow": True, "type": "car"}, 0.9),
        ({"shadow_type": "drop"}, DARKEST),
        ({"shadow_type": "auto"}, DARKEST),
        ({"shadow_type": "auto", "type": "car"}, 0.9),
        ({"shadow_type": "car"}, 0.9),
        ({"shadow_type": "drop", "shadow_opacity": "auto"}, DARKEST),
        ({"shadow_type": "drop", "shadow_opacity": "0"}, 0),
        ({"shadow_type": "drop", "shadow_opacity": 40}, 0.4),
        ({"shadow_type[car]": "car"}, 0),
        ({"shadow_type[car]": "car", "type": "car", "shadow_opacity[car]": "70"}, 0.7),
        ({"shadow_type[other]": "drop", "shadow_opacity[car]": "70"}, DARKEST),
    ],
)
def test_a_shadow_is_as_dark_as_its_type_or_its_opacity_says(values, darkest) -> None:
    assert wanted(**values).frame.shadow_opacity == pytest.approx(darkest)


def test_a_field_of_another_kind_is_refused_and_one_that_nobody_knows_is_left_alone() -> None:
    with pytest.raises(BadForm):
        wanted(size=["auto"])
    with pytest.raises(BadForm):
        wanted_of(Fields({}, {"size": Upload("a.png", b"x")}))
    assert wanted(sise="auto", test="true") == wanted()
