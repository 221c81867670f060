"""The fuzzing command runs, and finds nothing in a small round; benchmarks/fuzz_reader.py does the large ones."""

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(__file__).resolve().parents[3] / "benchmarks" / "fuzz_reader.py"


@pytest.mark.slow
def test_a_small_round_finds_no_crash_no_hang_and_no_untyped_error():
    done = subprocess.run(
        [sys.executable, str(COMMAND), "--count", "189", "--seed", "3"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "189 mutated files" in done.stdout
    assert "CRASHED" not in done.stdout
