"""Where things are: in the clone, and in the user's own folders.

The engine finds the user's folders with `platformdirs`, which the installer cannot import: it runs before anything is
installed. tests/installer/test_folders.py checks that both name the same folders.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

from installer.failure import InstallFailed

APPLICATION = "cutsmith"
HOST_STAMP = "cutsmith-host.json"  # in a test host's folder: what it was made from, and that it was made here
# Of the engine, what needs the standard library alone and is copied beside the plug-in: the declared options, and the
# worker's client.
COPIED_FILES = (
    "options.py",
    "worker/protocol.py",
    "worker/rendezvous.py",
    "worker/session.py",
    "worker/client.py",
)


class Clone:
    """The folder that holds install.py, and what the installer reads and writes in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = root / ".venv"  # of `demo`, `test` and `gimp`
        self.demo = root / "demo"  # the sample pictures and their cut-outs
        self.project = root / "pyproject.toml"
        self.constraints = root / "constraints-test.txt"  # the exact versions that the tests run with,
        self.host_constraints = root / "constraints-hosts.txt"  # and what the tests' ComfyUI needs besides those
        self.plug_in = root / "gimp_plugin" / "cutsmith"
        self.copied_files = [root / "core/cutsmith" / name for name in COPIED_FILES]

    @property
    def identity(self) -> str:
        """What an environment made from here stands and falls with: another one is made anew."""
        return str(self.root)

    @property
    def product(self) -> list[str]:
        """What pip installs to bring Cutsmith in, from within `root`; an extra's name follows the last word."""
        # "." and not the folder's own name: a name may hold anything, "[" too, which pip would read as extras.
        return ["--editable", "."]

    @property
    def pip_variables(self) -> dict[str, str]:
        """What makes an environment's Python find pip; empty if the environment is to have a pip of its own."""
        return {}

    @property
    def project_table(self) -> dict[str, Any]:
        """The table [project] of pyproject.toml. Raises InstallFailed if the clone is not whole."""
        try:
            table: dict[str, Any] = tomllib.loads(self.project.read_text(encoding="utf-8"))["project"]
            return table | {"version": str(table["version"])}
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise InstallFailed(
                f"{self.project} cannot be read: {problem}.", "Clone Cutsmith again; the clone is not whole."
            ) from problem

    @property
    def version(self) -> str:
        """Cutsmith's version. Raises InstallFailed if the clone is not whole."""
        return str(self.project_table["version"])

    def is_left_to(self, other: Path) -> bool:
        """Whether `other` is another clone that still exists, and whose own uninstall removes what it installed."""
        return other != self.root and (other / "install.py").is_file()


def this_root() -> Path:
    """The folder that this installer is in: a clone, or what came with GIMP's plug-in in a zip."""
    return Path(__file__).resolve().parent.parent


def this_clone() -> Clone:
    """The clone that this installer is part of."""
    return Clone(this_root())


def whole_path(path: Path) -> Path:
    """`path` as an absolute one without "..". Links are not followed: an environment's interpreter is one."""
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 (`absolute` keeps "..", `resolve` follows links)


def user_cache() -> Path:
    """The user's cache folder for Cutsmith; all of its contents can be made or fetched again."""
    return named_cache() or default_cache()


def named_cache() -> Path | None:
    """The cache folder that CUTSMITH_CACHE names, if any; it may hold files of other programs."""
    named = os.environ.get("CUTSMITH_CACHE", "").strip()
    return Path(named).expanduser().absolute() if named else None


def hosts_folder() -> Path:
    """The folder of the tests' host programs: CUTSMITH_HOSTS, or one in the cache folder."""
    named = os.environ.get("CUTSMITH_HOSTS", "").strip()
    return Path(named).expanduser().absolute() if named else user_cache() / "hosts"


def default_cache() -> Path:
    """The cache folder if CUTSMITH_CACHE names none; it is Cutsmith's alone."""
    return _of_this_system("cutsmith/Cache", "Library/Caches", "XDG_CACHE_HOME", ".cache")


def user_data() -> Path:
    """The user's data folder for Cutsmith, which holds the weights."""
    return _of_this_system("cutsmith", "Library/Application Support", "XDG_DATA_HOME", ".local/share")


def _of_this_system(on_windows: str, on_macos: str, variable: str, beneath_home: str) -> Path:
    if sys.platform == "win32":
        return folder_of_variable("LOCALAPPDATA", "AppData/Local") / APPLICATION / on_windows
    if sys.platform == "darwin":
        return Path.home() / on_macos / APPLICATION
    return folder_of_variable(variable, beneath_home) / APPLICATION


def folder_of_variable(variable: str, beneath_home: str) -> Path:
    """The folder that an environment variable names, or by default one in the home folder."""
    chosen = os.environ.get(variable, "").strip()
    return Path(chosen) if chosen else Path.home() / beneath_home


def require_space(folder: Path, megabytes: int) -> None:
    """Raise InstallFailed unless the disk that holds (or will hold) `folder` has `megabytes` (1e6 bytes) free."""
    existing = folder
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free // 1_000_000
    if free < megabytes:
        raise InstallFailed(
            f"The disk that holds {existing} has {free} MB free; {megabytes} MB are needed.",
            "Free some space, or use another disk, and try again.",
        )


def require_nothing_mounted(folder: Path) -> None:
    """Raise InstallFailed if something is mounted in `folder`: it would be deleted with it."""
    mounts = Path("/proc/self/mountinfo")
    if sys.platform != "linux" or not mounts.exists():
        return
    inside = str(folder.resolve()) + os.sep
    table = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    # Spaces and the like are written as \040.
    mounted = [re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), line.split()[4]) for line in table]
    held = [place for place in mounted if place.startswith(inside)]
    if held:
        raise InstallFailed(f"{folder} cannot be removed: {held[0]} is mounted in it.", f"umount {held[0]}")
