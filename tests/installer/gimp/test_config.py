import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from installer.failure import InstallFailed
from installer.gimp import config as gimp_config
from installer.gimp.config import clone_of, mending_command, named_folders, read_config, wanted_config
from tests.installer.stand_ins import make_plug_in_clone

pytestmark = pytest.mark.usefixtures("own_folders")


@pytest.fixture
def clone(tmp_path):
    return make_plug_in_clone(tmp_path / "clone é 1")


@pytest.fixture
def config(clone, monkeypatch):
    monkeypatch.delenv("CUTSMITH_MODELS", raising=False)
    return wanted_config(clone, clone.environment / "bin/python", [])


def test_the_file_is_what_the_plug_in_expects(clone, config, own_folders):
    fields = json.loads(config.text)
    install = fields.pop("install")
    assert fields == {
        "format": 1,
        "command": [str(clone.root / ".venv/bin/python"), "-m", "cutsmith"],
        "version": "0.1.0",
        "clone": str(clone.root),
        "environment": {"XDG_DATA_HOME": str(own_folders / "data")},
    }
    assert install == mending_command(clone, "gimp")


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
def test_the_mending_command_can_be_typed_as_it_stands(clone, tmp_path):
    (clone.root / "install.py").write_text("import sys; print(sys.argv[1:])\n")
    command = mending_command(clone, "gimp", "--gimp-dir", "/my profile's é")
    said = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)  # noqa: S602 (that is the test)
    assert said.stdout == "['gimp', '--gimp-dir', \"/my profile's é\"]\n"


def test_python3_is_said_only_where_it_is_the_same(clone, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(Path(sys.executable).resolve()))
    monkeypatch.setattr(gimp_config.shutil, "which", lambda name: sys.executable)
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    assert mending_command(clone).startswith("python3 ")
    monkeypatch.setattr(sys, "prefix", "/an/environment")
    assert mending_command(clone).startswith(sys.executable)
    monkeypatch.setattr(gimp_config.shutil, "which", lambda name: None)
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    assert mending_command(clone).startswith(sys.executable)


def test_the_shells_variables_are_kept_with_whole_paths(monkeypatch, tmp_path, own_folders):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUTSMITH_MODELS", os.pathsep.join(["~/weights", "my models é", ""]))
    monkeypatch.setenv("CUTSMITH_CACHE", " cache ")
    monkeypatch.setenv("XDG_DATA_HOME", " ")
    assert named_folders() == {
        "CUTSMITH_MODELS": os.pathsep.join([str(own_folders / "weights"), str(tmp_path / "my models é")]),
        "CUTSMITH_CACHE": str(tmp_path / "cache"),
    }


def test_what_was_written_is_read_again(config, tmp_path):
    config = replace(config, clone="/é \udcff", environment={"CUTSMITH_CACHE": "/c"})
    (tmp_path / "config.json").write_text(config.text, encoding="utf-8")
    assert read_config(tmp_path) == config
    assert clone_of(tmp_path) == Path("/é \udcff")


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "{}", '{"format": 1, "command": []}', "\udcff"])
def test_a_config_of_something_else_is_not_ours(tmp_path, content):
    (tmp_path / "config.json").write_bytes(content.encode(errors="surrogateescape"))
    assert clone_of(tmp_path) is None
    with pytest.raises(InstallFailed, match=r"config\.json"):
        read_config(tmp_path)
    assert clone_of(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 2}, "has the format 2; this installer knows 1"),
        ({"command": []}, "names no command"),
        ({"command": [3]}, "something in it is no text"),
        ({"environment": ["x"]}, "names no command or no environment"),
        ({"environment": {"x": 3}}, "something in it is no text"),
        ({"of_a_later_version": 1}, "is not as install.py writes it"),
    ],
)
def test_one_of_ours_that_is_not_understood_is_still_ours(config, tmp_path, change, words):
    (tmp_path / "config.json").write_text(json.dumps({**json.loads(config.text), **change}))
    assert clone_of(tmp_path) == Path(config.clone)
    with pytest.raises(InstallFailed, match=words):
        read_config(tmp_path)
