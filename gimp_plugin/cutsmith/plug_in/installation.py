"""Finds the engine through config.json beside the plug-in, which the installer writes."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .failure import EngineMissing

CONFIG_FILE = "config.json"
FORMAT = 1
OTHER_PYTHON = "CUTSMITH_PYTHON"
"""A variable that names an interpreter to use instead of the installed one, for developers of Cutsmith."""

BUNDLE = "set_up"
"""The folder of the installer that came with the plug-in, if it came as a zip."""
MANIFEST = "bundle.json"
SET_UP_LABEL = "Set _Up or Repair Cutsmith…"

_INSTALL = "python3 install.py gimp"
_SET_UP = f"Choose Help > {SET_UP_LABEL.replace('_', '')}"


@dataclass(frozen=True)
class Installation:
    """How to start the engine.

    Attributes:
        command: starts its command line.
        version: the version that it must have; None accepts any.
        environment: variables that were set at installation, which a GIMP started from the desktop's menu lacks.
        install: the command that installs it again.
        set_up: what to choose in GIMP to install it again; "" if the plug-in did not come as a zip.
    """

    command: tuple[str, ...]
    version: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    install: str = _INSTALL
    set_up: str = ""

    @property
    def again(self) -> str:
        """How to install it again."""
        return self.set_up or f"Install it again, then try again:\n{self.install}"

    @property
    def typed_command(self) -> str:
        """`command` in the form to type into a terminal."""
        if sys.platform == "win32":
            return subprocess.list2cmdline(self.command)
        return shlex.join(self.command)


def find_installation(folder: Path) -> Installation:
    """Find the engine of the plug-in in `folder`.

    Raises:
        EngineMissing: the engine is not installed, its config.json is damaged or has another format, its Python is
            gone, or the plug-in was updated since.
    """
    named = os.environ.get(OTHER_PYTHON, "").strip()
    if named:
        return Installation((named, "-m", "cutsmith"))
    came_with = _version_of(folder / BUNDLE)
    found = _read(folder / CONFIG_FILE, _SET_UP if came_with else "")
    program = Path(found.command[0])
    if not program.exists():
        raise EngineMissing(f"Cutsmith's engine is gone: {program} does not exist.", found.again)
    if came_with and found.version != came_with:
        raise EngineMissing(f"Cutsmith's engine is still version {found.version}, not {came_with}.", found.again)
    return found


def _version_of(bundle: Path) -> str:
    """The version of the engine that came with the plug-in; "" if none did."""
    try:
        return str(json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _read(path: Path, set_up: str) -> Installation:
    """The installation of a config.json; `set_up` is how it is made from GIMP, if it can be."""
    again = set_up or f"In Cutsmith's folder, run:\n{_INSTALL}"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise EngineMissing(f"Cutsmith's engine is not installed for GIMP: {path} does not exist.", again) from error
    except (OSError, ValueError) as error:
        raise EngineMissing(f"{path} cannot be read: {error}", again) from error
    if not isinstance(config, dict) or config.get("format") != FORMAT or not _is_whole(config):
        raise EngineMissing(f"{path} is damaged, or belongs to another version of Cutsmith.", again)
    return Installation(
        command=tuple(config["command"]),
        version=config["version"],
        environment=config.get("environment", {}),
        install=config.get("install", _INSTALL),
        set_up=set_up,
    )


def _is_whole(config: dict[str, Any]) -> bool:
    command, environment = config.get("command"), config.get("environment", {})
    return (
        isinstance(command, list)
        and bool(command)
        and all(isinstance(word, str) and word for word in command)
        and isinstance(config.get("version"), str)
        and isinstance(config.get("install", ""), str)
        and isinstance(environment, dict)
        and all(isinstance(value, str) for value in environment.values())
    )
