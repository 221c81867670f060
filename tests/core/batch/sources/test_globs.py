"""Patterns: what * ? [ ] and ** stand for, in any depth, and the files on the disk that they name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cutsmith.batch.sources.globs import files_of_pattern, is_pattern, match_of, split_pattern, with_folders
from cutsmith.errors import PictureUnreadable


def match(path: str, pattern: str) -> str:
    return match_of(path.split("/"), with_folders(pattern.split("/")))


@pytest.mark.parametrize(
    ("path", "pattern", "found"),
    [
        ("a.jpg", "*.jpg", "exact"),
        ("a.JPG", "*.jpg", "but for case"),
        ("a.jpg", "*.JPG", "but for case"),
        ("A.jpg", "a.jpg", ""),
        ("x/a.jpg", "*.jpg", ""),
        ("a.jpg", "**/*.jpg", "exact"),
        ("x/y/z/a.jpg", "**/*.jpg", "exact"),
        ("x/y/z/a.jpg", "x/**/a.jpg", "exact"),
        ("x/a.jpg", "x/**/a.jpg", "exact"),
        ("x/y/a.jpg", "**/y/**/*.jpg", "exact"),
        ("x/z/a.jpg", "**/y/**/*.jpg", ""),
        ("x/a.jpg", "x/**", "exact"),
        ("a1.jpg", "a[0-9].jpg", "exact"),
        ("ab.jpg", "a[!0-9].jp?", "exact"),
        (".a.jpg", "*.jpg", ""),
        (".x/a.jpg", "**/*.jpg", ""),
        (".x/a.jpg", "*/*.jpg", ""),
        (".x/a.jpg", ".x/*.jpg", "exact"),
        ("xa.jpg", "x**a.jpg", "exact"),
    ],
)
def test_a_path_matches_part_by_part(path, pattern, found) -> None:
    assert match(path, pattern) == found


@pytest.mark.alone
def test_many_wildcards_take_no_time_to_speak_of() -> None:
    import time

    start = time.perf_counter()
    assert match("/".join(["x"] * 60 + ["a.jpg"]), "/".join(["**"] * 30 + ["y", "*.jpg"])) == ""
    assert time.perf_counter() - start < 1


def test_a_pattern_is_split_before_its_first_wildcard() -> None:
    assert split_pattern("shop/r/**/*.jpg") == ("shop/r", ["**", "*.jpg"])
    assert split_pattern("/shop*/a.jpg") == ("/", ["shop*", "a.jpg"])
    assert split_pattern("*.jpg") == ("", ["*.jpg"])
    assert split_pattern("s3://b/x/*.jpg") == ("s3://b/x", ["*.jpg"])
    assert [is_pattern(each) for each in ("a*", "a?", "[a]", "a]{}!", "")] == [True, True, True, False, False]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("in/10.jpg", "in/9.JPG", "in/x/y/b.jpg", "in/x/c.png", "in/.h/d.jpg", "in/notes.txt", "in/out/e.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def found(pattern: str) -> list[tuple[str, str]]:
    return [(Path(path).as_posix(), under) for path, under in files_of_pattern(pattern, ["in/out"]).found]


def test_files_are_found_in_natural_order_without_hidden_ones_and_results() -> None:
    assert found("in/**/*.jpg") == [("in/9.JPG", ""), ("in/10.jpg", ""), ("in/x/y/b.jpg", "x/y")]
    assert files_of_pattern("in/**/*.jpg", []).other_case == 1
    assert found("in/*/*") == [("in/x/c.png", "x")]
    assert found("*/*.jpg") == [("in/9.JPG", "in"), ("in/10.jpg", "in")]
    assert found("in/.h/*.jpg") == [("in/.h/d.jpg", "")]
    assert found(f"{Path.cwd().as_posix()}/in/x/**") == [
        (f"{Path.cwd().as_posix()}/in/x/c.png", ""),
        (f"{Path.cwd().as_posix()}/in/x/y/b.jpg", "y"),
    ]
    assert found("none/*.jpg") == []


def test_a_suffix_that_is_spelt_out_is_meant_and_a_star_means_pictures() -> None:
    assert found("in/*.txt") == [("in/notes.txt", "")]
    assert found("in/n*") == []


def test_only_folders_that_may_match_are_entered(monkeypatch) -> None:
    entered = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: entered.append(Path(path).as_posix()) or real(path))
    assert len(found("in/*.jpg")) == 2
    assert entered == ["in"]


def test_a_folder_that_may_not_be_read_is_told(monkeypatch) -> None:
    real = os.scandir

    def scandir(path):
        if Path(path).name in closed:
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    closed = ["y"]
    assert [Path(each).as_posix() for each in files_of_pattern("in/**/*.jpg", []).closed] == ["in/x/y"]
    closed = ["in"]
    with pytest.raises(PictureUnreadable, match="in may not be read"):
        files_of_pattern("in/**/*.jpg", [])
