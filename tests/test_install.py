"""install.py as a user starts it."""

import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BASE_PYTHON = Path(getattr(sys, "_base_executable", sys.executable))


@pytest.fixture
def clone(tmp_path):
    """What of the repository the installer needs, in a folder with an awkward name."""
    folder = tmp_path / "a clone é [1] 猫"
    shutil.copytree(ROOT / "installer", folder / "installer", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("install.py", "pyproject.toml", "constraints-test.txt", "constraints-hosts.txt"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home folder, so that nothing of the user's is read or removed."""
    folder = tmp_path / "home"
    folder.mkdir()
    for variable in ("HOME", "USERPROFILE", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(folder))
    for variable in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "CUTSMITH_MODELS", "CUTSMITH_CACHE", "CUTSMITH_HOSTS"):
        monkeypatch.delenv(variable, raising=False)
    return folder


def start(clone, *arguments, python=BASE_PYTHON, folder=None):
    command = [str(python), str(clone / "install.py"), *arguments]
    return subprocess.run(
        command, cwd=folder or clone.parent, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=60
    )


def test_help_names_every_command_and_its_download(clone):
    run = start(clone, "--help")
    assert run.returncode == 0
    for word in ("demo", "comfyui", "test", "uninstall", "--with sam2,text", "ComfyUI-Manager", "MB"):
        assert word in run.stdout


@pytest.mark.parametrize("switch", [["-P"], ["-I"]])
def test_it_finds_its_parts_when_python_leaves_the_scripts_folder_out_of_the_path(clone, switch):
    run = subprocess.run([BASE_PYTHON, *switch, clone / "install.py", "--help"], capture_output=True, encoding="utf-8")
    assert run.returncode == 0, run.stderr


def test_a_misspelt_option_is_wrong_usage_and_does_nothing(clone):
    run = start(clone, "demo", "--fast")
    assert run.returncode == 2
    assert "--fast" in run.stderr
    assert not (clone / ".venv").exists()


def test_an_unknown_extra_is_wrong_usage_and_does_nothing(clone):
    run = start(clone, "demo", "--with", "sam2,sam3")
    assert run.returncode == 2
    assert (
        "'sam3'; known are gcs, groundingdino, heic, jxl, pymatting, ray, rembg, s3, sam2, service, text, watch"
        in run.stderr
    )
    assert not (clone / ".venv").exists()


def test_an_old_python_is_told_what_is_needed_and_what_was_found():
    refusal = runpy.run_path(str(ROOT / "install.py"), run_name="install")["refusal"]
    assert refusal((3, 11, 0)) == refusal((3, 14, 1)) == ""
    assert refusal((3, 10, 13)).startswith("Python 3.11 or newer is needed, found 3.10.13")
    assert refusal((2, 7, 18)).startswith("Python 3.11 or newer is needed, found 2.7.18")


def test_install_py_itself_parses_on_python_3_6():
    import ast

    ast.parse((ROOT / "install.py").read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.mark.skipif(
    (Path(sys.base_prefix) / "conda-meta").is_dir(), reason="the base Python is conda's own environment"
)
def test_outside_an_environment_it_stops_and_names_the_commands(clone):
    run = start(clone)
    assert run.returncode == 2
    for command in (
        "install.py demo",
        "install.py test",
        "install.py comfyui FOLDER",
        "ENVIRONMENT/bin/python install.py",
    ):
        assert command in run.stderr


def test_a_venv_that_is_somebody_elses_is_neither_used_nor_removed(clone, home):
    theirs = clone / ".venv" / "pyvenv.cfg"
    theirs.parent.mkdir()
    theirs.write_text("home = elsewhere")
    demo = start(clone, "demo")
    assert demo.returncode == 1
    assert "did not make it" in demo.stderr
    removal = start(clone, "uninstall", "--yes")
    assert removal.returncode == 0
    assert "did not make it" in removal.stdout
    assert theirs.read_text() == "home = elsewhere"


def test_uninstall_without_a_terminal_removes_nothing_unless_told_to(clone, home):
    kept = clone / "demo" / "contact-sheet.png"
    kept.parent.mkdir()
    kept.write_bytes(b"png")
    run = start(clone, "uninstall")
    assert run.returncode == 2
    assert "--yes" in run.stderr
    assert kept.exists()
    assert start(clone, "uninstall", "--yes").returncode == 0
    assert not kept.parent.exists()


def test_a_folder_that_is_no_comfyui_is_told_with_what_it_lacks(clone, home, tmp_path):
    (tmp_path / "a folder é").mkdir()
    run = start(clone, "comfyui", str(tmp_path / "a folder é"))
    assert run.returncode == 1
    assert "is no ComfyUI: it has no main.py, nodes.py, folder_paths.py, comfy/, custom_nodes/" in run.stderr


@pytest.mark.slow
def test_plain_without_an_index_changes_nothing_and_says_what_to_do(clone, home, tmp_path, monkeypatch):
    environment = tmp_path / "theirs"
    subprocess.run([BASE_PYTHON, "-m", "venv", environment], check=True)
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    before = subprocess.run([python, "-m", "pip", "freeze", "--all"], capture_output=True, check=True).stdout
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    run = start(clone, python=python)
    assert run.returncode == 1
    assert "pip failed" in run.stderr
    assert "The package index cannot be reached" in run.stderr
    after = subprocess.run([python, "-m", "pip", "freeze", "--all"], capture_output=True, check=True).stdout
    assert before == after
