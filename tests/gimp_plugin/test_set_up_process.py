"""The plug-in follows the installer that came with it, and ends it; a small package stands in for the installer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gimp_plugin.cutsmith.plug_in.failure import CutFailed
from gimp_plugin.cutsmith.plug_in.set_up_process import SetUp

ROOT = Path(__file__).resolve().parents[2]
ENDING = ROOT / "installer" / "gimp" / "ending.py"
PLAN = '{"download": 1, "disk": 2, "weights": 3, "environment": "/there", "is_there": false}'


@pytest.fixture
def installer(tmp_path, monkeypatch):
    """Makes a plug-in's folder whose installer runs these lines of Python."""
    monkeypatch.setenv("CUTSMITH_BASE_PYTHON", sys.executable)

    def make(lines: str) -> SetUp:
        package = tmp_path / "set_up" / "installer" / "gimp"
        package.mkdir(parents=True)
        for folder in (package, package.parent):
            (folder / "__init__.py").touch()
        shutil.copy(ENDING, package)
        (package / "first_run.py").write_text(f"import sys, time\ndef main(arguments):\n{lines}")
        return SetUp(tmp_path)

    return make


def test_the_plan_is_what_the_installer_prints(installer) -> None:
    plan = installer(f"    print('{PLAN}')\n").plan()
    assert (plan.download, plan.disk, plan.weights, plan.environment, plan.is_there) == (1, 2, 3, "/there", False)


def test_its_progress_is_reported_and_other_lines_are_not(installer) -> None:
    told = []
    lines = """
    print("Setting up")
    print('{"text": "Fetching", "share": 0.5}', flush=True)
    print('{"said": "it works"}')
"""
    assert installer(lines).run(lambda text, share: told.append((text, share)), anew=False) == "it works"
    assert told[-1] == ("Fetching", 0.5)
    assert all(each in {("", 0.0), ("Fetching", 0.5)} for each in told)


def test_it_ends_in_good_order_though_it_watches_whether_the_plug_in_is_there(installer) -> None:
    lines = """
    from installer.gimp.ending import end_with_standard_input
    end_with_standard_input()
    time.sleep(0.2)
    print('{"said": "it works"}', flush=True)
    return 0
"""
    made = installer(lines)
    with made._started("set-up") as said:
        assert [line for line in said if line] == ['{"said": "it works"}']


def test_its_failure_is_told_with_what_to_do(installer) -> None:
    lines = '    print(\'{"what": "The disk is full.", "remedy": "Free some space."}\')\n'
    with pytest.raises(CutFailed) as failed:
        installer(lines).run(lambda text, share: None, anew=False)
    assert (failed.value.what, failed.value.remedy) == ("The disk is full.", "Free some space.")


def test_one_that_breaks_is_told_with_its_last_words(installer) -> None:
    with pytest.raises(CutFailed, match=r"stopped unexpectedly(.|\n)*ZeroDivisionError"):
        installer("    1 / 0\n").run(lambda text, share: None, anew=True)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


WORKS_ON = """
    import subprocess
    from installer.gimp.ending import end_with_standard_input
    end_with_standard_input()
    child = subprocess.Popen(["sleep", "60"])
    print('{"text": "%d", "share": 0}' % child.pid, flush=True)
    child.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_it_ends_with_what_it_started_when_the_user_cancels(installer) -> None:
    class Stopped(Exception):
        pass

    def stop(text: str, share: float) -> None:
        if text:
            pids.append(int(text))
            raise Stopped

    pids: list[int] = []
    made = installer(WORKS_ON)
    with pytest.raises(Stopped):
        made.run(stop, anew=False)
    assert not is_running(pids[0])


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_it_ends_when_gimp_kills_the_plug_in(installer, tmp_path) -> None:
    """GIMP's own Cancel does that: nothing of the plug-in runs any more."""
    installer(WORKS_ON)
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from gimp_plugin.cutsmith.plug_in.set_up_process import SetUp
SetUp(Path({str(tmp_path)!r})).run(lambda text, share: text and print(text, flush=True), anew=False)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as plug_in:
        pid = int(plug_in.stdout.readline())
        assert is_running(pid)
        plug_in.kill()
    deadline = time.monotonic() + 8
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(pid)
