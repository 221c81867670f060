"""The pack is loaded only where it can run; where it cannot, the message names what mends it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import cutsmith
from comfyui_nodes.engine_check import ENGINE_VERSION, EngineHidden, EngineMismatch, require_engine
from comfyui_nodes.shell_commands import python_command

ROOT = Path(__file__).parents[2]
COMMAND = python_command(str(ROOT / "install.py"))


@pytest.fixture
def comfyui(monkeypatch):
    """Makes this process look like ComfyUI of a version."""

    def be(version: object) -> None:
        module = ModuleType("comfyui_version")
        module.__version__ = version
        monkeypatch.setitem(sys.modules, "comfyui_version", module)

    return be


def test_pack_engine_and_distribution_have_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert ENGINE_VERSION == cutsmith.__version__ == project["version"]


def test_outside_comfyui_the_engine_alone_is_asked_for(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "comfyui_version", None)  # importing it fails
    require_engine()


def test_a_comfyui_that_tells_no_version_passes(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "comfyui_version", ModuleType("comfyui_version"))
    require_engine()


@pytest.mark.parametrize("version", ["0.30.0", "v0.30.0", "0.30.0-dev", "0.30.0+local.1", "0.30.1", "0.100.0", "1.0.0"])
def test_a_comfyui_that_is_new_enough_passes(version, comfyui) -> None:
    comfyui(version)
    require_engine()


@pytest.mark.parametrize("version", ["0.29.9", "0.3.60", "v0.29.0", "0.9.0", "0.29.9rc1"])
def test_a_comfyui_that_is_too_old_is_told_with_both_versions(version, comfyui) -> None:
    comfyui(version)
    with pytest.raises(EngineMismatch) as caught:
        require_engine()
    assert isinstance(caught.value, ImportError)
    assert str(caught.value) == f"Cutsmith's nodes need ComfyUI 0.30.0 or newer, but found {version}. Update ComfyUI."


def test_an_old_comfyui_is_told_before_a_missing_engine(comfyui, monkeypatch) -> None:
    comfyui("0.1.0")
    monkeypatch.setitem(sys.modules, "cutsmith", None)
    with pytest.raises(EngineMismatch, match="Update ComfyUI"):
        require_engine()


def test_a_missing_engine_is_told_with_the_command_that_installs_it(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "cutsmith", None)  # importing it fails
    with pytest.raises(EngineMismatch, match="engine is not installed in ComfyUI's Python") as caught:
        require_engine()
    assert str(caught.value).splitlines()[-1].strip() == COMMAND
    assert "restart ComfyUI" in str(caught.value)
    assert isinstance(caught.value.__cause__, ImportError)
    assert (ROOT / "install.py").is_file()


@pytest.mark.parametrize("version", ["0.0.9", f"{cutsmith.__version__}.dev1", "99.0.0"])
def test_an_engine_of_another_version_is_told_with_both_and_the_command(version, monkeypatch) -> None:
    monkeypatch.setattr(cutsmith, "__version__", version)
    with pytest.raises(
        EngineMismatch, match=f"must have version {ENGINE_VERSION} for these nodes, but it has {version}"
    ) as caught:
        require_engine()
    assert str(caught.value).splitlines()[-1].strip() == COMMAND


@pytest.fixture
def custom_nodes(tmp_path, monkeypatch):
    """A folder of packs that another pack has put first on Python's path."""
    monkeypatch.delitem(sys.modules, "cutsmith")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_the_packs_own_folder_under_the_engines_name_is_told_apart(custom_nodes) -> None:
    (custom_nodes / "cutsmith").symlink_to(ROOT)
    with pytest.raises(EngineHidden) as caught:
        require_engine()
    said = str(caught.value)
    assert said.startswith(f"{custom_nodes / 'cutsmith'} hides Cutsmith's engine")
    assert "Rename this folder to ComfyUI-Cutsmith" in said
    assert said.splitlines()[-1].strip() == COMMAND
    assert "cutsmith" not in sys.modules, "it is looked for, but not run"


def test_another_module_of_the_engines_name_is_told_apart(custom_nodes) -> None:
    (custom_nodes / "cutsmith").mkdir()
    (custom_nodes / "cutsmith" / "__init__.py").write_text("__version__ = '0.1.0'\n")
    with pytest.raises(EngineHidden, match="hides Cutsmith's engine"):
        require_engine()


def test_a_mere_folder_of_the_engines_name_is_no_engine(custom_nodes, monkeypatch) -> None:
    (custom_nodes / "cutsmith").mkdir()
    monkeypatch.setattr(sys, "path", [str(custom_nodes)])
    monkeypatch.setattr(sys, "meta_path", [each for each in sys.meta_path if "editable" not in repr(each)])
    with pytest.raises(EngineHidden, match="is not installed in ComfyUI's Python: there is only a folder") as caught:
        require_engine()
    assert str(custom_nodes / "cutsmith") in str(caught.value)


def test_a_folder_of_the_engines_name_does_not_hide_an_engine_that_is_installed(custom_nodes) -> None:
    (custom_nodes / "cutsmith").mkdir()
    require_engine()


@pytest.mark.parametrize(("name", "runs"), [("cutsmith", False), ("ComfyUI-Cutsmith", True)])
def test_the_command_line_beside_a_clone_runs_or_says_why_not(tmp_path, name, runs) -> None:
    (tmp_path / name).symlink_to(ROOT)
    command = [sys.executable, "-m", "cutsmith", "--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is runs, done.stderr
    if not runs:
        (line,) = done.stderr.splitlines()
        assert f"ImportError: {tmp_path / 'cutsmith'}/ hides Cutsmith's engine" in line
        assert "Rename it (in ComfyUI to ComfyUI-Cutsmith)" in line
