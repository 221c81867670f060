"""A ComfyUI on this machine: its folder, and the Python that it runs with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from installer.environment.host_environment import is_own_environment
from installer.environment.requirements import normalised
from installer.environment.virtual_environment import environment_python
from installer.failure import InstallFailed
from installer.folders import Clone

FILES = ("main.py", "nodes.py", "folder_paths.py")
FOLDERS = ("comfy", "custom_nodes")
PORTABLE_PYTHON = "python_embeded"  # ComfyUI's own spelling

NEEDED = (3, 11)

# Asked of another interpreter. torch is looked for and not imported, which would take seconds.
QUESTIONS = """
import importlib.util, json, sys
from importlib.metadata import distributions
sys.path[:] = [each for each in sys.path if each]
found = {}
source = ""
for each in distributions():
    name, version = each.metadata["Name"], each.metadata["Version"]
    if name and version and name not in found:
        found[name] = version
        if name == "cutsmith":
            source = json.loads(each.read_text("direct_url.json") or "{}").get("url", "")
print(json.dumps({
    "version": list(sys.version_info[:3]), "prefix": sys.prefix, "base_prefix": sys.base_prefix,
    "torch": importlib.util.find_spec("torch") is not None, "installed": found, "cutsmith": source,
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """What another Python says of itself: version, distributions, and where its Cutsmith comes from, if anywhere."""

    python: Path
    version: tuple[int, ...]
    is_environment: bool
    has_torch: bool
    cutsmith_source: Path | None = None
    installed: dict[str, str] = field(default_factory=dict)


def find_comfyui(named: Path) -> Path:
    """ComfyUI's folder: `named` itself, or the ComfyUI folder of a portable one. Raises InstallFailed if neither is."""
    folder = Path(os.path.abspath(named.expanduser()))  # noqa: PTH100 (`absolute` keeps "..", `resolve` follows links)
    candidates = [folder, folder / "ComfyUI"]
    for candidate in candidates:
        if not _missing_parts(candidate):
            return candidate
    lacking = ", ".join(_missing_parts(folder)) if folder.is_dir() else "there is no such folder"
    raise InstallFailed(
        f"{folder} is no ComfyUI: {lacking if not folder.is_dir() else f'it has no {lacking}'}.",
        "Give the folder that holds ComfyUI's main.py and custom_nodes:  python3 install.py comfyui FOLDER",
    )


def _missing_parts(folder: Path) -> list[str]:
    files = [name for name in FILES if not (folder / name).is_file()]
    return files + [f"{name}/" for name in FOLDERS if not (folder / name).is_dir()]


def find_interpreter(comfyui: Path, chosen: Path | None, clone: Clone) -> Interpreter:
    """The Python of the ComfyUI in `comfyui`, or the `chosen` one, asked about itself.

    Raises InstallFailed: there is none, it does not run, it is too old, it is a system's, or it has no torch and so is
    not ComfyUI's.
    """
    if chosen is not None:
        python = Path(os.path.abspath(chosen.expanduser()))  # noqa: PTH100 (a link to an interpreter is not followed)
        if not python.is_file():
            raise InstallFailed(f"There is no Python {python}.", "Name ComfyUI's own with --python.")
    else:
        python = _look_for_python(comfyui, clone)
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
    for python in looked_for:
        if python.is_file():
            return python
    running = Path(sys.executable)
    # The environment of `demo` and `test` may have torch as well, and yet ComfyUI is not started with it.
    if is_own_environment(sys.prefix, sys.base_prefix, running) and Path(sys.prefix) != clone.environment:
        return running
    raise InstallFailed(
        "ComfyUI's Python was not found. Looked for\n" + "\n".join(f"    {python}" for python in looked_for),
        f"Name it:  python3 install.py comfyui {json.dumps(str(comfyui), ensure_ascii=False)} --python PATH   "
        "or run install.py with it.",
    )


def ask(python: Path) -> Interpreter:
    """What `python` says of itself. Raises InstallFailed if it does not run."""
    try:
        run = subprocess.run(
            [str(python), "-c", QUESTIONS],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )
        answer = json.loads(run.stdout.strip().rpartition("\n")[2])
    except (OSError, ValueError) as problem:
        # A Python older than 3.8 has no importlib.metadata, and so no answer either.
        raise InstallFailed(
            f"{python} does not answer: {problem}.", "Name a Python 3.11 or newer that ComfyUI runs with: --python PATH"
        ) from problem
    source = answer["cutsmith"]
    return Interpreter(
        python=python,
        version=tuple(answer["version"]),
        is_environment=is_own_environment(answer["prefix"], answer["base_prefix"], python),
        has_torch=answer["torch"],
        cutsmith_source=Path(url2pathname(urlsplit(source).path)) if source else None,
        installed=_by_normalised_name(answer["installed"].items()),
    )


def _by_normalised_name(versions: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, version in versions:
        found.setdefault(normalised(name), version)
    return found
