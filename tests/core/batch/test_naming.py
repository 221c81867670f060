"""The names of results: what stands in braces, and names that are distinct by a rule that people can foresee."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutsmith.batch.naming import Named, check_pattern, distinct_names
from cutsmith.errors import BadOption
from cutsmith.picture.originals import folded


def names(*sources: str, pattern: str = "{stem}", folders: list[object] | None = None) -> list[str]:
    named = [Named.after(source, number, is_standard=False) for number, source in enumerate(sources, start=1)]
    return distinct_names(named, [pattern] * len(named), folders or [0] * len(named))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{stem}", "cat.old"),
        ("{stem}-cut", "cat.old-cut"),
        ("{folder}_{stem}.{suffix}", "photos_cat.old.JPG"),
        ("{number}", "1"),
        ("{{{stem}}}", "{cat.old}"),
        ("cut {number} of {stem}", "cut 1 of cat.old"),
        ("fixed", "fixed"),
    ],
)
def test_a_pattern_is_filled(pattern, expected) -> None:
    assert names("photos/cat.old.JPG", pattern=pattern) == [expected]


def test_numbers_sort_as_they_count() -> None:
    assert names(*(f"{number}.jpg" for number in range(12)), pattern="{number}")[:2] == ["01", "02"]


def test_what_has_no_name_gets_one() -> None:
    standard = Named.after("-", 1, is_standard=True)
    assert distinct_names([standard], ["{stem}"], [0]) == ["standard-input"]
    assert names(".") == ["picture"]
    with pytest.raises(BadOption, match="is empty"):
        names("nosuffix", pattern="{suffix}")


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["a.jpg", "b.jpg"], ["a", "b"]),
        (["a.jpg", "a.png", "b.jpg"], ["a-jpg", "a-png", "b"]),
        (["x/a.jpg", "y/a.jpg"], ["x-a", "y-a"]),
        (["x/a.jpg", "y/a.png"], ["a-jpg", "a-png"]),
        (["x/a.jpg", "x/a.png", "y/a.jpg"], ["x-a-jpg", "x-a-png", "y-a-jpg"]),
        (["x/a.jpg", "x/A.png"], ["a-jpg", "A-png"]),
        (["x/a.jpg", "x/A.jpg"], ["a-jpg-1", "A-jpg-2"]),
        (["x/caf\u00e9.jpg", "x/cafe\u0301.png"], ["caf\u00e9-jpg", "cafe\u0301-png"]),
        (["x/a", "x/a.png"], ["a", "a-png"]),
    ],
)
def test_names_that_would_be_the_same_take_in_what_tells_them_apart(sources, expected) -> None:
    assert names(*sources) == expected
    assert names(*reversed(sources))[::-1] == expected or "1" in expected[0], "whatever the order"


def test_a_name_that_took_its_suffix_in_does_not_meet_another_picture() -> None:
    got = names("x/a.jpg", "x/a.png", "x/a-jpg.webp", "x/x-a.tif")
    assert len(set(map(folded, got))) == 4
    assert got[1] == "a-png"


def test_a_pattern_keeps_its_form_where_names_would_be_the_same() -> None:
    assert names("a.jpg", "a.png", pattern="{stem}-cut") == ["a-jpg-cut", "a-png-cut"]


def test_in_different_folders_names_may_be_the_same() -> None:
    assert names("x/a.jpg", "y/a.jpg", folders=[1, 2]) == ["a", "a"]


def test_one_name_for_several_pictures_is_refused() -> None:
    for pattern in ("{folder}", "cut", "{suffix}", "{{stem}}"):
        with pytest.raises(BadOption, match="the same for all 3 pictures") as caught:
            check_pattern(pattern, 3)
        assert caught.value.option == "name"
        check_pattern(pattern, 1)
    check_pattern("{folder}-{number}", 3)


PARTS = ["a", "A", "a-jpg", "x-a", "x-a-jpg", "a-jpg-1", "b"]


@given(
    st.sets(
        st.sampled_from(
            [f"{folder}/{stem}.{suffix}" for folder, stem, suffix in itertools.product("xy", PARTS, ["jpg", "png"])]
        ),
        min_size=1,
    )
)
def test_names_are_always_distinct(sources) -> None:
    got = names(*sorted(sources))
    assert len(set(map(folded, got))) == len(sources)
