"""Standard input, output and error that are closed, full, or a terminal: told in words, or borne."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.weights


@pytest.fixture
def folder(tmp_path, photo, isnet_weights) -> Path:
    Image.fromarray(photo("chelsea")).save(tmp_path / "cat.jpg", quality=95)
    return tmp_path


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `command` with $CUT as `cutsmith cut`."""
    return subprocess.run(
        ["sh", "-c", command.replace("$CUT", f"'{sys.executable}' -m cutsmith cut")],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_keep_a_picture_from_being_cut(folder, closed) -> None:
    done = shell(f"$CUT cat.jpg -o cut.png {closed}", folder)
    assert done.returncode == 0, done.stderr
    assert Image.open(folder / "cut.png").mode == "RGBA"


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        ("$CUT cat.jpg -o - >&-", 1, "closed"),
        ("$CUT cat.jpg -o - > /dev/full", 1, "No space left"),
        ("$CUT cat.jpg -o cut.png > /dev/full", 1, "No space left"),
        ("$CUT - -o cut.png <&-", 1, "empty"),
    ],
)
def test_what_cannot_be_read_or_written_is_told_without_a_traceback(folder, command, code, told) -> None:
    if "/dev/full" in command and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    done = shell(command, folder)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_picture_is_not_written_to_a_terminal(folder) -> None:
    pty = pytest.importorskip("pty", reason="this system has no pseudo terminals")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "cutsmith", "cut", "cat.jpg", "-o", "-"],
        cwd=folder,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        _, errors = process.communicate(timeout=60)
    os.close(theirs)
    os.close(ours)
    assert process.returncode == 2
    assert "which is the terminal" in errors
