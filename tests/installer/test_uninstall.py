import sys

import pytest

from cutsmith.engines.openvino_engine import _cache_name
from cutsmith.machine.folders import cache_folder, compiled_folder
from cutsmith.models.integrity import HashMemory
from installer.demo.command import contact_sheet_of, photographs_of, results_of
from installer.demo.photographs import PHOTOGRAPHS, photograph_cache
from installer.environment.stamp import Stamp, write_stamp
from installer.failure import InstallFailed
from installer.folders import Clone, default_cache, hosts_folder, user_cache, user_data
from installer.gimp.config import wanted_config
from installer.gimp.plug_in import place_plug_in
from installer.host_memory import (
    RememberedHost,
    RememberedProfile,
    memory_file,
    remember,
    remembered_hosts,
    remembered_profiles,
)
from installer.uninstall import uninstall
from tests.installer.stand_ins import make_comfyui, make_plug_in_clone, make_profile


def put(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"something")
    return path


@pytest.fixture
def user(tmp_path, own_folders, monkeypatch):
    """User's folders of their own, and one more for weights."""
    monkeypatch.setenv("CUTSMITH_MODELS", str(tmp_path / "my models"))
    return own_folders


@pytest.fixture
def clone(tmp_path):
    """A clone after `demo`, with files of the user's own among what the demo wrote."""
    made = Clone(tmp_path / "clone é 1")
    for path in (*photographs_of(made), *results_of(made), contact_sheet_of(made)):
        put(path)
    put(made.environment / "bin" / "python")
    write_stamp(made.environment, Stamp("", "", ""))
    return made


def files_under(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def test_it_removes_its_own_and_keeps_everything_else(clone, user, tmp_path, capsys):
    put(user_cache() / "compiled" / "model.blob")
    ours = put(user_data() / "models" / "isnet-general-use.onnx")
    theirs = put(user / ".u2net" / "isnet-general-use.onnx")
    named = put(tmp_path / "my models" / "isnet-general-use.onnx")
    notes = put(clone.demo / "my notes.txt")
    source = put(clone.root / "install.py")

    uninstall(clone, weights=False, yes=True)

    assert files_under(clone.root) == {"demo/my notes.txt", "install.py"}
    assert not user_cache().exists()
    assert all(path.exists() for path in (ours, theirs, named, notes, source))
    said = capsys.readouterr().out
    assert str(clone.environment) in said
    assert str(contact_sheet_of(clone)) in said
    assert "--weights" in said

    uninstall(clone, weights=True, yes=True)

    assert not user_data().exists()
    assert all(path.exists() for path in (theirs, named, notes, source))


def test_a_demo_folder_that_is_empty_afterwards_goes_too(clone, user):
    uninstall(clone, weights=False, yes=True)
    assert not any(clone.root.iterdir())


def test_where_nothing_is_there_it_says_so(tmp_path, user, capsys):
    uninstall(Clone(tmp_path), weights=True, yes=True)
    assert capsys.readouterr().out.endswith("Nothing to remove.\n")


@pytest.fixture
def named_cache(tmp_path, user, monkeypatch):
    """A folder that CUTSMITH_CACHE names, with what the product itself puts there, and the same by default."""
    folder = tmp_path / "my cache"
    put(user_cache() / "compiled" / "older")
    monkeypatch.setenv("CUTSMITH_CACHE", str(folder))
    model = put(tmp_path / "model.onnx")
    put(compiled_folder() / _cache_name(model, 0, "2026.0") / "graph.xml")
    put(compiled_folder() / ".new-killed" / "graph.bin")
    HashMemory(cache_folder() / "verified").digest(model, "md5")
    for photo in PHOTOGRAPHS:
        put(photograph_cache() / photo.name)
    put(photograph_cache() / "wheel" / "scikit_image.whl")
    put(folder / "benchmarks" / "rembg" / "bin" / "python")
    put(hosts_folder() / "comfyui" / "cutsmith-host.json")
    put(hosts_folder() / "chromium" / "cutsmith-host.json")
    put(hosts_folder() / "gimp" / "cutsmith-host.json")
    put(hosts_folder() / "chromium-unfinished" / "chromium.deb")
    return folder


def test_a_named_cache_loses_what_is_cutsmiths_and_stays_itself(clone, named_cache, capsys):
    assert len(files_under(named_cache)) == 13
    uninstall(clone, weights=False, yes=True)
    assert list(named_cache.iterdir()) == []
    assert not default_cache().exists()
    assert str(named_cache / "compiled") in capsys.readouterr().out


def test_what_is_not_cutsmiths_in_a_named_cache_stays(clone, named_cache):
    theirs = {
        "notes.txt",
        "compiled/lib.so",
        "compiled/main-1/a.o",
        "verified/ids.json",
        "photographs/family.png",
        "hosts/x",
    }
    for path in theirs:
        put(named_cache / path)
    uninstall(clone, weights=True, yes=True)
    assert files_under(named_cache) == theirs


def test_it_says_how_an_environment_of_ones_own_gets_rid_of_cutsmith(clone, user, capsys, monkeypatch):
    uninstall(clone, weights=False, yes=True)
    assert f'"{sys.executable}" -m pip uninstall cutsmith' in capsys.readouterr().out
    # The clone's own is removed as a whole.
    monkeypatch.setattr(sys, "prefix", str(clone.environment))
    uninstall(clone, weights=False, yes=True)
    assert "  ENVIRONMENT/bin/python -m pip uninstall cutsmith" in capsys.readouterr().out


def test_weights_behind_a_link_lose_the_link_only(clone, user, tmp_path):
    elsewhere = put(tmp_path / "large disk" / "isnet-general-use.onnx")
    user_data().mkdir(parents=True)
    (user_data() / "models").symlink_to(elsewhere.parent)
    uninstall(clone, weights=True, yes=True)
    assert elsewhere.exists()
    assert not (user_data() / "models").exists()


@pytest.fixture
def comfyui(clone, user, tmp_path):
    """A ComfyUI that the clone's pack was linked into; its Python is gone."""
    put(clone.root / "install.py")
    (clone.root / "pyproject.toml").write_text('[project]\nname = "cutsmith"\n')
    folder = make_comfyui(tmp_path / "ComfyUI")
    (folder / "custom_nodes" / "ComfyUI-Cutsmith").symlink_to(clone.root)
    pack = str(folder / "custom_nodes" / "ComfyUI-Cutsmith")
    remember(RememberedHost(str(folder), str(folder / "venv/bin/python"), str(clone.root), pack))
    return folder


def test_a_comfyui_loses_the_link_and_the_memory_of_it_goes_too(clone, comfyui, capsys):
    uninstall(clone, weights=False, yes=True)
    assert list((comfyui / "custom_nodes").iterdir()) == []
    assert (clone.root / "install.py").is_file()
    assert not user_data().exists()
    said = capsys.readouterr().out
    assert (
        said.index("To be removed:")
        < said.index(str(comfyui / "custom_nodes" / "ComfyUI-Cutsmith"))
        < said.index("Removed.")
    )


def test_a_comfyui_is_not_touched_before_it_was_asked(clone, comfyui, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda question: "n")
    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": staticmethod(lambda: True)}))
    with pytest.raises(InstallFailed, match="Nothing was removed"):
        uninstall(clone, weights=False, yes=False)
    assert (comfyui / "custom_nodes" / "ComfyUI-Cutsmith").is_symlink()
    assert len(remembered_hosts()) == 1


def test_the_tests_own_comfyui_goes_with_the_cache_and_is_forgotten(clone, user):
    folder = make_comfyui(hosts_folder() / "comfyui" / "ComfyUI")
    remember(RememberedHost(str(folder), str(folder / ".venv/bin/python"), str(clone.root), ""))
    uninstall(clone, weights=False, yes=True)
    assert not default_cache().exists()
    assert not memory_file().exists()


@pytest.fixture
def gimp(clone, user):
    """A profile that the clone's plug-in was put into."""
    make_plug_in_clone(clone.root)
    profile = make_profile(user / "config" / "GIMP")
    place_plug_in(profile, clone, wanted_config(clone, clone.environment / "bin/python", []))
    remember(RememberedProfile(str(profile.folder), str(clone.root)))
    return profile


def test_gimp_loses_the_plug_in_and_the_memory_of_it_goes_too(clone, gimp, capsys):
    uninstall(clone, weights=False, yes=True)
    assert list(gimp.plug_ins.iterdir()) == []
    assert (clone.plug_in / "cutsmith.py").is_file()
    assert not memory_file().exists()
    assert f"  {gimp.place}  (the plug-in in GIMP)\n" in capsys.readouterr().out


def test_gimp_is_not_touched_before_it_was_asked(clone, gimp):
    with pytest.raises(InstallFailed, match="There is no terminal to ask on"):
        uninstall(clone, weights=False, yes=False)
    assert (gimp.place / "config.json").is_file()
    assert len(remembered_profiles()) == 1


def test_another_clones_plug_in_stays_and_is_told(clone, gimp, tmp_path, capsys):
    uninstall(Clone(tmp_path / "another"), weights=False, yes=True)
    assert (gimp.place / "config.json").is_file()
    assert f"{gimp.place} stays: it is from {clone.root}" in capsys.readouterr().out
    assert len(remembered_profiles()) == 1


def test_another_clones_comfyui_stays_and_is_told(comfyui, tmp_path, capsys):
    uninstall(Clone(tmp_path / "another"), weights=False, yes=True)
    assert (comfyui / "custom_nodes" / "ComfyUI-Cutsmith").is_symlink()
    assert f"{comfyui} keeps Cutsmith" in capsys.readouterr().out


def test_a_memory_that_is_something_else_stays(clone, user):
    put(memory_file())
    uninstall(clone, weights=True, yes=True)
    assert memory_file().read_bytes() == b"something"
