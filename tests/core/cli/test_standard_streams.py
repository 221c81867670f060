"""Standard input, output and error that are closed, full, or a terminal: told in words, or borne."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from cutsmith.cli.standard_streams import write_to_standard_output

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


def test_a_stream_that_takes_less_than_is_given_gets_the_rest_as_well(monkeypatch) -> None:
    class Narrow(io.RawIOBase):
        """What standard output is with PYTHONUNBUFFERED: a write takes what fits."""

        def __init__(self) -> None:
            self.taken = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data) -> int:
            self.taken += bytes(data[:1000])
            return min(len(data), 1000)

    narrow = Narrow()
    monkeypatch.setattr("sys.stdout", SimpleNamespace(buffer=narrow))
    picture = bytes(range(256)) * 40
    write_to_standard_output(picture)
    assert bytes(narrow.taken) == picture


def test_a_picture_that_the_pipe_did_not_take_is_no_success_even_unbuffered(folder) -> None:
    done = shell("{ PYTHONUNBUFFERED=1 $CUT cat.jpg -o -; echo code $? >&2; } | head -c 100 > /dev/null", folder)
    assert "code 1" in done.stderr
