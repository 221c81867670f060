"""Lists: one path or address a line, however the file was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutsmith.batch.sources.finding import find_sources
from cutsmith.batch.sources.lists import pictures_of_list
from cutsmith.errors import BadOption, PictureIsFolder


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, data: bytes) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(data)
    return name


@pytest.mark.parametrize(
    "data",
    [
        b"a.jpg\nb c.png\n",
        b"\xef\xbb\xbfa.jpg\r\nb c.png",
        b"# pictures\n\n  a.jpg  \n\tb c.png\n   \n#b.jpg\n",
        b"a.jpg\rb c.png\r",
    ],
    ids=["plain", "BOM and CRLF", "comments and blanks", "an old Macintosh's"],
)
def test_a_line_is_a_picture_whoever_wrote_the_list(data) -> None:
    assert [each.source for each in pictures_of_list(write("list.txt", data))] == ["a.jpg", "b c.png"]


def test_names_may_have_any_letters_and_a_hash_further_on() -> None:
    write("list.txt", "./#1.jpg\nRinge/Größe 7.jpg\n指輪.png\n".encode())
    assert [each.source for each in pictures_of_list("list.txt")] == [
        str(Path("./#1.jpg")) if "\\" in str(Path("a/b")) else "./#1.jpg",
        "Ringe/Größe 7.jpg",
        "指輪.png",
    ]


def test_paths_are_relative_to_the_list_else_to_the_current_folder(here) -> None:
    write("lists/shop/beside.jpg", b"x")
    write("shop/here.jpg", b"x")
    write("shop/both.jpg", b"x")
    write("lists/shop/both.jpg", b"x")
    write("lists/list.txt", b"shop/beside.jpg\nshop/here.jpg\nshop/both.jpg\nshop/nowhere.jpg\n")
    found = [(Path(each.source).as_posix(), each.under) for each in pictures_of_list("lists/list.txt")]
    assert found == [
        ("lists/shop/beside.jpg", "shop"),
        ("shop/here.jpg", "shop"),
        ("lists/shop/both.jpg", "shop"),
        ("lists/shop/nowhere.jpg", "shop"),
    ]


def test_folders_that_lead_upwards_and_those_of_absolute_paths_are_not_kept(here) -> None:
    write("list.txt", f"../x/a.jpg\n{here}/shop/b.jpg\ns3://bucket/shop/c.jpg\n./d.jpg\n".encode())
    found = list(pictures_of_list("list.txt"))
    assert [each.under for each in found] == ["", "", "", ""]
    assert found[2].source == "s3://bucket/shop/c.jpg"


def test_a_folder_in_a_list_is_an_error_of_its_line_alone(here) -> None:
    (here / "shop").mkdir()
    write("list.txt", b"shop\na.jpg\ns3://bucket/shop/\n")
    errors = [each.error for each in pictures_of_list("list.txt")]
    assert [type(each) for each in errors] == [PictureIsFolder, type(None), PictureIsFolder]


def test_a_list_is_given_with_an_at_and_a_file_so_called_is_a_picture() -> None:
    write("list.txt", b"a.jpg\n")
    assert [each.source for each in find_sources(["@list.txt", "c.jpg"], "out").found] == ["a.jpg", "c.jpg"]
    write("@list.txt", b"no list")
    assert [each.source for each in find_sources(["@list.txt"], "out").found] == ["@list.txt"]


BAD = {
    "missing": (None, r"There is no list list\.txt"),
    "empty": (b"", "names no picture"),
    "comments alone": (b"# a.jpg\n\n", "names no picture"),
    "UTF-16": ("a.jpg\n".encode("utf-16"), "must be UTF-8, but is UTF-16"),
    "Latin 1": ("a.jpg\nb.jpg\nGröße.jpg\n".encode("latin-1"), "line 3 has the byte f6"),
    "Latin 1 after a BOM": (b"\xef\xbb\xbfa\n\xfc\n", "line 2 has the byte fc"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "line 3 has a zero byte"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_is_no_list_is_refused_with_what_was_found(kind) -> None:
    data, told = BAD[kind]
    if data is not None:
        write("list.txt", data)
    with pytest.raises(BadOption, match=told) as caught:
        find_sources(["@list.txt"], "out")
    assert caught.value.remedy


def test_a_folder_and_a_closed_file_are_no_lists(here, monkeypatch) -> None:
    (here / "folder").mkdir()
    with pytest.raises(BadOption, match="folder cannot be read"):
        list(pictures_of_list("folder"))

    def read_bytes(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    with pytest.raises(BadOption, match="cannot be read: Permission denied"):
        list(pictures_of_list("list.txt"))


def test_an_address_of_a_file_in_a_list_is_its_path(here) -> None:
    write("list.txt", f"file://{here.as_posix()}/a.jpg\na.jpg\n".encode())
    write("a.jpg", b"x")
    assert [Path(each.source).name for each in find_sources(["@list.txt"], "out").found] == ["a.jpg"]
