"""What the inputs of a batch name: folders, patterns, files, several of them, each picture once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from cutsmith.batch.sources import find_sources
from cutsmith.errors import BadOption, PictureNotFound

posix = pytest.mark.skipif(os.name != "posix", reason="links of POSIX")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*names: str) -> None:
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(path, "PNG")


def found(*inputs: str, include: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    sources = find_sources(inputs, "out", include=include).found
    return [(Path(each.source).as_posix(), each.under) for each in sources]


def test_a_folder_keeps_its_structure_and_a_file_goes_straight_into_the_results() -> None:
    make("shop/10.png", "shop/9.JPG", "shop/rings/gold/a.webp", "shop/.h.png", "x.png", "shop/out/a.png")
    assert found("shop", "x.png", "missing.jpg") == [
        ("shop/9.JPG", ""),
        ("shop/10.png", ""),
        ("shop/out/a.png", "out"),
        ("shop/rings/gold/a.webp", "rings/gold"),
        ("x.png", ""),
        ("missing.jpg", ""),
    ]
    assert [Path(each.source).as_posix() for each in find_sources(["shop/"], "shop/out").found][-1].endswith("a.webp")
    assert len(find_sources(["shop"], "shop/out").found) == 3


def test_several_folders_keep_their_names_patterns_too() -> None:
    make("x/a.png", "x/sub/b.png", "y/a.png")
    assert found("x", "y") == [("x/a.png", "x"), ("x/sub/b.png", "x/sub"), ("y/a.png", "y")]
    assert found("x/**/*.png", "y") == [("x/a.png", "x"), ("x/sub/b.png", "x/sub"), ("y/a.png", "y")]
    assert found("x/*.png", "x/*/*.png") == [("x/a.png", ""), ("x/sub/b.png", "sub")], "one folder, two patterns"
    assert found("x", "x/sub") == [("x/a.png", "x"), ("x/sub/b.png", "x/sub")], "what lies in another counts once"


def test_a_pattern_takes_suffixes_of_any_case_and_says_so() -> None:
    make("shop/a.jpg", "shop/r/b.JPG", "shop/r/c.png")
    sources = find_sources(["shop/**/*.jpg"], "out")
    assert [Path(each.source).name for each in sources.found] == ["a.jpg", "b.JPG"]
    assert sources.notices == [
        "1 picture was taken though the suffix is in other letters, small or capital, than the pattern's."
    ]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file() -> None:
    make("a[1].png", "a1.png")
    assert found("a[1].png") == [("a[1].png", "")]
    assert found("a[0-9].png") == [("a1.png", "")]


def test_folders_can_be_searched_for_some_names_or_paths() -> None:
    make("shop/a.jpg", "shop/a.PNG", "shop/rings/b.png", "shop/rings/gold/c.png", "shop/pins/d.png", "one.jpg")
    assert found("shop", "one.jpg", include=("*.png",)) == [
        ("shop/a.PNG", ""),
        ("shop/pins/d.png", "pins"),
        ("shop/rings/b.png", "rings"),
        ("shop/rings/gold/c.png", "rings/gold"),
        ("one.jpg", ""),
    ]
    assert found("shop", include=("rings/**", "d.*")) == [
        ("shop/pins/d.png", "pins"),
        ("shop/rings/b.png", "rings"),
        ("shop/rings/gold/c.png", "rings/gold"),
    ]
    notices = find_sources(["shop"], "out", include=["*.png"]).notices
    assert notices[0] == "1 picture matches none of the patterns and was left out."
    assert notices[1].startswith("1 picture was taken though")
    with pytest.raises(PictureNotFound, match="no picture in shop that matches"):
        find_sources(["shop"], "out", include=["*.webp"])
    with pytest.raises(BadOption, match="include must be a pattern"):
        find_sources(["shop"], "out", include=["/"])


def test_nothing_found_is_an_error_alone_and_a_notice_beside_others() -> None:
    make("a.png")
    Path("empty").mkdir()
    for given, told in (
        (["empty"], "no picture in the folder empty"),
        (["empty/*.jpg"], r"No picture matches empty/\*\.jpg\.\n"),
        (["none/**/*.jpg"], "There is no folder none"),
        ([], "No input"),
    ):
        with pytest.raises(PictureNotFound, match=told) as caught:
            find_sources(given, "out")
        assert caught.value.remedy
    sources = find_sources(["empty", "none/*.jpg", "a.png"], "out")
    assert [each.source for each in sources.found] == ["a.png"]
    assert len([each for each in sources.notices if "empty" in each]) == 1
    assert any("none/*.jpg" in each for each in sources.notices)


@posix
def test_one_picture_counts_once_however_it_is_called(here) -> None:
    make("a.png", "in/b.png")
    Path("link.png").symlink_to("a.png")
    Path("list.txt").write_text("a.png\nin/b.png\n")
    inputs = ["link.png", "a.png", f"{here}/a.png", "in", "in/*.png", "@list.txt", f"file://{here}/in/b.png"]
    sources = find_sources(inputs, "out")
    assert [each.source for each in sources.found] == ["a.png", "in/b.png"]
    assert sources.notices == [
        f"6 pictures were named more than once and will be cut out once: link.png, {here}/a.png, in/b.png and 3 more."
    ]


@posix
def test_an_address_of_a_file_is_its_path(here) -> None:
    make("in/a b.png", "in/c%20d.png")
    assert found(f"file://{here}/in/") == [(f"{here}/in/a b.png", ""), (f"{here}/in/c%20d.png", "")]
    assert found(f"file://localhost{here}/in/a%20b.png") == [(f"{here}/in/a b.png", "")]
    assert found(f"file://{here}/in/c%20d.png") == [(f"{here}/in/c%20d.png", "")]


@pytest.mark.parametrize("given", ["out", "out/*.png", "./out/../out"])
def test_the_folder_of_results_is_no_input(given) -> None:
    make("out/a.png")
    with pytest.raises(BadOption, match="cannot be that of the results"):
        find_sources([given], "out")


def test_standard_input_is_no_picture_of_a_batch() -> None:
    with pytest.raises(BadOption, match="standard input"):
        find_sources(["a.png", "-"], "out")


def test_the_order_is_the_same_however_the_disk_lists_its_files(monkeypatch) -> None:
    make(*(f"in/{folder}/{number}.png" for folder in "ab" for number in (1, 2, 10)))
    first = found("in"), found("in/**/*.png")
    real = os.scandir

    class Backwards:
        def __init__(self, path) -> None:
            with real(path) as entries:
                self._entries = sorted(entries, key=lambda entry: entry.name, reverse=True)

        def __enter__(self):
            return iter(self._entries)

        def __exit__(self, *_) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Backwards)
    assert (found("in"), found("in/**/*.png")) == first
    assert [source for source, _ in first[0]][:3] == ["in/a/1.png", "in/a/2.png", "in/a/10.png"]
