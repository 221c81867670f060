import shutil

import pytest

from installer.comfyui import removal as comfyui_removal
from installer.comfyui.node_pack import place_pack
from installer.comfyui.removal import comfyuis_left, forget_what_is_gone, planned_comfyui_removals, take_out
from installer.failure import InstallFailed
from installer.host_memory import RememberedHost, remember, remembered_hosts
from tests.installer.stand_ins import add_distribution, make_clone, make_comfyui, make_python, site_packages


@pytest.fixture
def clone(tmp_path):
    return make_clone(tmp_path / "clone")


@pytest.fixture
def set_up(tmp_path, own_folders):
    """Sets a ComfyUI up as the command does, with an interpreter in which Cutsmith and loky are."""

    def make(clone, name="ComfyUI"):
        folder = make_comfyui(tmp_path / name)
        python = make_python(folder / ".venv")
        add_distribution(site_packages(python), "cutsmith", "0.1.0", source=clone.root)
        add_distribution(site_packages(python), "loky", "3.4")
        pack = place_pack(folder / "custom_nodes", clone).path
        remember(RememberedHost(str(folder), str(python), str(clone.root), str(pack), ("loky", "gone-since")))
        return folder

    return make


@pytest.fixture
def pip_calls(monkeypatch):
    """Stands in for pip, which the environments of these tests lack."""
    calls = []
    monkeypatch.setattr(comfyui_removal, "run_pip", lambda python, arguments, **_: calls.append((python, arguments)))
    return calls


def take_everything_out(clone):
    removals = planned_comfyui_removals(clone, [])
    words = [line for each in removals for line in each.words]
    take_out(removals, clone)
    return words


def test_the_link_and_the_product_go_and_what_pip_added_is_named(clone, set_up, pip_calls, capsys):
    comfyui = set_up(clone)
    link, product = take_everything_out(clone)
    assert link == f"{comfyui / 'custom_nodes' / 'ComfyUI-Cutsmith'}  (the link only)"
    assert product.startswith(f"cutsmith from {comfyui / '.venv'}")
    assert list((comfyui / "custom_nodes").iterdir()) == []
    ((python, arguments),) = pip_calls
    assert arguments == ["uninstall", "--yes", "cutsmith"]
    assert f'"{python}" -m pip uninstall loky\n' in capsys.readouterr().out
    assert remembered_hosts() == []
    assert (clone.root / "install.py").is_file()


@pytest.mark.parametrize("names", [["cutsmith"], ["cutsmith", "ComfyUI-Cutsmith"]])
def test_a_link_of_the_old_name_goes_too(clone, set_up, pip_calls, names):
    comfyui = set_up(clone)
    (comfyui / "custom_nodes" / "ComfyUI-Cutsmith").unlink()
    for name in names:
        (comfyui / "custom_nodes" / name).symlink_to(clone.root)
    words = take_everything_out(clone)
    assert {f"{comfyui / 'custom_nodes' / name}  (the link only)" for name in names} <= set(words)
    assert list((comfyui / "custom_nodes").iterdir()) == []


def test_a_copy_goes_and_a_folder_that_took_its_place_stays(clone, set_up, pip_calls, monkeypatch):
    def refuse(*_, **__):
        raise OSError

    monkeypatch.setattr("pathlib.Path.symlink_to", refuse)
    kept, emptied = set_up(clone, "kept"), set_up(clone, "emptied")
    shutil.rmtree(kept / "custom_nodes" / "ComfyUI-Cutsmith")
    (kept / "custom_nodes" / "ComfyUI-Cutsmith").mkdir()
    words = take_everything_out(clone)
    assert (kept / "custom_nodes" / "ComfyUI-Cutsmith").is_dir()
    assert list((emptied / "custom_nodes").iterdir()) == []
    assert [line for line in words if "custom_nodes" in line] == [f"{emptied}/custom_nodes/ComfyUI-Cutsmith  (a copy)"]
    assert remembered_hosts() == []


def test_a_cutsmith_from_elsewhere_and_a_link_that_was_turned_stay(clone, set_up, pip_calls, tmp_path):
    comfyui = set_up(clone)
    other = make_clone(tmp_path / "other")
    place_pack(comfyui / "custom_nodes", other)
    packages = site_packages(comfyui / ".venv/bin/python")
    shutil.rmtree(packages / "cutsmith-0.1.0.dist-info")
    add_distribution(packages, "cutsmith", "0.1.0", source=other.root)
    assert take_everything_out(clone) == []
    assert pip_calls == []
    assert (comfyui / "custom_nodes" / "ComfyUI-Cutsmith").resolve() == other.root.resolve()


def test_what_another_clone_set_up_is_its_own_to_take_out_until_that_clone_is_gone(clone, set_up, pip_calls, tmp_path):
    other = make_clone(tmp_path / "other")
    comfyui = set_up(other)
    assert take_everything_out(clone) == []
    assert [host.folder for host in comfyuis_left([])] == [str(comfyui)]
    assert clone.is_left_to(other.root)
    shutil.rmtree(other.root)
    assert not clone.is_left_to(other.root)
    assert len(take_everything_out(clone)) == 2
    assert list((comfyui / "custom_nodes").iterdir()) == []
    assert len(pip_calls) == 1


def test_a_comfyui_that_is_gone_is_forgotten_and_the_others_are_not(clone, set_up):
    shutil.rmtree(set_up(clone, "gone"))
    kept = set_up(clone, "kept")
    forget_what_is_gone()
    assert [host.folder for host in remembered_hosts()] == [str(kept)]


def test_one_in_a_folder_that_goes_as_a_whole_is_not_touched_first(clone, set_up, pip_calls, tmp_path):
    set_up(clone)
    assert planned_comfyui_removals(clone, [tmp_path]) == []


def test_a_python_that_does_not_run_any_more_is_no_obstacle(clone, set_up, pip_calls):
    comfyui = set_up(clone)
    shutil.rmtree(comfyui / ".venv")
    assert len(take_everything_out(clone)) == 1
    assert pip_calls == []
    assert list((comfyui / "custom_nodes").iterdir()) == []


def test_where_pip_fails_the_others_are_still_done_and_that_one_is_not_forgotten(clone, set_up, monkeypatch):
    failing, done = set_up(clone, "failing"), set_up(clone, "well")

    def run_pip(python, *_, **__):
        if python.is_relative_to(failing):
            raise InstallFailed("pip failed")

    monkeypatch.setattr(comfyui_removal, "run_pip", run_pip)
    with pytest.raises(InstallFailed, match=f"still in\n{failing}: pip failed"):
        take_everything_out(clone)
    assert list((done / "custom_nodes").iterdir()) == []
    assert [host.folder for host in remembered_hosts()] == [str(failing)]
    assert (failing / "custom_nodes" / "ComfyUI-Cutsmith").is_symlink()
