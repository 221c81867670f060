"""Finds a ComfyUI on this machine: its folder, and the Python that it runs with."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from installer.environment.interpreter import Interpreter, ask
from installer.environment.python_facts import is_own_environment
from installer.environment.virtual_environment import environment_python
from installer.failure import InstallFailed
from installer.folders import Clone, whole_path

FILES = ("main.py", "nodes.py", "folder_paths.py")
FOLDERS = ("comfy", "custom_nodes")
PORTABLE_PYTHON = "python_embeded"  # ComfyUI's own spelling

NEEDED = (3, 11)


def find_comfyui(named: Path) -> Path:
    """ComfyUI's folder: `named`, or ComfyUI/ in it (as portables have it). Raises InstallFailed if neither is one."""
    folder = whole_path(named)
    for candidate in (folder, folder / "ComfyUI"):
        if not _missing_parts(candidate):
            return candidate
    found = f"it has no {', '.join(_missing_parts(folder))}" if folder.is_dir() else "there is no such folder"
    raise InstallFailed(
        f"{folder} is no ComfyUI: {found}.",
        "Give the folder that holds ComfyUI's main.py and custom_nodes:  python3 install.py comfyui FOLDER",
    )


def _missing_parts(folder: Path) -> list[str]:
    files = [name for name in FILES if not (folder / name).is_file()]
    return files + [f"{name}/" for name in FOLDERS if not (folder / name).is_dir()]


def find_interpreter(comfyui: Path, chosen: Path | None, clone: Clone) -> Interpreter:
    """Find the Python of the ComfyUI in `comfyui`, or take the `chosen` one, and ask it about itself.

    Raises InstallFailed if there is none, if it does not run, if it is too old or the system's own, or if it has no
    torch and so cannot be ComfyUI's.
    """
    python = whole_path(chosen) if chosen is not None else _look_for_python(comfyui, clone)
    if not python.is_file():
        raise InstallFailed(f"There is no Python {python}.", "Name ComfyUI's own with --python.")
    found = ask(python)
    if found.version[:2] < NEEDED:
        raise InstallFailed(
            f"Python 3.11 or newer is needed, and {python} is {'.'.join(map(str, found.version))}.",
            "Give ComfyUI an environment with a newer Python, or name another one with --python.",
        )
    if not found.is_environment:
        raise InstallFailed(
            f"{python} is the system's Python, or one that other programs share: nothing is installed into it.",
            "Name the Python of ComfyUI's virtual environment with --python.",
        )
    if not found.has_torch:
        raise InstallFailed(
            f"{python} does not look like ComfyUI's own Python: it has no torch.",
            "Name the Python that ComfyUI is started with:  --python PATH",
        )
    return found


def _look_for_python(comfyui: Path, clone: Clone) -> Path:
    looked_for = [environment_python(comfyui / name) for name in (".venv", "venv")]
    looked_for.append(comfyui.parent / PORTABLE_PYTHON / "python.exe")
    running = Path(sys.executable)
    # The environment of `demo` and `test` may have torch too, but ComfyUI does not run in it.
    if is_own_environment(sys.prefix, sys.base_prefix, running) and Path(sys.prefix) != clone.environment:
        looked_for.append(running)
    for python in looked_for:
        if python.is_file():
            return python
    raise InstallFailed(
        "ComfyUI's Python was not found. Looked for\n" + "\n".join(f"    {python}" for python in looked_for),
        f"Name it:  python3 install.py comfyui {json.dumps(str(comfyui), ensure_ascii=False)} --python PATH   "
        "or run install.py with it.",
    )
