"""`pytest --quick` leaves out what is slow or needs weights, PyTorch or a host, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import HEAVY_PACKAGES, WithoutHeavyPackages

ROOT = Path(__file__).parents[1]
FOLDERS = ("tests/hosts", "tests/comfyui_nodes", "tests/core/segmentation", "tests/core/engines")


def collected(*options: str) -> set[str]:
    """The tests that pytest would run, by file and name, without parameters."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *options, *FOLDERS]
    environment = {**os.environ, "PYTEST_ADDOPTS": ""}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {line.partition("[")[0] for line in done.stdout.splitlines() if "::" in line}


def test_it_takes_tests_of_logic_and_leaves_out_networks_tensors_and_hosts() -> None:
    quick = collected("--quick")
    files = {name.partition("::")[0].removeprefix("tests/") for name in quick}
    assert {"core/segmentation/test_prompts.py", "core/engines/test_choice.py"} <= files
    assert not {"core/segmentation/test_sam2.py", "core/engines/test_checkpoint.py"} & files
    assert "comfyui_nodes/test_tensors.py" not in files
    assert not any(name.startswith("hosts/") for name in files)


@pytest.mark.parametrize("package", sorted(HEAVY_PACKAGES))
def test_a_heavy_package_is_not_found_even_where_it_is_installed(package) -> None:
    assert WithoutHeavyPackages.find_spec(package) is None
    assert WithoutHeavyPackages.find_spec(f"{package}.anything") is None


def test_other_packages_are_found() -> None:
    assert WithoutHeavyPackages.find_spec("numpy") is not None
