import os
import shutil
import sys
from pathlib import Path

import pytest

from installer.copied_folder import copy_whole, differences, files_in, is_there, remove


@pytest.fixture
def source(tmp_path):
    """A folder with a file at its top, one deeper, and what Python left there."""
    folder = tmp_path / "source é"
    (folder / "part" / "__pycache__").mkdir(parents=True)
    (folder / "part" / "__pycache__" / "stale.py").touch()
    (folder / "main.py").write_text("1")
    (folder / "part" / "deep.py").write_text("2")
    (folder / "part" / "notes.txt").write_text("3")
    return folder


@pytest.fixture
def copy(source, tmp_path):
    """Copies it to `place`."""
    (tmp_path / "host").mkdir()
    place = tmp_path / "host" / "place"

    def copy(**options):
        beside = {"unfinished": place.with_name(".new"), "replaced": place.with_name(".old")}
        copy_whole(files_in(source, "*.py"), {"said.txt": "é"}, place, **beside, **options)
        return place

    return copy


def test_files_are_named_by_their_paths_and_what_python_compiled_is_none_of_them(source):
    assert list(files_in(source)) == ["main.py", "part/deep.py", "part/notes.txt"]
    assert list(files_in(source, "*.py")) == ["main.py", "part/deep.py"]
    assert files_in(source / "nowhere") == {}


def test_a_copy_holds_the_files_and_texts_and_nothing_is_left_beside_it(source, copy):
    place = copy(program="main.py")
    assert list(files_in(place)) == ["main.py", "part/deep.py", "said.txt"]
    assert (place / "said.txt").read_text(encoding="utf-8") == "é"
    assert differences(files_in(source, "*.py"), files_in(place, "*.py")) == []
    assert [entry.name for entry in place.parent.iterdir()] == ["place"]
    if sys.platform != "win32":
        assert os.access(place / "main.py", os.X_OK)
        assert not os.access(place / "part/deep.py", os.X_OK)


def test_each_difference_is_named_with_its_file(source, copy):
    place = copy()
    (place / "main.py").write_text("changed")
    (place / "part" / "deep.py").unlink()
    (place / "old.py").touch()
    assert differences(files_in(source, "*.py"), files_in(place, "*.py")) == [
        "part/deep.py is missing",
        "main.py is another version's",
        "old.py is not part of it any more",
    ]


@pytest.mark.parametrize("taken", ["folder", "link", "link to nothing", "file"])
def test_what_was_in_its_place_goes_and_a_links_target_stays(source, copy, tmp_path, taken):
    place, target = tmp_path / "host" / "place", tmp_path / "target"
    target.mkdir()
    (target / "kept").touch()
    if taken == "folder":
        shutil.copytree(target, place)
    elif taken == "file":
        place.touch()
    else:
        place.symlink_to(target if taken == "link" else tmp_path / "gone")
    copy()
    assert not place.is_symlink()
    assert list(files_in(place)) == ["main.py", "part/deep.py", "said.txt"]
    assert [entry.name for entry in place.parent.iterdir()] == ["place"]
    assert (target / "kept").exists()


def test_where_it_cannot_take_the_place_what_was_there_comes_back(copy, tmp_path, monkeypatch):
    place = copy()
    (place / "main.py").write_text("older")
    rename = Path.rename

    def refuse(path, target):
        if path.name == ".new":
            raise PermissionError(13, "Permission denied", str(target))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(PermissionError):
        copy()
    assert (place / "main.py").read_text() == "older"
    assert [entry.name for entry in place.parent.iterdir()] == ["place"]


def test_a_link_to_nothing_is_there_and_is_removed_as_a_link(tmp_path):
    link = tmp_path / "link"
    assert not is_there(link)
    remove(link)
    link.symlink_to(tmp_path / "gone")
    assert is_there(link)
    remove(link)
    assert not is_there(link)
