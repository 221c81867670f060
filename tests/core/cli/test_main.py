"""The program as a whole: help, version, start-up, and a doctor who tells the truth."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import cutsmith


def run(*arguments: str, **settings):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, **settings)


def test_help_lists_the_commands_and_imports_nothing_heavy() -> None:
    done = run("-X", "importtime", "-m", "cutsmith", "--help")
    assert done.returncode == 0
    for command in ("cut", "models", "doctor", "worker"):
        assert command in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert imported.isdisjoint({"numpy", "PIL.Image", "cv2", "onnxruntime", "openvino", "requests", "rich", "scipy"})


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, cutsmith; print(sorted({'numpy', 'PIL', 'cv2', 'click'} & set(sys.modules)))"
    assert run("-c", code).stdout.strip() == "[]"


def test_the_public_names_are_there() -> None:
    for name in cutsmith.__all__:
        assert getattr(cutsmith, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'cut_outs'"):
        _ = cutsmith.cut_outs


def test_the_version() -> None:
    assert cutsmith.__version__ in run("-m", "cutsmith", "--version").stdout


def test_a_picture_in_place_of_a_command_is_told_about_cut(tmp_path) -> None:
    (tmp_path / "photo.jpg").touch()
    done = run("-m", "cutsmith", "photo.jpg", cwd=tmp_path)
    assert done.returncode == 2
    assert "cutsmith cut photo.jpg" in done.stderr


@pytest.mark.weights
def test_the_doctor_tells_the_engine_and_why(isnet_weights) -> None:
    done = run("-m", "cutsmith", "doctor", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 0, told["problems"]
    assert told["engine"].startswith("OpenVINO")
    assert told["reason"]
    assert 1 <= told["threads"] <= told["cores"]
    assert str(isnet_weights) in told["weights"].values()
    assert "Chosen" in run("-m", "cutsmith", "doctor").stdout


def test_the_doctor_says_what_to_do_where_weights_are_missing(tmp_path, monkeypatch) -> None:
    for variable in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "CUTSMITH_MODELS", "U2NET_HOME", "REMBG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    done = run("-m", "cutsmith", "doctor")
    assert done.returncode == 3
    assert "cutsmith models fetch isnet-general-use" in done.stdout
