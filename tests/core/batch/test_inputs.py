"""Which pictures a call names: files as they are, and the pictures in folders, each once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from cutsmith.batch.inputs import STANDARD, FoundInput, find_inputs, natural_order
from cutsmith.errors import BadOption, PictureNotFound, PictureUnreadable

posix = pytest.mark.skipif(os.name != "posix", reason="links and modes of POSIX")


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(path, "PNG")


def path(*parts: str) -> str:
    return str(Path(*parts))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sources(*inputs: str, results: tuple[str, ...] = ()) -> list[str]:
    return [Path(each.source).as_posix() for each in find_inputs(inputs, results).found]


def test_files_are_taken_as_they_are_whatever_they_hold() -> None:
    Path("text.txt").write_text("no picture")
    assert sources("text.txt", "missing.jpg", STANDARD) == ["text.txt", "missing.jpg", STANDARD]
    assert find_inputs(["text.txt"], []).notices == []


def test_a_folder_stands_for_the_pictures_in_it_and_below(here) -> None:
    make(here, "in/10.jpg", "in/9.jpg", "in/b/c/deep.png", "in/b/x.webp", "in/a.jpg", "in/B2/y.jpg")
    found = find_inputs(["in"], ["out"]).found
    assert [(Path(each.source).as_posix(), Path(each.under).as_posix()) for each in found] == [
        ("in/9.jpg", "."),
        ("in/10.jpg", "."),
        ("in/a.jpg", "."),
        ("in/b/x.webp", "b"),
        ("in/b/c/deep.png", "b/c"),
        ("in/B2/y.jpg", "B2"),
    ]
    assert sources("in/", results=("out",)) == sources("in")


def test_several_folders_keep_their_names_and_one_given_twice_is_one(here) -> None:
    make(here, "x/front.jpg", "y/front.jpg", "z.jpg")
    assert find_inputs(["x", "z.jpg", "y/"], ["out"]).found == [
        FoundInput(path("x", "front.jpg"), "x"),
        FoundInput("z.jpg"),
        FoundInput("y/front.jpg", "y"),
    ]
    assert find_inputs(["x", "./x"], []).found == [FoundInput(path("x", "front.jpg"))]


def test_hidden_ones_are_left_out_but_not_where_they_are_given(here) -> None:
    make(here, "in/a.png", "in/.b.png", "in/.hidden/c.png", ".own/d.png", ".own/._d.png")
    assert sources("in", ".own") == ["in/a.png", ".own/d.png"]


def test_pictures_are_known_by_their_first_bytes(here) -> None:
    make(here, "in/a.jpg", "in/scan.tmp", "in/nosuffix")
    (here / "in" / "notes.txt").write_text("hello")
    (here / "in" / "empty.txt").touch()
    (here / "in" / "broken.jpg").write_text("no picture, but called one: a failure that is told")
    (here / "in" / "raw.NEF").write_bytes(b"II*\0" + bytes(100))
    found = find_inputs(["in"], [])
    assert [Path(each.source).name for each in found.found] == ["a.jpg", "broken.jpg", "nosuffix", "scan.tmp"]
    assert found.notices == ["3 files are no pictures and were left out."]


@posix
def test_pipes_in_a_folder_are_never_opened(here) -> None:
    make(here, "in/a.png")
    os.mkfifo(here / "in" / "pipe.jpg")
    assert sources("in") == ["in/a.png"]


@posix
def test_links_to_folders_are_told_and_not_followed(here) -> None:
    make(here, "in/a.png", "in/sub/b.png", "elsewhere/c.png")
    (here / "in" / "sub" / "up").symlink_to("..")
    (here / "in" / "other").symlink_to(here / "elsewhere")
    (here / "given").symlink_to("in")
    found = find_inputs(["in"], [])
    assert [Path(each.source).name for each in found.found] == ["a.png", "b.png"]
    assert found.notices == ["2 links to folders were not followed: in/other, in/sub/up."]
    assert sources("given") == ["given/a.png", "given/sub/b.png"], "a link that is given is meant"


@posix
def test_links_to_nothing_fail_later_rather_than_vanish(here) -> None:
    make(here, "in/a.png")
    (here / "in" / "gone.jpg").symlink_to("nowhere.jpg")
    assert sources("in") == ["in/a.png", "in/gone.jpg"]


def test_the_folder_of_results_is_no_input(here) -> None:
    make(here, "in/a.png", "in/out/a.png", "in/out/sub/b.png", "in/seen/a.png", "in/outer/c.png")
    found = find_inputs(["in"], ["in/out", f"{here}/in/seen/"])
    assert [Path(each.source).as_posix() for each in found.found] == ["in/a.png", "in/outer/c.png"]
    assert found.notices == [f"2 folders hold results and were left out: {path('in', 'out')}, {path('in', 'seen')}."]


@posix
def test_the_folder_of_results_is_known_by_what_it_is_not_by_its_name(here) -> None:
    make(here, "in/a.png", "in/out/b.png")
    (here / "elsewhere").symlink_to("in/out")
    assert sources("in", results=("elsewhere",)) == ["in/a.png"]


@pytest.mark.parametrize("result", ["in", "./in/", "in/../in"])
def test_a_folder_cannot_be_that_of_its_own_results(here, result) -> None:
    make(here, "in/a.png")
    with pytest.raises(BadOption, match="cannot be that of the results") as caught:
        find_inputs(["in"], [result])
    assert [(cure.option, cure.value) for cure in caught.value.cures] == [("output", "in-cut/")]


def test_folders_without_pictures_are_an_error_alone_and_a_notice_beside_others(here) -> None:
    (here / "none" / "deeper").mkdir(parents=True)
    with pytest.raises(PictureNotFound, match=r"no picture in the folder none\.\n"):
        find_inputs(["none"], [])
    (here / "none" / "notes.txt").write_text("hello")
    with pytest.raises(PictureNotFound, match="What it holds is 1 other file"):
        find_inputs(["none"], [])
    make(here, "a.png")
    beside = find_inputs(["none", "a.png"], [])
    assert [each.source for each in beside.found] == ["a.png"]
    assert beside.notices[0] == "There is no picture in the folder none."


def test_folders_that_may_not_be_read_are_told(here, monkeypatch) -> None:
    make(here, "in/a.png", "in/closed/b.png", "shut/c.png")
    real = os.scandir

    def scandir(path):
        if Path(path).name in ("closed", "shut"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = find_inputs(["in"], [])
    assert [Path(each.source).name for each in found.found] == ["a.png"]
    assert found.notices == [f"1 folder may not be read and was left out: {path('in', 'closed')}."]
    with pytest.raises(PictureUnreadable, match="shut may not be read"):
        find_inputs(["shut"], [])


@posix
def test_one_file_named_twice_counts_once_and_is_told(here) -> None:
    make(here, "a.png", "in/b.png")
    (here / "link.png").symlink_to("a.png")
    (here / "way").symlink_to("in")
    names = ["a.png", "./a.png", str(here / "a.png"), "link.png", "in/b.png", "way/b.png", "in/../in/b.png"]
    found = find_inputs(names, [])
    assert [each.source for each in found.found] == ["a.png", "in/b.png"]
    assert found.notices == [
        f"5 pictures were named more than once and will be cut out once: ./a.png, {here}/a.png, link.png and 2 more."
    ]
    assert sources("in", "in/b.png") == ["in/b.png"]
    assert sources(STANDARD, STANDARD) == [STANDARD]


@posix
def test_a_file_is_called_by_its_own_name_rather_than_by_a_links(here) -> None:
    make(here, "z.png")
    (here / "a.png").symlink_to("z.png")
    found = find_inputs(["a.png", "z.png"], [])
    assert [each.source for each in found.found] == ["z.png"]
    assert found.notices == ["1 picture was named more than once and will be cut out once: a.png."]


@posix
def test_hard_links_are_files_of_their_own(here) -> None:
    make(here, "a.png")
    (here / "b.png").hardlink_to(here / "a.png")
    assert sources("a.png", "b.png") == ["a.png", "b.png"]


def test_files_whose_names_differ_in_case_alone_are_two_where_the_disk_says_so(here) -> None:
    make(here, "a.png", "A.png")
    assert len(sources("a.png", "A.png")) == len(os.listdir(here))  # noqa: PTH208


def test_names_are_sorted_as_people_do() -> None:
    names = ["10.jpg", "9.jpg", "b.jpg", "B2.jpg", "a10b2", "a10b1", "a9b3", "01.jpg", "1.jpg", "²", ""]
    assert sorted(names, key=natural_order) == [
        "", "01.jpg", "1.jpg", "9.jpg", "10.jpg", "a9b3", "a10b1", "a10b2", "b.jpg", "B2.jpg", "²",
    ]  # fmt: skip
