"""Imports pymatting, whose numba kernels are compiled once in each environment, which takes about a minute."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import sys
from pathlib import Path
from typing import Any

from cutsmith.cures import install_packages, set_option
from cutsmith.errors import NotInstalled

_log = logging.getLogger(__name__)

_A_KERNEL = "cf_laplacian*.nbi"


def import_pymatting() -> Any:
    """The module pymatting; a warning is logged first where its kernels have yet to be compiled.

    Raises:
        NotInstalled: pymatting, or numba which it needs, cannot be imported.
    """
    if "pymatting" not in sys.modules and not kernels_are_compiled():
        _log.warning(
            "Compiling the matting kernels (numba): about a minute, once in this Python environment. Please wait."
        )
    try:
        pymatting = importlib.import_module("pymatting")
        # The preconditioner prints its retries, but standard output is the caller's: a picture may be written to it.
        vars(sys.modules["pymatting.preconditioner.ichol"])["print"] = _log_what_is_printed
    except ImportError as error:
        raise NotInstalled(
            f"Closed-form matting needs pymatting, which cannot be imported: {error}.",
            install_packages("pymatting"),
            set_option("matting", "none", text="Or do without it"),
        ) from error
    return pymatting


def _log_what_is_printed(*words: object) -> None:
    """Stands in for `print` in a module that should not print."""
    if line := " ".join(map(str, words)).strip():
        _log.debug("pymatting: %s", line)


def kernels_are_compiled() -> bool:
    """Whether numba has pymatting's compiled kernels on disk; a look at the files only; nothing is imported."""
    found = importlib.util.find_spec("pymatting")
    if found is None or found.origin is None:
        return False
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return any(Path(chosen).rglob(_A_KERNEL))
    beside_source = Path(found.origin).parent / "laplacian" / "__pycache__"
    if any(beside_source.glob(_A_KERNEL)):
        return True
    # numba turns to the user's cache folder where the package's own is read-only.
    return any(folder.is_dir() and any(folder.rglob(_A_KERNEL)) for folder in _user_caches())


def _user_caches() -> list[Path]:
    """The folders where numba keeps its cache for this user, by platform."""
    home = Path.home()
    return [
        Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "numba",
        home / "Library" / "Caches" / "numba",
        Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "numba",
    ]
