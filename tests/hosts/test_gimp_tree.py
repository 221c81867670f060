"""The Debian that GIMP runs in: a GIMP 3, beside the machine's own Python, and nothing of it stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.hosts.host_programs import gimp_run


def inside(*command: str) -> str:
    done = subprocess.run([str(gimp_run()), *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_it_is_a_gimp_3_with_a_python_of_its_own() -> None:
    assert "version 3." in inside("gimp-console", "--version")
    question = "import sys; print(sys.version, sys.prefix)"
    own = inside("python3", "-c", question)
    machines = inside("/usr/sbin/chroot", "/host", sys.executable, "-c", question)
    assert machines != own
    assert machines == f"{sys.version} {sys.prefix}"


def test_users_files_are_at_the_same_paths(tmp_path: Path) -> None:
    (tmp_path / "note é").write_text("here")
    assert inside("cat", str(tmp_path / "note é")) == "here"


def test_nothing_stays_mounted_and_the_exit_code_comes_through() -> None:
    tree = gimp_run().parent
    with pytest.raises(AssertionError):
        inside("false")
    assert str(tree) not in Path("/proc/self/mountinfo").read_text()
    assert list((tree / "root" / "host").iterdir()) == []
