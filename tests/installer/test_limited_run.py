import os
import sys
import time

import pytest

from installer.limited_run import run_limited


def test_what_it_said_and_its_code_come_back():
    ended = run_limited([sys.executable, "-c", "import sys; print('é'); sys.exit('no')"], 30, {"PYTHONUTF8": "1"})
    assert (ended.code, ended.output.strip(), ended.errors.strip()) == (1, "é", "no")
    assert ended.last_words() == "      no"


def test_it_runs_in_an_empty_folder():
    ended = run_limited([sys.executable, "-c", "import os; print(os.listdir())"], 30)
    assert ended.output.strip() == "[]"


@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
def test_one_that_hangs_is_ended_with_what_it_started(tmp_path):
    child = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    began = time.monotonic()
    ended = run_limited([sys.executable, "-c", parent], 1.5)
    assert ended.code is None
    assert time.monotonic() - began < 20
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 5
    while _is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _is_alive(pid)


def _is_alive(pid):
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_one_that_is_not_there_is_an_oserror(tmp_path):
    with pytest.raises(OSError):
        run_limited([str(tmp_path / "none")], 1)
