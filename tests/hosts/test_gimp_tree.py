"""The Debian that GIMP runs in: a GIMP 3, beside the machine's own Python, and nothing of it stays."""

from __future__ import annotations

import os
import signal
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


def test_python_runs_in_gimp(tmp_path: Path) -> None:
    code = f"from pathlib import Path; Path({str(tmp_path / 'said')!r}).write_text(Gimp.version())"
    environment = {**os.environ, "HOME": str(tmp_path), "GIMP3_DIRECTORY": str(tmp_path / "profile")}
    command = [str(gimp_run()), "gimp-console", "-idf", "--batch-interpreter=python-fu-eval", "-b", code, "--quit"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "said").read_text().startswith("3.")


def test_a_killed_program_leaves_nothing_running_and_one_it_detached_goes_on(tmp_path: Path) -> None:
    detached = "setsid sleep 30 >/dev/null 2>&1 & echo $$ $!; exec sleep 60"
    run = subprocess.Popen([str(gimp_run()), "sh", "-c", detached], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    itself, worker = map(int, run.stdout.readline().split())
    assert itself == run.pid, "what is started and what is killed are one process"
    run.terminate()
    assert run.wait(timeout=10) == -signal.SIGTERM
    run.stdout.close()
    os.kill(worker, signal.SIGKILL)  # raises if it is gone


def test_users_files_are_at_the_same_paths(tmp_path: Path) -> None:
    (tmp_path / "note é").write_text("here")
    assert inside("cat", str(tmp_path / "note é")) == "here"


def test_nothing_stays_mounted_and_the_exit_code_comes_through() -> None:
    tree = gimp_run().parent
    with pytest.raises(AssertionError):
        inside("false")
    assert str(tree) not in Path("/proc/self/mountinfo").read_text()
    assert list((tree / "root" / "host").iterdir()) == []
