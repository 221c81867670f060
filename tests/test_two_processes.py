"""The full tiers run in two processes; a test that is marked `alone` has the machine for itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

TESTS = """
import json, pathlib, time
import pytest

{mark}
@pytest.mark.parametrize("number", range(6))
def test_it_takes_a_while(number):
    begun = time.time()
    time.sleep(0.1)
    with (pathlib.Path(__file__).parent / "times.txt").open("a") as file:
        file.write(json.dumps([begun, time.time()]) + "\\n")
"""


def overlaps(folder: Path, mark: str) -> bool:
    """Whether tests of two files ran at one time, those of the second file with `mark`."""
    folder.mkdir()
    (folder / "conftest.py").write_text("from tests.conftest import *\n")
    (folder / "test_one.py").write_text(TESTS.format(mark=""))
    (folder / "test_two.py").write_text(TESTS.format(mark=mark))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "xdist.plugin", "-n", "2", "--dist", "loadfile"]
    config = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder), "-o", f"pythonpath={ROOT}", str(folder)]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [*command, *config, "-p", "no:cacheprovider"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    times = sorted(json.loads(line) for line in (folder / "times.txt").read_text().splitlines())
    assert len(times) == 12
    return any(begun < ended for (_, ended), (begun, _) in pairwise(times))


@pytest.mark.slow
def test_a_test_that_is_marked_alone_runs_beside_no_other(tmp_path: Path) -> None:
    assert overlaps(tmp_path / "company", "")
    assert not overlaps(tmp_path / "alone", "@pytest.mark.alone")
