"""Finds a Python that can make an environment for the engine: GIMP's own, or another on this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .failure import CutFailed

OTHER_BASE = "CUTSMITH_BASE_PYTHON"
"""A variable that names the one to take."""
OLDEST = (3, 11)
_NEWEST_TESTED = 13
_ANSWER_SECONDS = 20.0
# mingw: the Python of GIMP for Windows, for which nobody makes packages.
_QUESTION = """
import importlib.util, json, sys, sysconfig
has_venv = importlib.util.find_spec("venv") is not None
print(json.dumps([sys.executable, list(sys.version_info[:3]), has_venv, sysconfig.get_platform()]))
"""
# Hosts set these for their own Python and libraries; they break any other interpreter.
_HOST_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "GI_TYPELIB_PATH", "VIRTUAL_ENV")


def clean_environment() -> dict[str, str]:
    """The variables for another Python than the one that GIMP runs plug-ins with."""
    return {name: value for name, value in os.environ.items() if name not in _HOST_VARIABLES}


def find_base_python() -> Path:
    """The interpreter to make the environment with.

    Raises:
        CutFailed: none will do. It says what was found, what is wanted, and how to get it.
    """
    refused = []
    for candidate in dict.fromkeys(_candidates()):
        python, wrong = _examined(candidate)
        if python is not None:
            return python
        refused.append(f"{candidate}: {wrong}")
    wanted = ".".join(map(str, OLDEST))
    found = "\n".join(refused) or "None was found on the search path."
    raise CutFailed(f"Cutsmith needs Python {wanted} or newer to be set up.\n{found}", _cure())


def _candidates() -> Iterator[str]:
    """GIMP's own Python first: it is there, and on Linux it is the system's."""
    named = os.environ.get(OTHER_BASE, "").strip()
    if named:
        yield named
        return
    yield sys.executable
    newest_first = [f"python3.{minor}" for minor in range(_NEWEST_TESTED, OLDEST[1] - 1, -1)]
    for name in (*newest_first, "python3", "python", "py"):
        found = shutil.which(name)
        if found:
            yield found


def _examined(candidate: str) -> tuple[Path | None, str]:
    """The interpreter that `candidate` starts, or None and what is wrong with it."""
    try:
        answer = subprocess.run(
            [candidate, "-I", "-c", _QUESTION],
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ANSWER_SECONDS,
            check=False,
        )
        path, version, has_venv, platform = json.loads(answer.stdout.strip().rpartition("\n")[2])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None, "it does not answer"
    told = ".".join(map(str, version))
    if tuple(version[:2]) < OLDEST:
        return None, f"Python {told} is too old"
    if platform.startswith("mingw"):
        return None, f"GIMP's own Python {told}, for which there are no packages"
    if not has_venv:
        return None, f"Python {told} has no venv"
    return Path(path), ""


def _cure() -> str:
    if sys.platform == "linux":
        return "Install your system's package python3 (3.11 or newer), on Debian and Ubuntu with python3-venv."
    return "Install Python 3.13 from python.org. Then restart GIMP and try again."
