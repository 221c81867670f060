from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from gimp_plugin.cutsmith.plug_in.failure import CutFailed, EngineMissing
from gimp_plugin.cutsmith.plug_in.installation import find_installation
from installer.folders import Clone
from installer.gimp.config import wanted_config


@pytest.fixture(autouse=True)
def without_other_python(monkeypatch) -> None:
    monkeypatch.delenv("CUTSMITH_PYTHON", raising=False)


def config(**changes) -> str:
    whole = {"format": 1, "command": [sys.executable, "-m", "cutsmith"], "version": "1.2.3", "install": "do it"}
    return json.dumps({**whole, "environment": {"A": "b"}, **changes})


def test_what_the_installer_writes_is_what_the_plug_in_reads(tmp_path, monkeypatch) -> None:
    clone = Clone(Path(__file__).resolve().parents[2])
    monkeypatch.setenv("CUTSMITH_MODELS", str(tmp_path))
    written = wanted_config(clone, Path(sys.executable), [])
    (tmp_path / "config.json").write_text(written.text, encoding="utf-8")
    found = find_installation(tmp_path)
    assert found.command == written.command
    assert (found.version, found.install) == (written.version, written.install)
    assert found.environment == written.environment
    assert found.environment["CUTSMITH_MODELS"] == str(tmp_path)


def test_a_developer_may_name_another_interpreter(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CUTSMITH_PYTHON", "/other/python")
    found = find_installation(tmp_path)
    assert found.command == ("/other/python", "-m", "cutsmith")
    assert found.version is None


def test_the_command_can_be_typed(tmp_path) -> None:
    strange = tmp_path / "my é python"
    strange.touch()
    (tmp_path / "config.json").write_text(config(command=[str(strange), "-m", "cutsmith"]), encoding="utf-8")
    assert find_installation(tmp_path).typed_command == f"'{strange}' -m cutsmith"


def test_without_a_config_the_command_that_makes_one_is_told(tmp_path) -> None:
    with pytest.raises(CutFailed, match="is not installed for GIMP") as caught:
        find_installation(tmp_path)
    assert "python3 install.py gimp" in caught.value.remedy


def test_an_interpreter_that_is_gone_is_told_with_the_configs_own_command(tmp_path) -> None:
    (tmp_path / "config.json").write_text(config(command=["/no/python", "-m", "cutsmith"]), encoding="utf-8")
    with pytest.raises(CutFailed, match="/no/python does not exist") as caught:
        find_installation(tmp_path)
    assert "do it" in caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        config(format=2),
        config(command=[]),
        config(command="python"),
        config(command=[1]),
        config(version=None),
        config(environment={"A": 1}),
        config(environment=[]),
        config(install=3),
    ],
)
def test_a_damaged_config_is_told(tmp_path, text) -> None:
    (tmp_path / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(CutFailed, match=r"cannot be read|is damaged") as caught:
        find_installation(tmp_path)
    assert "install.py gimp" in caught.value.remedy


def test_a_config_that_is_no_text_is_told(tmp_path) -> None:
    (tmp_path / "config.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CutFailed, match="cannot be read"):
        find_installation(tmp_path)


@pytest.fixture
def of_a_zip(tmp_path):
    """The folder of a plug-in that came as a zip with version 1.2.3 of the engine."""
    (tmp_path / "set_up").mkdir()
    (tmp_path / "set_up" / "bundle.json").write_text('{"version": "1.2.3"}', encoding="utf-8")
    return tmp_path


def test_a_plug_in_that_came_as_a_zip_names_the_menu_entry_that_sets_it_up(of_a_zip) -> None:
    with pytest.raises(EngineMissing, match="is not installed for GIMP") as caught:
        find_installation(of_a_zip)
    assert caught.value.remedy == "Choose Help > Set Up or Repair Cutsmith…"
    (of_a_zip / "config.json").write_text(config(), encoding="utf-8")
    assert find_installation(of_a_zip).again == "Choose Help > Set Up or Repair Cutsmith…"


def test_a_newer_zip_over_an_older_one_asks_for_its_own_engine(of_a_zip) -> None:
    (of_a_zip / "config.json").write_text(config(version="1.2.2"), encoding="utf-8")
    with pytest.raises(EngineMissing, match=r"is still version 1\.2\.2, not 1\.2\.3"):
        find_installation(of_a_zip)
