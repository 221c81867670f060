import sys

import pytest

from cutsmith.engines.openvino_engine import _cache_name
from cutsmith.models.integrity import HashMemory
from cutsmith.user_folders import cache_folder, compiled_folder
from installer.demo import contact_sheet_of, cutouts_of, photographs_of, previews_of
from installer.folders import Clone, default_cache, user_cache, user_data
from installer.photographs import PHOTOGRAPHS, photograph_cache
from installer.stamp import Stamp, write_stamp
from installer.uninstall import uninstall


def put(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"something")
    return path


@pytest.fixture
def user(tmp_path, monkeypatch):
    """User's folders of their own; returns the file of another program's weights."""
    for variable in ("HOME", "USERPROFILE", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home/cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home/data"))
    monkeypatch.setenv("CUTSMITH_MODELS", str(tmp_path / "my models"))
    monkeypatch.delenv("CUTSMITH_CACHE", raising=False)
    return tmp_path / "home"


@pytest.fixture
def clone(tmp_path):
    """A clone after `demo`, with files of the user's own among what the demo wrote."""
    made = Clone(tmp_path / "clone é 1")
    for path in (*photographs_of(made), *cutouts_of(made), *previews_of(made), contact_sheet_of(made)):
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
    return folder


def test_a_named_cache_loses_what_is_cutsmiths_and_stays_itself(clone, named_cache, capsys):
    assert len(files_under(named_cache)) == 9
    uninstall(clone, weights=False, yes=True)
    assert list(named_cache.iterdir()) == []
    assert not default_cache().exists()
    assert str(named_cache / "compiled") in capsys.readouterr().out


def test_what_is_not_cutsmiths_in_a_named_cache_stays(clone, named_cache):
    theirs = {"notes.txt", "compiled/lib.so", "compiled/main-1/a.o", "verified/ids.json", "photographs/family.png"}
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
