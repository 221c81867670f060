"""How threads wait for each other: what the environment says to PyTorch's OpenMP."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cutsmith.machine.threads import spin_briefly


@pytest.mark.parametrize(
    ("said", "spins"),
    [
        ({}, "1000"),
        ({"GOMP_SPINCOUNT": "7"}, "7"),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, None),
        ({"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "7"}, "7"),
    ],
)
def test_what_the_environment_says_already_stays(monkeypatch, said, spins) -> None:
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        # So that both are put back, even where they were not there.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    spin_briefly()
    assert os.environ.get("GOMP_SPINCOUNT") == spins
    assert os.environ.get("OMP_WAIT_POLICY") == said.get("OMP_WAIT_POLICY")


def test_the_command_line_lets_threads_spin_briefly_before_pytorch_is_imported() -> None:
    program = """
import os, sys
import cutsmith.cli
sys.argv = ["cutsmith", "--version"]
os._exit = lambda code: print(os.environ["GOMP_SPINCOUNT"], "torch" in sys.modules)
cutsmith.cli.main()
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GOMP_", "OMP_"))}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "1000 False"
