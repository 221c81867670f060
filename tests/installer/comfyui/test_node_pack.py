import pytest

from installer.comfyui.node_pack import MARKER, Placed, check_place, entries_in, is_ours, place_pack, remove_pack
from installer.failure import InstallFailed
from tests.installer.stand_ins import make_clone, make_comfyui


@pytest.fixture
def clone(tmp_path):
    return make_clone(tmp_path / "clone é 1")


@pytest.fixture
def custom_nodes(tmp_path):
    return make_comfyui(tmp_path / "ComfyUI") / "custom_nodes"


@pytest.fixture
def links_are_refused(monkeypatch):
    def refuse(*_, **__):
        raise OSError("a required privilege is not held by the client")

    monkeypatch.setattr("pathlib.Path.symlink_to", refuse)


def names_in(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_it_is_a_link_to_the_clone_and_the_second_run_leaves_it_alone(clone, custom_nodes):
    first = place_pack(custom_nodes, clone)
    second = place_pack(custom_nodes, clone)
    assert (first.placed, first.is_new, second.placed, second.is_new) == (Placed.LINK, True, Placed.LINK, False)
    assert first.path == second.path == custom_nodes / "ComfyUI-Cutsmith"
    assert first.path.readlink() == clone.root
    remove_pack(first.path)
    assert list(custom_nodes.iterdir()) == []
    assert (clone.root / "__init__.py").is_file()


def test_where_links_are_refused_it_is_a_copy_of_what_the_pack_needs(clone, custom_nodes, links_are_refused):
    entry = place_pack(custom_nodes, clone)
    assert (entry.placed, entry.is_new) == (Placed.COPY, True)
    parts = {"__init__.py", "comfyui_nodes/__init__.py", "workflows/cut.json", "pyproject.toml"}
    assert names_in(entry.path) == {*parts, MARKER}
    assert [path.name for path in custom_nodes.iterdir()] == ["ComfyUI-Cutsmith"]
    again = place_pack(custom_nodes, clone)
    assert (again.placed, again.is_new) == (Placed.COPY, False)


def test_a_copy_is_refreshed_when_the_clone_has_changed(clone, custom_nodes, links_are_refused):
    place = place_pack(custom_nodes, clone).path
    (clone.root / "comfyui_nodes" / "__init__.py").write_text("NODES = 2\n")
    (clone.root / "workflows" / "cut.json").unlink()
    # Remains of a run that was killed while it copied.
    (custom_nodes / "ComfyUI-Cutsmith-unfinished.disabled").mkdir()
    assert place_pack(custom_nodes, clone).is_new
    assert (place / "comfyui_nodes" / "__init__.py").read_text() == "NODES = 2\n"
    assert "workflows/cut.json" not in names_in(place)
    assert [path.name for path in custom_nodes.iterdir()] == ["ComfyUI-Cutsmith"]
    remove_pack(place)
    assert list(custom_nodes.iterdir()) == []


def test_a_clone_inside_custom_nodes_is_used_where_it_is_under_any_name(custom_nodes):
    clone = make_clone(custom_nodes / "cutsmith")
    entry = place_pack(custom_nodes, clone)
    assert (entry.path, entry.placed, entry.is_new) == (clone.root, Placed.CLONE, False)
    assert [path.name for path in custom_nodes.iterdir()] == ["cutsmith"]
    assert not is_ours(clone.root)
    remove_pack(clone.root)
    assert (clone.root / "install.py").is_file()


def test_a_link_to_another_clone_is_turned_to_this_one(clone, custom_nodes, tmp_path):
    other = make_clone(tmp_path / "other")
    place_pack(custom_nodes, other)
    entry = place_pack(custom_nodes, clone)
    assert entry.is_new
    assert entry.path.resolve() == clone.root.resolve()
    assert (other.root / "install.py").is_file()


def test_a_link_to_a_clone_that_is_gone_is_turned_to_this_one(clone, custom_nodes, tmp_path):
    (custom_nodes / "ComfyUI-Cutsmith").symlink_to(tmp_path / "gone")
    assert place_pack(custom_nodes, clone).path.resolve() == clone.root.resolve()


def test_our_link_to_another_clone_goes_when_this_one_lies_in_custom_nodes(custom_nodes, tmp_path):
    place_pack(custom_nodes, make_clone(tmp_path / "other"))
    clone = make_clone(custom_nodes / "mine")
    assert place_pack(custom_nodes, clone).placed is Placed.CLONE
    assert [path.name for path in custom_nodes.iterdir()] == ["mine"]


@pytest.mark.parametrize("theirs", ["a folder", "a file", "a clone of Cutsmith", "a link to something else"])
def test_what_is_not_ours_is_neither_replaced_nor_removed(clone, custom_nodes, tmp_path, theirs):
    place = custom_nodes / "ComfyUI-Cutsmith"
    if theirs == "a file":
        place.write_text("theirs")
    elif theirs == "a clone of Cutsmith":
        make_clone(place)
    elif theirs == "a link to something else":
        (tmp_path / "theirs").mkdir()
        place.symlink_to(tmp_path / "theirs")
    else:
        place.mkdir()
    with pytest.raises(InstallFailed, match="did not make it"):
        place_pack(custom_nodes, clone)
    remove_pack(place)
    assert place.exists()


def test_a_second_clone_under_another_name_would_be_loaded_twice(clone, custom_nodes):
    make_clone(custom_nodes / "zz-cutsmith")
    with pytest.raises(InstallFailed, match="load both"):
        check_place(custom_nodes, clone)
    (custom_nodes / "zz-cutsmith").rename(custom_nodes / "zz-cutsmith.disabled")
    check_place(custom_nodes, clone)


def test_packs_of_others_are_no_obstacle(clone, custom_nodes):
    (custom_nodes / "other_pack").mkdir()
    (custom_nodes / "broken_pack").mkdir()
    (custom_nodes / "broken_pack" / "pyproject.toml").write_text("[project")
    assert place_pack(custom_nodes, clone).placed is Placed.LINK


@pytest.mark.parametrize("kind", ["a link", "a link to a clone that is gone", "a copy"])
def test_an_entry_of_the_old_name_is_renamed_since_it_hides_the_engine(clone, custom_nodes, tmp_path, kind, request):
    old = custom_nodes / "cutsmith"
    if kind == "a copy":
        request.getfixturevalue("links_are_refused")
        place_pack(custom_nodes, clone).path.rename(old)
        (old / "comfyui_nodes" / "__init__.py").write_text("# of the version before")
    else:
        old.symlink_to(clone.root if kind == "a link" else tmp_path / "gone")
    entry = place_pack(custom_nodes, clone)
    assert entry.is_new, "the user is told to restart ComfyUI"
    assert [path.name for path in custom_nodes.iterdir()] == ["ComfyUI-Cutsmith"]
    assert (entry.path / "comfyui_nodes" / "__init__.py").read_text() != "# of the version before"
    assert not place_pack(custom_nodes, clone).is_new


def test_an_entry_of_the_old_name_goes_where_there_is_one_of_the_new(clone, custom_nodes):
    place_pack(custom_nodes, clone)
    (custom_nodes / "cutsmith").symlink_to(clone.root)
    place_pack(custom_nodes, clone)
    assert [path.name for path in custom_nodes.iterdir()] == ["ComfyUI-Cutsmith"]


@pytest.mark.parametrize("theirs", ["another clone of Cutsmith", "a folder"])
def test_what_is_not_ours_keeps_the_old_name(clone, custom_nodes, theirs):
    old = custom_nodes / "cutsmith"
    if theirs == "a folder":
        old.mkdir()
        place_pack(custom_nodes, clone)
    else:
        make_clone(old)
        with pytest.raises(InstallFailed, match="load both"):
            place_pack(custom_nodes, clone)
    assert old.is_dir()
    assert not old.is_symlink()
    assert entries_in(custom_nodes) == ([custom_nodes / "ComfyUI-Cutsmith"] if theirs == "a folder" else [])
