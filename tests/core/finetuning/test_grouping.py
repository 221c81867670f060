"""A picture's name tells its product, by a rule or by the user's pattern."""

from __future__ import annotations

import pytest

from cutsmith.errors import BadOption
from cutsmith.finetuning.finding import find_examples
from cutsmith.finetuning.grouping import Grouping
from tests.core.finetuning.drawn import groups, pairs


@pytest.mark.parametrize(
    ("name", "product"),
    [
        ("mug-0004", "mug"),
        ("mug_red_12", "mug_red"),
        ("mug-2-0004", "mug-2"),
        ("mug (7)", "mug"),
        ("mug.3", "mug"),
        ("mug", "mug"),
        ("SKU1234", "SKU1234"),
        ("SKU1234_2", "SKU1234"),
        ("mug-front", "mug-front"),
        ("monday/mug-1", "mug"),
        ("mug/0004", "mug"),
        ("red/mug/4", "mug"),
        ("0004", "shop"),
        ("Krüge – 4", "Krüge"),
        ("Krüge-4", "Krüge"),
    ],
)
def test_the_rule(name, product) -> None:
    assert Grouping(None).product(name, "shop") == product


@pytest.mark.parametrize(
    ("pattern", "product"),
    [("^([^/]+)/", "red"), ("[a-z]+$", None), ("[a-z]+-", "mug-"), ("x*", None), ("(x)|mug", None)],
)
def test_a_pattern(pattern, product) -> None:
    assert Grouping(pattern).product("red/mug-0004", "shop") == product


def test_what_is_no_pattern_is_refused() -> None:
    with pytest.raises(BadOption, match="no regular expression: missing") as caught:
        Grouping("(mug")
    assert (caught.value.option, caught.value.exit_code) == ("group", 2)


def test_a_name_that_the_pattern_does_not_match_is_a_fault(tmp_path) -> None:
    found = find_examples(*pairs(tmp_path, "mug-1", "cup-1", "7"), r"^([a-z]+)")
    assert groups(found) == {"mug-1": "mug", "cup-1": "cup"}
    (fault,) = found.faults
    assert fault.is_fatal
    assert fault.path.name == "7.png"
    assert "does not match its name, '7'" in fault.what


def test_doubtful_names_are_told(tmp_path) -> None:
    found = find_examples(*pairs(tmp_path, "one/front", "one/back", "two/left"), None)
    each, folders = found.notices
    assert "each picture shows a product of its own" in each
    assert "not by their folders" in folders
    assert "group=^([^/]+)/" in folders


@pytest.mark.parametrize("names", [("mug-1", "mug-2", "cup-1"), ("mug/1", "mug/2", "cup/1")])
def test_plain_names_are_not(tmp_path, names) -> None:
    assert not find_examples(*pairs(tmp_path, *names), None).notices


def test_who_gives_a_pattern_is_told_nothing(tmp_path) -> None:
    assert not find_examples(*pairs(tmp_path, "one/front", "two/left"), "^([^/]+)/").notices
