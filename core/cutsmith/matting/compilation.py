"""Imports pymatting, whose numba kernels are compiled once in each environment, which takes about a minute.

numba keeps compiled kernels beside pymatting's source, or in the user's cache folder, and raises where neither can be
written to: in a read-only container, or for a user without a home in somebody else's installation. Kernels that are
there are used all the same, by way of a private copy; and without any, this process compiles its own.
"""

from __future__ import annotations

import atexit
import importlib
import importlib.util
import logging
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutsmith.cures import install_extra, set_option
from cutsmith.errors import ExtraMissing

if TYPE_CHECKING:
    from cutsmith.protocols import Watch

_log = logging.getLogger(__name__)

_A_KERNEL = "cf_laplacian*.nbi"
_KERNELS = "*.nb[ic]"
COMPILED_EACH_TIME = (
    "The matting kernels (numba) were compiled for this run alone, which takes about a minute: no folder for them can "
    "be written to. Set the environment variable NUMBA_CACHE_DIR to a folder of yours, and they are kept there."
)

# Two threads that import at the same time would each take the other's half-imported modules away.
_importing = threading.RLock()
_to_tell: list[str] = []


def import_pymatting(watch: Watch | None = None) -> Any:
    """The module pymatting; a warning is logged first where its kernels have yet to be compiled.

    `watch`, or the log without one, is warned where they cannot be kept.

    Raises:
        ExtraMissing: pymatting, or numba which it needs, cannot be imported.
    """
    with _importing:
        if "pymatting" not in sys.modules and not kernels_are_compiled():
            _log.warning(
                "Compiling the matting kernels (numba): about a minute, once in this Python environment. Please wait."
            )
        try:
            pymatting = _imported()
            # The preconditioner prints its retries, but standard output is the caller's: a picture may go there.
            vars(sys.modules["pymatting.preconditioner.ichol"])["print"] = _log_what_is_printed
        except ImportError as error:
            raise ExtraMissing(
                f"The optional part [pymatting] is missing or broken: pymatting cannot be imported: {error}.",
                install_extra("pymatting"),
                set_option("matting", "none", text="Or do without it"),
            ) from error
        # Told once in a process: its later runs compile nothing.
        while _to_tell:
            (_log.warning if watch is None else watch.warn)(_to_tell.pop())
    return pymatting


def _imported() -> Any:
    """pymatting, with numba's own cache, a private one, or none: the first that works."""
    if "pymatting" in sys.modules:
        return importlib.import_module("pymatting")
    ways: tuple[Callable[[], AbstractContextManager[object]], ...] = (nullcontext, _private_cache, _no_cache)
    for way in ways:
        try:
            with way():
                return importlib.import_module("pymatting")
        except ImportError:
            raise
        except Exception as error:  # RuntimeError without a folder, OSError on a full disk, pickle's own
            if way is ways[-1]:
                raise ImportError(f"its kernels cannot be compiled ({type(error).__name__}: {error})") from error
            _log.debug("numba's cache cannot be used: %s: %s", type(error).__name__, error)
            for name in [each for each in sys.modules if each.partition(".")[0] == "pymatting"]:
                del sys.modules[name]
    raise AssertionError("the last way returns or raises")


@contextmanager
def _private_cache() -> Iterator[None]:
    """Let numba keep its cache in a folder that only this user can open, with a copy of the kernels beside the source.

    The folder is deleted when the process ends.
    """
    from numba.core import caching

    config: Any = importlib.import_module("numba.core.config")
    # numba itself says what it calls a source's folder.
    name_of: Any = caching._CacheLocator.get_suitable_cache_subpath

    folder = Path(tempfile.mkdtemp(prefix="cutsmith-kernels-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for source in _package().rglob("*.py"):
        compiled = list((source.parent / "__pycache__").glob(f"{source.stem}.*{_KERNELS[1:]}"))
        if compiled:
            own = folder / name_of(str(source))
            own.mkdir(exist_ok=True)
            for each in compiled:
                shutil.copyfile(each, own / each.name)
    before = set(folder.rglob(_KERNELS))
    chosen = config.CACHE_DIR
    config.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        config.CACHE_DIR = chosen
    if set(folder.rglob(_KERNELS)) - before:
        _to_tell[:] = [COMPILED_EACH_TIME]


@contextmanager
def _no_cache() -> Iterator[None]:
    """Let numba compile without reading or writing any cache."""
    dispatcher: Any = importlib.import_module("numba.core.dispatcher").Dispatcher
    enable = dispatcher.enable_caching
    dispatcher.enable_caching = lambda self: None
    try:
        yield
    finally:
        dispatcher.enable_caching = enable
    _to_tell[:] = [COMPILED_EACH_TIME]


def _log_what_is_printed(*words: object) -> None:
    """Stands in for `print` in a module that should not print."""
    if line := " ".join(map(str, words)).strip():
        _log.debug("pymatting: %s", line)


def _package() -> Path:
    """The folder of pymatting's source; a folder that is not there if pymatting is not."""
    found = importlib.util.find_spec("pymatting")
    return Path(os.devnull) / "nothing" if found is None or found.origin is None else Path(found.origin).parent


def kernels_are_compiled() -> bool:
    """Whether numba has pymatting's compiled kernels on disk; a look at the files only; nothing is imported."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    # A folder that was chosen and cannot be used is passed over by numba.
    if chosen and _can_be_written(Path(chosen)):
        return any(Path(chosen).rglob(_A_KERNEL))
    if any((_package() / "laplacian" / "__pycache__").glob(_A_KERNEL)):
        return True
    # numba turns to the user's cache folder where the package's own is read-only.
    return any(folder.is_dir() and any(folder.rglob(_A_KERNEL)) for folder in _user_caches())


def _can_be_written(folder: Path) -> bool:
    """Whether files can be written into `folder`, which numba makes if it is not there."""
    there = next((each for each in (folder, *folder.absolute().parents) if each.exists()), folder)
    return there.is_dir() and os.access(there, os.W_OK)


def _user_caches() -> list[Path]:
    """The folders where numba keeps its cache for this user, by platform."""
    try:
        home = Path.home()
    except RuntimeError:
        # A user without a home, as in many containers.
        home = Path(os.devnull)
    return [
        Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "numba",
        home / "Library" / "Caches" / "numba",
        Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "numba",
    ]
