"""Where things are: in the clone, and in the user's own folders.

The user's folders are the ones that the product's user_folders.py names with `platformdirs`; the installer cannot
import that: it runs before anything is installed. tests/installer/test_folders.py holds the two to the same answer.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from installer.failure import InstallFailed

APPLICATION = "cutsmith"
HOST_STAMP = "cutsmith-host.json"  # in a test host's folder: what it was made from, and that it was made here
WORKER_FILES = ("protocol.py", "rendezvous.py", "session.py", "client.py")


@dataclass(frozen=True)
class Clone:
    """The folder that holds install.py, and the places in it that the installer writes to."""

    root: Path

    @property
    def environment(self) -> Path:
        """The virtual environment of `demo` and `test`."""
        return self.root / ".venv"

    @property
    def demo(self) -> Path:
        """Where the sample pictures and their cut-outs go."""
        return self.root / "demo"

    @property
    def project(self) -> Path:
        """The product's own list of what it requires."""
        return self.root / "pyproject.toml"

    @property
    def constraints(self) -> Path:
        """The exact versions that the tests run with."""
        return self.root / "constraints-test.txt"

    @property
    def host_constraints(self) -> Path:
        """The exact versions of what the tests' ComfyUI needs besides those."""
        return self.root / "constraints-hosts.txt"

    @property
    def plug_in(self) -> Path:
        """GIMP's plug-in."""
        return self.root / "gimp_plugin" / "cutsmith"

    @property
    def worker_files(self) -> tuple[Path, ...]:
        """The files of the worker's client, which are copied beside the plug-in: of the standard library alone."""
        return tuple(self.root / "core/cutsmith/worker" / name for name in WORKER_FILES)

    @property
    def version(self) -> str:
        """The product's version. Raises InstallFailed where the clone is not whole."""
        try:
            return str(tomllib.loads(self.project.read_text(encoding="utf-8"))["project"]["version"])
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise InstallFailed(
                f"{self.project} cannot be read: {problem}.", "Clone Cutsmith again; the clone is not whole."
            ) from problem


def this_clone() -> Clone:
    """The clone that this installer is part of."""
    return Clone(Path(__file__).resolve().parent.parent)


def user_cache() -> Path:
    """The user's cache folder for Cutsmith: what is in it can be made or fetched again."""
    return named_cache() or default_cache()


def named_cache() -> Path | None:
    """The folder that CUTSMITH_CACHE names for the cache; it may hold things of other programs."""
    named = os.environ.get("CUTSMITH_CACHE", "").strip()
    return Path(named).expanduser().absolute() if named else None


def hosts_folder() -> Path:
    """The folder of the tests' host programs: CUTSMITH_HOSTS, or one in the cache folder."""
    named = os.environ.get("CUTSMITH_HOSTS", "").strip()
    return Path(named).expanduser().absolute() if named else user_cache() / "hosts"


def default_cache() -> Path:
    """The cache folder where CUTSMITH_CACHE names none: Cutsmith's alone."""
    if sys.platform == "win32":
        return _windows_folder() / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches" / APPLICATION
    return _freedesktop_folder("XDG_CACHE_HOME", ".cache")


def user_data() -> Path:
    """The user's data folder for Cutsmith, which holds the weights."""
    if sys.platform == "win32":
        return _windows_folder()
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support" / APPLICATION
    return _freedesktop_folder("XDG_DATA_HOME", ".local/share")


def _windows_folder() -> Path:
    local = os.environ.get("LOCALAPPDATA", "").strip()
    return (Path(local) if local else Path.home() / "AppData/Local") / APPLICATION / APPLICATION


def _freedesktop_folder(variable: str, beneath_home: str) -> Path:
    chosen = os.environ.get(variable, "").strip()
    return (Path(chosen) if chosen else Path.home() / beneath_home) / APPLICATION


@contextmanager
def scratch_folder(folder: Path) -> Iterator[Path]:
    """Make an empty `folder`, less what a killed run left in it, and remove it at the end."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def require_space(folder: Path, megabytes: int) -> None:
    """Stop unless the disk that `folder` is (or will be) on has `megabytes` (1e6 bytes) free."""
    existing = folder
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free // 1_000_000
    if free < megabytes:
        raise InstallFailed(
            f"The disk that holds {existing} has {free} MB free; {megabytes} MB are needed.",
            "Free some space, or put the clone on another disk, and run the same command again.",
        )


def require_nothing_mounted(folder: Path) -> None:
    """Raise InstallFailed where something is mounted in `folder`, which would be removed with it."""
    mounts = Path("/proc/self/mountinfo")
    if sys.platform != "linux" or not mounts.exists():
        return
    inside = str(folder.resolve()) + os.sep
    table = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    # Spaces and the like stand there as \040.
    mounted = [re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), line.split()[4]) for line in table]
    held = [place for place in mounted if place.startswith(inside)]
    if held:
        raise InstallFailed(f"{folder} cannot be removed: {held[0]} is mounted in it.", f"umount {held[0]}")
