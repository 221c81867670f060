"""Where the engine is: config.json beside the plug-in, which `install.py gimp` writes."""

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
"""Names another interpreter than the installed one: for who develops Cutsmith."""

_INSTALL = "python3 install.py gimp"


@dataclass(frozen=True)
class Installation:
    """What starts the engine.

    Attributes:
        command: starts its command line.
        version: that it has to have; None takes any.
        environment: variables that it was installed with, which a GIMP from the desktop's menu does not have.
        install: the command that installs it again.
    """

    command: tuple[str, ...]
    version: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    install: str = _INSTALL

    @property
    def typed_command(self) -> str:
        """`command` as it can be typed into a terminal."""
        if sys.platform == "win32":
            return subprocess.list2cmdline(self.command)
        return shlex.join(self.command)


def find_installation(folder: Path) -> Installation:
    """The engine of the plug-in in `folder`.

    Raises:
        CutFailed: it is not installed, its config.json is damaged or of another format, or its Python is gone.
    """
    named = os.environ.get(OTHER_PYTHON, "").strip()
    if named:
        return Installation((named, "-m", "cutsmith"))
    found = _read(folder / CONFIG_FILE)
    program = Path(found.command[0])
    if not program.exists():
        raise CutFailed(
            f"Cutsmith's engine is gone: {program} does not exist.",
            f"Install it again, then try once more:\n{found.install}",
        )
    return found


def _read(path: Path) -> Installation:
    again = f"In Cutsmith's folder, run:\n{_INSTALL}"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CutFailed(f"Cutsmith's engine is not installed for GIMP: there is no {path}.", again) from error
    except (OSError, ValueError) as error:
        raise CutFailed(f"{path} cannot be read: {error}", again) from error
    if not isinstance(config, dict) or config.get("format") != FORMAT or not _is_whole(config):
        raise CutFailed(f"{path} is of another version of Cutsmith, or damaged.", again)
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
