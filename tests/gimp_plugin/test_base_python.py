"""Which Python the plug-in makes the engine's environment with."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gimp_plugin.cutsmith.plug_in import base_python
from gimp_plugin.cutsmith.plug_in.base_python import clean_environment, find_base_python
from gimp_plugin.cutsmith.plug_in.failure import CutFailed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are scripts")


def make_answering(path: Path, answer: str) -> Path:
    """A Python that answers every question with this line."""
    path.write_text(f"#!/bin/sh\necho '{answer}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def programs(tmp_path, monkeypatch) -> Path:
    """The only folder on the search path."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/bin")
    monkeypatch.setattr(base_python.shutil, "which", lambda name: str(folder / name) * (folder / name).is_file())
    monkeypatch.delenv("CUTSMITH_BASE_PYTHON", raising=False)
    return folder


def test_gimps_own_is_taken_first() -> None:
    assert find_base_python() == Path(sys.executable)


def test_the_newest_that_will_do_is_taken_where_gimps_own_will_not(programs, monkeypatch) -> None:
    mingw = make_answering(programs / "gimps", '["/gimps", [3, 12, 1], true, "mingw_x86_64_ucrt"]')
    monkeypatch.setattr(sys, "executable", str(mingw))
    make_answering(programs / "python3.13", '["/13", [3, 13, 0], false, "linux-x86_64"]')
    make_answering(programs / "python3.11", '["/eleven", [3, 11, 7], true, "linux-x86_64"]')
    make_answering(programs / "python3", '["/last", [3, 12, 7], true, "linux-x86_64"]')
    assert find_base_python() == Path("/eleven")


def test_the_one_that_is_named_is_the_only_one(programs, monkeypatch) -> None:
    monkeypatch.setenv("CUTSMITH_BASE_PYTHON", str(programs / "gone"))
    with pytest.raises(CutFailed, match="gone: it does not answer"):
        find_base_python()


def test_where_none_will_do_each_is_told_with_what_is_wrong(programs, monkeypatch) -> None:
    old = make_answering(programs / "gimps", '["/gimps", [3, 9, 2], true, "linux-x86_64"]')
    monkeypatch.setattr(sys, "executable", str(old))
    make_answering(programs / "python3", '["/bare", [3, 12, 1], false, "linux-x86_64"]')
    with pytest.raises(CutFailed) as failed:
        find_base_python()
    assert failed.value.what.startswith("Cutsmith needs Python 3.11 or newer")
    assert f"{old}: Python 3.9.2 is too old" in failed.value.what
    assert f"{programs / 'python3'}: Python 3.12.1 has no venv" in failed.value.what
    assert "Install" in failed.value.remedy


def test_what_gimp_sets_for_its_own_python_is_not_handed_on(monkeypatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/gimps")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    assert "PYTHONHOME" not in clean_environment()
    assert clean_environment()["HTTPS_PROXY"] == "http://proxy"
