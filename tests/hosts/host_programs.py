"""Where `install.py test --hosts` puts the host programs, and what a test does where one is missing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from installer.comfyui.node_pack import NAME
from installer.folders import HOST_STAMP, hosts_folder

# $CUTSMITH_HOSTS, else in the user's cache; read when pytest collects: while tests run, the cache is one of their own.
HOSTS = hosts_folder()


def without_host(reason: str) -> NoReturn:
    """Skip, or fail where the hosts are asked for."""
    told = f"{reason}: python3 install.py test --hosts prepares it"
    if os.environ.get("CUTSMITH_REQUIRE_HOSTS") == "1":
        pytest.fail(told)
    pytest.skip(told)


def comfyui_folder() -> Path:
    """ComfyUI's tree, with its environment in .venv and this clone's node pack in custom_nodes."""
    tree = HOSTS / "comfyui" / "ComfyUI"
    pack = tree / "custom_nodes" / NAME
    if not (tree / "main.py").is_file() or not comfyui_python(tree).exists():
        without_host(f"ComfyUI is not in {tree}")
    if not pack.exists() or pack.resolve() != Path(__file__).resolve().parents[2]:
        without_host(f"{pack} is not this clone")
    return tree


def comfyui_python(tree: Path) -> Path:
    """The interpreter of ComfyUI's own environment."""
    return tree / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def chromium_command() -> str:
    """Chromium: the one that was prepared, else one on PATH."""
    named = os.environ.get("CUTSMITH_CHROMIUM", "").strip()
    prepared = HOSTS / "chromium" / "chromium"
    found = (named, shutil.which("chromium"), shutil.which("google-chrome"), prepared.exists() and str(prepared))
    return next(filter(None, found), None) or without_host("Chromium is not on this machine")


def axe_script() -> str:
    """axe-core's program, as text."""
    found = sorted((HOSTS / "axe").glob("axe-*.min.js"))
    return found[-1].read_text(encoding="utf-8") if found else without_host(f"axe-core is not in {HOSTS / 'axe'}")


def artifacts_folder() -> Path:
    """Where screenshots are kept; $CUTSMITH_ARTIFACTS names another place."""
    named = os.environ.get("CUTSMITH_ARTIFACTS", "").strip()
    folder = Path(named) if named else HOSTS / "artifacts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def service_clients_folder() -> Path:
    """The folder with a folder for each of the service's clients."""
    folder = HOSTS / "service-clients"
    if not (folder / HOST_STAMP).is_file():
        without_host(f"The service's clients are not in {folder}")
    return folder


def gimp_run() -> Path:
    """The script that runs programs in the Debian that has a GIMP 3."""
    run = HOSTS / "gimp" / "run"
    if not run.is_file():
        without_host(f"GIMP is not in {run.parent}")
    return run
