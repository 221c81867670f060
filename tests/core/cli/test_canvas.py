"""`cutsmith cut --preset`: what failed a check is told and counts, and so does what was not verified."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from cutsmith.cli.cut_command import cut


@pytest.fixture
def transparent(tmp_path, monkeypatch):
    """A picture that is cut out already, for which no model runs."""
    monkeypatch.chdir(tmp_path)
    pixels = np.zeros((900, 900, 4), np.uint8)
    pixels[100:800, 200:700] = (200, 30, 40, 255)
    Image.fromarray(pixels).save("ring.png")


def said(*arguments: str):
    return CliRunner().invoke(cut, ["ring.png", *arguments])


def test_a_picture_that_passes_is_no_news(transparent) -> None:
    result = said("--preset", "amazon", "--canvas", "700x700", "-o", "ring.jpg")
    assert (result.exit_code, result.stdout) == (0, "ring.jpg\n")
    assert "Amazon" not in result.stderr
    assert Image.open("ring.jpg").size == (700, 700)


def test_a_failed_check_is_a_warning_and_the_exit_code_is_1(transparent) -> None:
    result = said("--preset", "amazon", "--fill", "0.5", "--canvas", "700x700", "-o", "ring.jpg")
    assert (result.exit_code, result.stdout) == (1, "ring.jpg\n")
    assert "warning: The subject fills 50 % of the frame, but Amazon wants 85 % or more." in result.stderr
    again = said("--preset", "amazon", "--fill", "0.5", "--json", "-o", "ring.jpg", "--overwrite")
    assert again.exit_code == 1
    assert "85 % or more" in json.loads(again.stdout)["checks"][0]


def test_a_preset_from_memory_says_so(transparent) -> None:
    result = said("--preset", "etsy", "-o", "ring.jpg")
    assert "warning: the preset etsy is not verified (from memory)" in result.stderr


def test_a_preset_of_ones_own_is_a_file_that_no_result_replaces(transparent, tmp_path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[presets.own]\ntitle = "We"\nsource = "us"\nread = "2026-11"\nverified = true\ncanvas = "90x60"\n',
        encoding="utf-8",
    )
    assert said("--preset", "own.toml", "-o", "small.png").exit_code == 0
    assert Image.open("small.png").size == (90, 60)


def test_wrong_values_are_wrong_usage_in_the_words_of_the_command_line(transparent) -> None:
    from cutsmith.errors import BadOption

    for arguments, option in ((["--preset", "amazn"], "preset"), (["--margin", "5%"], "margin")):
        result = said(*arguments)
        assert isinstance(result.exception, BadOption)
        assert result.exception.option == option
