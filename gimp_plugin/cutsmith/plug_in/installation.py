"""Finds the engine through config.json beside the plug-in, which `install.py gimp` writes."""

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

from .failure import CutFailed

CONFIG_FILE = "config.json"
FORMAT = 1
OTHER_PYTHON = "CUTSMITH_PYTHON"
"""A variable that names an interpreter to use instead of the installed one, for developers of Cutsmith."""

_INSTALL = "python3 install.py gimp"


@dataclass(frozen=True)
class Installation:
    """How to start the engine.

    Attributes:
        command: starts its command line.
        version: the version that it must have; None accepts any.
        environment: variables that were set at installation, which a GIMP started from the desktop's menu lacks.
        install: the command that installs it again.
    """

    command: tuple[str, ...]
    version: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    install: str = _INSTALL

    @property
    def typed_command(self) -> str:
        """`command` in the form to type into a terminal."""
        if sys.platform == "win32":
            return subprocess.list2cmdline(self.command)
        return shlex.join(self.command)


def find_installation(folder: Path) -> Installation:
    """Find the engine of the plug-in in `folder`.

    Raises:
        CutFailed: the engine is not installed, its config.json is damaged or has another format, or its Python is gone.
    """
    named = os.environ.get(OTHER_PYTHON, "").strip()
    if named:
        return Installation((named, "-m", "cutsmith"))
    found = _read(folder / CONFIG_FILE)
    program = Path(found.command[0])
    if not program.exists():
        raise CutFailed(
            f"Cutsmith's engine is gone: {program} does not exist.",
            f"Install it again, then try again:\n{found.install}",
        )
    return found


def _read(path: Path) -> Installation:
    again = f"In Cutsmith's folder, run:\n{_INSTALL}"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CutFailed(f"Cutsmith's engine is not installed for GIMP: {path} does not exist.", again) from error
    except (OSError, ValueError) as error:
        raise CutFailed(f"{path} cannot be read: {error}", again) from error
    if not isinstance(config, dict) or config.get("format") != FORMAT or not _is_whole(config):
        raise CutFailed(f"{path} is damaged, or belongs to another version of Cutsmith.", again)
    return Installation(
        command=tuple(config["command"]),
        version=config["version"],
        environment=config.get("environment", {}),
        install=config.get("install", _INSTALL),
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
