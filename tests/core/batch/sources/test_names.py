"""Names of results: distinct on every file system, below the folder of results, and the same however a run went on."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cutsmith.batch.sources import SourcePicture, result_names
from cutsmith.batch.sources.names import is_below
from cutsmith.errors import BadOption
from cutsmith.picture.originals import folded


def names(*sources: str, taken: dict[str, str] | None = None, pattern: str | None = None) -> list[str]:
    found = [SourcePicture(each, PurePosixPath(each).parent.as_posix().strip(".")) for each in sources]
    return result_names(found, taken or {}, ".png", pattern).paths


def test_a_result_keeps_folder_and_name() -> None:
    found = [SourcePicture("shop/r/a.b.jpg", "r"), SourcePicture("s3://x/y/c.tif?v=1", "y"), SourcePicture("d", "")]
    assert result_names(found, {}, ".webp").paths == ["r/a.b.webp", "y/c.webp", "d.webp"]
    assert result_names(found, {}, ".webp").changed == {}
    assert result_names(found[:2], {}, ".png", "{folder}-{stem}-{number}").paths == ["r/r-a.b-1.png", "y/y-c-2.png"]


def test_names_that_would_be_the_same_are_made_distinct_and_recorded() -> None:
    found = [SourcePicture(each) for each in ("a.jpg", "a.png", "b.jpg", "B.jpg", "x/c.jpg", "y/c.jpg")]
    made = result_names(found, {}, ".png")
    assert [*made.paths[:2], *made.paths[4:]] == ["a-jpg.png", "a-png.png", "x-c.png", "y-c.png"]
    assert len(set(map(folded, made.paths))) == 6
    assert made.changed == dict(enumerate(["a.png", "a.png", "b.png", "B.png", "c.png", "c.png"]))


def test_what_is_taken_stays_and_a_new_picture_never_takes_it() -> None:
    assert names("a.jpg", "a.png", taken={"a.jpg": "a.png"}) == ["a.png", "a-png.png"]
    assert names("a.png", taken={"a.jpg": "a.png"}) == ["a-png.png"], "also of a picture that is gone"
    assert names("a.png", taken={"x": "A.png", "y": "a-png.png"}) == ["a-2.png"]
    assert names("a.jpg", taken={"a.jpg": "sub/other.png"}) == ["sub/other.png"]


def test_rows_get_the_names_that_they_ask_for_first() -> None:
    found = [SourcePicture("sku.jpg"), SourcePicture("x.jpg", name="SKU"), SourcePicture("y.jpg", name="SKU")]
    assert result_names(found, {}, ".png").paths == ["sku-jpg.png", "SKU.png", "SKU-2.png"]


def test_another_format_keeps_the_name_and_changes_the_suffix() -> None:
    found = [SourcePicture("a.jpg"), SourcePicture("a.png")]
    taken = {"a.jpg": "a.png", "a.png": "a-2.png"}
    assert result_names(found, taken, ".webp").paths == ["a.webp", "a-2.webp"]


def test_a_file_and_a_folder_never_have_one_name() -> None:
    assert names("a.jpg", "a.png/b.jpg") == ["a-jpg.png", "a.png/b.png"]
    assert names("a.png/b.jpg", taken={"a.jpg": "A.png"}) == ["a.png-2/b.png"]


@pytest.mark.parametrize("path", ["../x.png", "/x.png", "a/../../x.png", "a//x.png", "", "a\0.png", "./a.png"])
def test_a_path_in_the_manifest_that_leads_elsewhere_is_forgotten(path) -> None:
    assert not is_below(path)
    assert names("a.jpg", taken={"a.jpg": path}) == ["a.png"]


def test_names_of_a_store_that_lead_elsewhere_or_are_too_long_are_mended_and_recorded() -> None:
    found = [
        SourcePicture("s3://b/x/../../a.png", "x/../.."),
        SourcePicture("s3://b/.cutsmith/lock.png", ".CUTSMITH"),
        SourcePicture(f"s3://b/{'ä' * 300}.png", "/"),
        SourcePicture("s3://b/", ""),
        SourcePicture("s3://b/...jpg", ""),
    ]
    made = result_names(found, {}, ".png")
    assert made.paths[:2] == ["x/_/_/a.png", "_.CUTSMITH/lock.png"]
    assert len(made.paths[2].encode()) <= 180
    assert made.paths[3:] == ["b.png", "_.png"]
    assert set(made.changed) == {0, 1, 2, 4}


def test_windows_gets_no_names_that_it_refuses(monkeypatch) -> None:
    from cutsmith.batch.sources import safe_names

    monkeypatch.setattr(safe_names.os, "name", "nt")
    found = [("a:b?", "a_b_"), ("CON", "CON_"), ("aux.x", "aux.x_"), ("a. ", "a"), ("x\\y", "x_y"), ("...", "")]
    assert [safe_names.safe_part(part) for part, _ in found] == [safe for _, safe in found]


def test_a_pattern_that_gives_all_one_name_is_refused() -> None:
    with pytest.raises(BadOption, match="would be the same"):
        names("a.jpg", "b.jpg", pattern="x")


def test_the_time_grows_with_the_pictures_alone() -> None:
    import time

    found = [
        SourcePicture(f"in/{at % 100}/{at % 1000}.{suffix}", str(at % 100))
        for at in range(10_000)
        for suffix in ("jpg", "png")
    ]
    start = time.perf_counter()
    made = result_names(found, {}, ".png")
    assert len(set(map(folded, made.paths))) == 20_000
    assert time.perf_counter() - start < 30


# Few letters, so that names meet: case, composition (é), what leads elsewhere, and what looks like our own numbers.
LETTERS = ["a", "A", "b", "-", "2", ".", "é", unicodedata.normalize("NFD", "é"), "\\"]
PARTS = st.lists(st.sampled_from(LETTERS), max_size=4).map("".join)
UNDER = st.lists(PARTS, max_size=3).map("/".join)
SUFFIXES = st.sampled_from([".jpg", ".png", "", ".JPG"])
STORES = st.sampled_from(["s3://b/", "", "/x/", "s3://c/.cutsmith/"])


@st.composite
def pictures(draw) -> SourcePicture:
    under, stem = draw(UNDER), draw(PARTS)
    name = draw(st.one_of(st.none(), st.sampled_from(["a", "A-2", "b-jpg"])))
    return SourcePicture(f"{draw(STORES)}{under}/{stem or 'a'}{draw(SUFFIXES)}", under, name)


FOUND = st.lists(pictures(), max_size=12, unique_by=lambda each: each.source)
PATTERNS = st.sampled_from([None, "{stem}-2", "{stem}-{suffix}"])


def assert_sound(paths: list[str]) -> None:
    keys = [folded(path) for path in paths]
    assert len(set(keys)) == len(keys)
    folders = {folder.as_posix() for key in keys for folder in PurePosixPath(key).parents}
    assert not folders & set(keys), "a file is a folder of another"
    for path in paths:
        assert path.endswith(".png")
        assert not path.startswith("/")
        assert not {"", ".", ".."} & set(path.split("/"))


@settings(max_examples=200, deadline=None)
@given(FOUND, PATTERNS, st.data())
@example([SourcePicture("a.jpg"), SourcePicture("a.png"), SourcePicture("a-jpg.jpg")], None, None)
def test_names_are_distinct_below_the_folder_and_the_same_when_a_run_goes_on(found, pattern, data) -> None:
    made = result_names(found, {}, ".png", pattern)
    assert_sound(made.paths)
    assert made == result_names(found, {}, ".png", pattern)
    done = data.draw(st.sets(st.sampled_from(range(len(found))))) if data is not None and found else {0, 2}
    taken = {found[at].source: made.paths[at] for at in done if at < len(found)}
    assert result_names(found, taken, ".png", pattern).paths == made.paths


@settings(max_examples=200, deadline=None)
@given(FOUND, st.data())
def test_pictures_that_come_and_go_change_no_name_that_is_taken(found, data) -> None:
    taken: dict[str, str] = {}
    for _ in range(3):
        some = data.draw(st.lists(st.sampled_from(found), unique_by=lambda each: each.source)) if found else []
        made = result_names(some, taken, ".png").paths
        for each, path in zip(some, made, strict=True):
            assert taken.setdefault(each.source, path) == path
        assert_sound(list(taken.values()))
