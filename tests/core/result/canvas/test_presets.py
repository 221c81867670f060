"""What marketplaces want, as data: ours make sense, and the user's own are found, come first and are checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutsmith.errors import BadOption
from cutsmith.result.canvas import presets as presets_module
from cutsmith.result.canvas.presets import find_preset, own_presets_file, parse_presets, presets
from cutsmith.result.canvas.settings import Canvas

OURS = Path(presets_module.__file__).with_name("presets.toml").read_text(encoding="utf-8")
OWN = """
[presets.Shop]
title = "Our shop"
source = "the photo guide"
read = "2026-11"
verified = true
canvas = "800x600"
fill = 0.7
"""


@pytest.fixture(autouse=True)
def own_file(tmp_path, monkeypatch) -> Path:
    path = tmp_path / "config" / "presets.toml"
    monkeypatch.setattr(presets_module, "config_folder", lambda: path.parent)
    return path


@pytest.mark.parametrize("preset", presets().values(), ids=presets())
def test_each_of_ours_wants_a_picture_that_its_own_limits_allow(preset) -> None:
    width, height = Canvas(preset.canvas).pixels
    assert preset.fill is not None
    assert (preset.fill_least or 0) <= preset.fill <= (preset.fill_most or 1)
    assert (preset.longest_least or 0) <= max(width, height) <= (preset.longest_most or max(width, height))
    assert (preset.shortest_least or 0) <= min(width, height)
    assert width * height <= (preset.megapixels_most or 1000) * 1e6
    assert "JPEG" in preset.formats
    assert (preset.subsampling, preset.colour) == ("4:4:4", "sRGB")
    assert preset.source
    assert preset.verified == (preset.notice == "") == (preset.source != "from memory")


def test_two_are_verified_and_the_others_say_that_they_are_not() -> None:
    assert [name for name, each in presets().items() if each.verified] == ["amazon", "google-shopping"]
    assert "not verified" in find_preset("ebay").notice


def test_a_name_that_is_not_there_gives_the_names_and_the_nearest() -> None:
    with pytest.raises(BadOption) as caught:
        find_preset("amazn")
    assert "amazon, google-shopping, ebay" in caught.value.what
    assert caught.value.cures[0].value == "amazon"
    with pytest.raises(BadOption) as caught:
        find_preset("google")
    assert caught.value.cures[0].value == "google-shopping"
    assert find_preset(" Amazon ").name == "amazon"


def test_the_users_own_stand_beside_ours_and_come_first(own_file) -> None:
    own_file.parent.mkdir()
    own_file.write_text(OWN + OWN.replace("Shop", "amazon"), encoding="utf-8")
    assert own_presets_file() == own_file
    assert find_preset("shop").canvas == "800x600"
    assert find_preset("amazon").title == "Our shop"
    assert find_preset("ebay").title == "eBay"


def test_a_file_with_one_preset_can_be_given_itself(tmp_path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    assert find_preset(str(path)).fill == 0.7
    path.write_text(OURS, encoding="utf-8")
    with pytest.raises(BadOption, match="must hold one preset to be given as a file, but holds 7"):
        find_preset(str(path))
    with pytest.raises(BadOption, match="cannot be read: No such file"):
        find_preset(str(tmp_path / "none.toml"))
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadOption, match="cannot be read"):
        find_preset(str(path))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("fill = 0.7", "fill = 70", r"\[presets.shop\] fill must be a number above 0 and up to 1, but is 70"),
        ("fill = 0.7", "fil = 0.7", "unknown key fil; known are title, source"),
        ('title = "Our shop"', "", "lacks the key title"),
        ('title = "Our shop"', "title = 3", "title must be a text"),
        ("verified = true", 'verified = "yes"', "verified must be true or false"),
        ('canvas = "800x600"', 'canvas = "800"', "canvas must be a width and a height"),
        ("fill = 0.7", 'background = "whit"', "background must be"),
        ("fill = 0.7", 'formats = ["JPG"]', "formats must be a list of JPEG"),
        ("fill = 0.7", 'subsampling = "4:1:1"', "subsampling must be one of 4:4:4"),
        ("fill = 0.7", 'colour = "CMYK"', "colour must be sRGB"),
        ("fill = 0.7", "bytes_most = -1", "bytes_most must be a number above 0"),
        ("fill = 0.7", "fill_least = 0.9\nfill_most = 0.8", "fill_least is more than fill_most"),
        ("[presets.Shop]", "[shop]", r"must have tables \[presets.NAME\]"),
        ("fill = 0.7", "fill = ", "not valid TOML"),
    ],
)
def test_what_makes_no_sense_is_told_with_table_and_key(before, after, told) -> None:
    assert before in OWN
    with pytest.raises(BadOption, match=told):
        parse_presets(OWN.replace(before, after), "own.toml")
