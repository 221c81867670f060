"""The `.venv` beside install.py: made, mended after an interruption, and left alone when nothing has changed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from installer.failure import InstallFailed
from installer.folders import Clone, require_space
from installer.pip_command import run_pip
from installer.stamp import Stamp, read_stamp, wanted_stamp, write_stamp


@dataclass(frozen=True)
class Installation:
    """What goes into the environment, and what it costs (Python 3.11, Linux x86_64; MB = 1e6 bytes)."""

    extras: tuple[str, ...]
    pinned: bool
    download_megabytes: int
    disk_megabytes: int


# Measured, November 2026: the files' sizes after  pip download --prefer-binary -d FOLDER .  ( ".[test,heic,rembg]" ),
# and `du -sm .venv` after the installation.
PRODUCT = Installation(extras=(), pinned=False, download_megabytes=275, disk_megabytes=950)
PRODUCT_AND_TESTS = Installation(
    extras=("heic", "rembg", "test"), pinned=True, download_megabytes=335, disk_megabytes=1150
)


def environment_python(environment: Path) -> Path:
    """The interpreter of a virtual environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def environment_command(environment: Path, name: str) -> Path:
    """The path of a command that a virtual environment provides, such as `cutsmith`."""
    return environment_python(environment).with_name(f"{name}.exe" if os.name == "nt" else name)


def prepare_environment(clone: Clone, installation: Installation) -> Path:
    """Make `.venv` hold the product with what `installation` adds; returns its interpreter.

    Raises InstallFailed: no room on the disk, Python without venv or pip, pip failed, or a `.venv` that is somebody
    else's.
    """
    environment = clone.environment
    constraints = clone.constraints if installation.pinned else None
    wanted = wanted_stamp(clone, installation.extras, constraints)
    python = environment_python(environment)
    found = _own_stamp(environment)
    if found is not None and found.provides(wanted) and python.exists():
        return python

    print(
        f"Setting up {environment}: fetches at most {installation.download_megabytes} MB of packages "
        f"(less where pip has them already), takes {installation.disk_megabytes} MB of disk."
    )
    usable = found is not None and found.complete and found.same_place(wanted) and python.exists()
    if usable and found is not None:
        wanted = replace(wanted, extras=tuple(sorted({*wanted.extras, *found.extras})))
        write_stamp(environment, replace(found, complete=False))
    else:
        require_space(environment, installation.disk_megabytes)
        _make_anew(environment, found, wanted)
    _install(python, clone, wanted.extras, constraints)
    write_stamp(environment, replace(wanted, complete=True))
    return python


def _own_stamp(environment: Path) -> Stamp | None:
    """The stamp of an environment that this installer made; None where there is none, or only an empty folder."""
    stamp = read_stamp(environment)
    occupied = (
        environment.is_symlink() or environment.is_file() or (environment.is_dir() and any(environment.iterdir()))
    )
    if stamp is None and occupied:
        raise InstallFailed(
            f"{environment} is there already, and this installer did not make it.",
            f"Install into it with  {environment_python(environment)} install.py  or move it away.",
        )
    return stamp


def _make_anew(environment: Path, found: Stamp | None, wanted: Stamp) -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise InstallFailed(
            "This Python cannot make virtual environments: its venv or ensurepip is missing.", venv_remedy()
        )
    if found is not None:
        reason = "an earlier run did not finish" if not found.complete else "the clone or its Python has changed"
        print(f"Making {environment} anew: {reason}.")
        shutil.rmtree(environment)
    environment.mkdir(exist_ok=True)
    write_stamp(environment, wanted)
    # Run from inside an environment, the interpreter beneath it is the one that makes another.
    base = getattr(sys, "_base_executable", None) or sys.executable
    made = subprocess.run(
        [base, "-m", "venv", str(environment)], capture_output=True, encoding="utf-8", errors="replace"
    )
    if made.returncode:
        last = (made.stdout + made.stderr).strip().splitlines()[-6:]
        raise InstallFailed("The virtual environment could not be made:\n    " + "\n    ".join(last), venv_remedy())


def venv_remedy() -> str:
    """How to give this Python the parts that make virtual environments."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if Path("/etc/debian_version").exists():
        return f"sudo apt install python3-venv python{version}-venv   and run the same command again."
    return "Install Python with its venv and ensurepip modules (python.org's has them) and run the same command again."


def _install(python: Path, clone: Clone, extras: Sequence[str], constraints: Path | None) -> None:
    # "." and not the folder's own name: a name may hold anything, "[" too, which pip would read as extras.
    target = f".[{','.join(extras)}]" if extras else "."
    arguments = ["install", "--prefer-binary", "--editable", target]
    if constraints:
        arguments += ["--constraint", constraints.name]
    run_pip(python, arguments, folder=clone.root, doing="installing Cutsmith")
