from __future__ import annotations

import pytest
from gimp_plugin.cutsmith.plug_in.messages import remedy_for, with_whole_commands

from gimp_plugin.cutsmith.plug_in.installation import Installation
from gimp_plugin.cutsmith.plug_in.settings import Settings

HERE = Installation(("/my env/python", "-m", "cutsmith"), install="python3 '/clone/install.py' gimp")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fetch them: cutsmith models fetch u2net", "Fetch them: '/my env/python' -m cutsmith models fetch u2net"),
        ("cutsmith doctor", "'/my env/python' -m cutsmith doctor"),
        ("/other/bin/cutsmith models list", "/other/bin/cutsmith models list"),
        ("looked in ~/cutsmith models", "looked in ~/cutsmith models"),
        ("cutsmith is fine", "cutsmith is fine"),
    ],
)
def test_commands_are_told_whole(text, expected) -> None:
    assert with_whole_commands(text, HERE) == expected


@pytest.mark.parametrize(
    ("what", "words"),
    [("subject", "Select it roughly"), ("words", "lower the certainty"), ("selection", "more closely")],
)
def test_nothing_found_has_advice_for_what_was_looked_for(what, words) -> None:
    remedy = "Try another model (cutsmith models list), or lower --box-threshold"
    assert words in remedy_for("SubjectNotFound", "Nothing found.", remedy, Settings(what=what), HERE)


def test_a_missing_part_is_installed_by_the_installer() -> None:
    what = "The part [text] is not installed: wanted torch, transformers, missing torch."
    remedy = remedy_for("ExtraMissing", what, 'pip install "cutsmith[text]"', Settings(), HERE)
    assert remedy.endswith("python3 '/clone/install.py' gimp --with text")


def test_no_option_of_the_command_line_is_advised() -> None:
    for kind, remedy in [("PictureTooLarge", "--max-pixels 9"), ("BadPhrases", 'Example: --text "red mug"')]:
        assert "--" not in remedy_for(kind, "", remedy, Settings(), HERE)
