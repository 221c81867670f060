"""The commands that the nodes name run as they stand: in bash, in PowerShell and in the Command Prompt."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from comfyui_nodes.shell_commands import python_command, quoted
from comfyui_nodes.words import told_of
from cutsmith.cures import fetch, install_extra
from cutsmith.errors import WeightsMissing
from tests.comfyui_nodes.comfyui_folders import comfyui_folders

ECHO = "import json, sys; print(json.dumps(sys.argv[1:]))"


@pytest.fixture
def on(monkeypatch):
    """Makes this process look like one of a system whose Python lies at a path."""

    def be(platform: str, python: str) -> None:
        monkeypatch.setattr(sys, "platform", platform)
        monkeypatch.setattr(sys, "executable", python)

    return be


@pytest.mark.parametrize(
    ("platform", "python", "expected"),
    [
        ("linux", "/opt/ComfyUI/.venv/bin/python", '/opt/ComfyUI/.venv/bin/python -m pip install "cutsmith[sam2]"'),
        ("darwin", "/My Apps/python", '"/My Apps/python" -m pip install "cutsmith[sam2]"'),
        ("win32", r"C:\ComfyUI\python.exe", r'C:\ComfyUI\python.exe -m pip install "cutsmith[sam2]"'),
        (
            "win32",
            r"C:\My Apps\python.exe",
            r'& "C:\My Apps\python.exe" -m pip install "cutsmith[sam2]"   (in PowerShell; in the Command Prompt '
            "without the &)",
        ),
    ],
)
def test_the_command_is_in_the_form_of_the_systems_shells(on, platform, python, expected) -> None:
    on(platform, python)
    assert python_command("-m", "pip", "install", "cutsmith[sam2]") == expected


@pytest.mark.skipif(os.name == "nt", reason="bash is not Windows' own shell")
def test_bash_takes_each_argument_for_one_word(tmp_path, on) -> None:
    python = tmp_path / "My Python"
    python.symlink_to(sys.executable)
    on(sys.platform, str(python))
    arguments = ["--into", "/models with a space/sam2", "cutsmith[text]", "FOLDER|URL", "a & b", "plain"]
    done = subprocess.run(
        ["bash", "-c", python_command("-c", ECHO, *arguments)], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == arguments


def test_no_message_needs_a_shell_of_its_own(on) -> None:
    on("win32", r"C:\ComfyUI\python.exe")
    with comfyui_folders(r"D:\My models"):
        error = WeightsMissing("They are missing.", fetch("sam2.1-hiera-small"), install_extra("groundingdino"))
        told = told_of(error)
    lines = [line for line in told.splitlines() if "python.exe" in line]
    assert len(lines) == 4
    assert r'-m cutsmith models fetch sam2.1-hiera-small --into "D:\My models/sam2"' in lines[0].replace(
        "\\sam2", "/sam2"
    )
    for line in lines:
        # Windows PowerShell has no "&&", and no shell of Windows has VARIABLE=value before a command.
        assert "&&" not in line
        assert not line.endswith(("\\", "^", "`"))
        assert not re.search(r"\b[A-Z_]+=\S+ ", line)
        assert "'" not in line.partition(": ")[2]


@pytest.mark.parametrize("word", ["sam2.1-hiera-small", r"C:\ComfyUI\models", "/opt/models", "rembg:u2net", "--yes"])
def test_what_needs_no_quotation_marks_has_none(word) -> None:
    assert quoted(word) == word
