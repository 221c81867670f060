"""rembg in its own environment, for comparisons, because its command line needs gradio, which forbids Pillow 13."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REQUIREMENT = "rembg[cpu,cli]"
# Measured, November 2026: `du -sm` on Linux x86_64, Python 3.11.
DISK_MEGABYTES = 840


def default_environment() -> Path:
    """The environment's folder in the user's cache."""
    from cutsmith.machine.folders import cache_folder

    return cache_folder() / "benchmarks" / "rembg"


def rembg_command(environment: Path) -> Path | None:
    """The `rembg` of an environment that `prepare` finished; None if there is none."""
    return _command(environment, "rembg") if _finished(environment).exists() else None


def prepare(environment: Path) -> Path:
    """Make the environment and install rembg from the package index; return its `rembg` command.

    Raises:
        subprocess.CalledProcessError: venv or pip failed; the terminal shows why.
    """
    if (ready := rembg_command(environment)) is not None:
        return ready
    print(f"Installing {REQUIREMENT} into {environment}: takes {DISK_MEGABYTES} MB of disk.", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
    python = str(_command(environment, "python"))
    subprocess.run([python, "-m", "pip", "--quiet", "install", "--prefer-binary", REQUIREMENT], check=True)
    _finished(environment).touch()
    return _command(environment, "rembg")


def _finished(environment: Path) -> Path:
    """This file is written last, so an interrupted installation lacks it."""
    return environment / "finished"


def _command(environment: Path, name: str) -> Path:
    return environment / ("Scripts" if os.name == "nt" else "bin") / name
