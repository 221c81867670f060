"""Compiles numba's kernels for pymatting once, at install time, so that no later command has to wait.

numba caches them in `__pycache__` beside pymatting's modules (or, where that is read-only, in the user's
cache folder).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from installer.environment.stamp import read_stamp, write_stamp
from installer.limited_run import run_limited


def warm_numba_once(environment: Path, python: Path) -> None:
    """Compile the kernels unless the stamp of `environment` says that this was done."""
    stamp = read_stamp(environment)
    if stamp is not None and not stamp.warmed and warm_numba(python):
        write_stamp(environment, replace(stamp, warmed=True))


def warm_numba(python: Path) -> bool:
    """Compile the kernels of closed-form matting in the environment of `python`; returns whether it worked."""
    print("Compiling numba's kernels for --matting closed-form: about a minute, once.")
    ended = run_limited([str(python), "-c", "import pymatting"])
    if ended.code:
        print(f"That failed ({ended.last_words(1).strip()}); everything but --matting closed-form works.")
    return ended.code == 0
