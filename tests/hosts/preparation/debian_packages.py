"""Debian's packages with what they need, unpacked into a folder: nothing of the system changes.

apt-get works in a folder of its own, and so needs neither root nor the system's own lists to be there or up to date.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from installer.failure import InstallFailed

SHOWN_LINES = 8

# What the system's own settings have run after an update is for its own lists and caches.
SETTINGS = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Acquire::Retries "3";
"""


def why_not() -> str:
    """Why Debian's packages cannot be had on this machine; empty if they can."""
    missing = [program for program in ("apt-get", "dpkg-deb") if shutil.which(program) is None]
    return f"this machine has no {' and no '.join(missing)}" if missing else ""


def fetch_packages(work: Path, packages: Sequence[str], *, alone: Sequence[str] = ()) -> list[Path]:
    """Fetch `packages` with all they need that is not installed, and those in `alone` by themselves, into `work`.

    Raises InstallFailed: no apt-get here, a package that does not exist, or no network.
    """
    reason = why_not()
    if reason:
        raise InstallFailed(f"Debian's packages cannot be fetched: {reason}.")
    archives = work / "archives"
    for folder in (work / "lists" / "partial", archives / "partial"):
        folder.mkdir(parents=True, exist_ok=True)
    (work / "apt.conf").write_text(SETTINGS, encoding="utf-8")
    _apt_get(work, "update", doing="reading the lists of packages")
    if packages:
        _apt_get(work, "install", "--download-only", "--no-install-recommends", *packages, doing="fetching packages")
    if alone:
        _apt_get(work, "download", *alone, doing="fetching packages")
    return sorted(archives.glob("*.deb"))


def unpack_packages(files: Iterable[Path], root: Path) -> None:
    """Unpack .deb files over one another into `root`; their scripts are not run. Raises InstallFailed."""
    root.mkdir(parents=True, exist_ok=True)
    for file in files:
        run = subprocess.run(
            ["dpkg-deb", "-x", str(file), str(root)], capture_output=True, encoding="utf-8", errors="replace"
        )
        if run.returncode:
            raise InstallFailed(f"{file.name} could not be unpacked: {run.stderr.strip()}")


def library_folders(root: Path) -> list[Path]:
    """Where in `root` the dynamic linker has to look: Debian's own folders for libraries, and those right in them."""
    folders = [*root.glob("lib/*-linux-gnu*"), *root.glob("usr/lib/*-linux-gnu*")]
    candidates = [*folders, *(inner for folder in folders for inner in sorted(folder.iterdir()) if inner.is_dir())]
    return [folder for folder in candidates if any(folder.glob("lib*.so*"))]


def _apt_get(work: Path, *arguments: str, doing: str) -> None:
    settings = {
        "Dir::State::lists": work / "lists",
        "Dir::Cache": work,
        "Dir::Cache::archives": work / "archives",
        # Its own folders need no lock, and the system's would take root.
        "Debug::NoLocking": "true",
        # As root it would fetch as another user, who may not look into a home folder.
        "APT::Sandbox::User": "root",
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    run = subprocess.run(
        ["apt-get", "-q", "-y", "-c", str(work / "apt.conf"), *options, *arguments],
        cwd=work / "archives",
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    # `update` returns 0 where a list could not be fetched and an older one, here none, is taken.
    if run.returncode or "Failed to fetch" in run.stderr:
        shown = "\n".join(f"    {line}" for line in run.stderr.strip().splitlines()[-SHOWN_LINES:])
        raise InstallFailed(
            f"apt-get failed while {doing}:\n{shown}",
            "Check the network and the machine's own package sources; behind a proxy set http_proxy.",
        )
