"""The plug-in's config.json: the command that runs Cutsmith, and where the plug-in came from."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from installer.failure import InstallFailed
from installer.folders import Clone
from installer.json_file import read_fields

FILE_NAME = "config.json"
FORMAT = 1

# A GIMP started from the desktop's menu lacks the shell's variables. The first may name several folders.
VARIABLES = ("CUTSMITH_MODELS", "CUTSMITH_CACHE", "XDG_DATA_HOME")


@dataclass(frozen=True)
class Config:
    """The content of config.json.

    Attributes:
        command: the command that runs `cutsmith`, with the absolute path of its interpreter.
        version: the version of Cutsmith that the command runs.
        clone: the folder of the clone that the plug-in was copied from.
        install: the command line that repairs the plug-in, as the user types it.
        environment: variables for the command.
    """

    command: tuple[str, ...]
    version: str
    clone: str
    install: str
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The file's content."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n"


def wanted_config(clone: Clone, python: Path, options: Sequence[str]) -> Config:
    """The config for `clone`'s plug-in if `python` runs Cutsmith; `options` are those given to `install.py gimp`."""
    install = mending_command(clone, "gimp", *options)
    return Config((str(python), "-m", "cutsmith"), clone.version, str(clone.root), install, named_folders())


def named_folders() -> dict[str, str]:
    """Those of VARIABLES that are set, with absolute paths."""
    named = {}
    for name in VARIABLES:
        value = os.environ.get(name, "")
        parts = value.split(os.pathsep) if name == "CUTSMITH_MODELS" else [value]
        folders = [str(Path(part.strip()).expanduser().absolute()) for part in parts if part.strip()]
        if folders:
            named[name] = os.pathsep.join(folders)
    return named


def mending_command(clone: Clone, *arguments: str) -> str:
    """A command line of this installer for the running Python."""
    short = shutil.which("python3")
    # The shell finds an environment's python3 only while the environment is active.
    is_short = short and sys.prefix == sys.base_prefix and Path(short).resolve() == Path(sys.executable).resolve()
    words = ["python3" if is_short else sys.executable, str(clone.root / "install.py"), *arguments]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def clone_of(folder: Path) -> Path | None:
    """The clone that the plug-in in `folder` came from; None if its config is not ours. Any format will do."""
    fields = read_fields(folder / FILE_NAME) or {}
    return Path(str(fields["clone"])) if {"format", "command", "clone"} <= fields.keys() else None


def read_config(folder: Path) -> Config:
    """The config of the plug-in in `folder`. Raises InstallFailed if it cannot be understood."""
    path = folder / FILE_NAME
    fields = read_fields(path)
    if not fields:
        raise InstallFailed(f"{path} is missing or cannot be read.")
    found = fields.pop("format", None)
    if found != FORMAT:
        raise InstallFailed(f"{path} has the format {found!r}; this installer knows {FORMAT}.")
    try:
        config = Config(**{**fields, "command": tuple(fields["command"])})
    except (KeyError, TypeError) as problem:
        raise InstallFailed(f"{path} is not as install.py writes it: {problem}.") from problem
    if not isinstance(config.environment, dict) or not config.command:
        raise InstallFailed(f"{path} is not as install.py writes it: it names no command or no environment.")
    words = (*config.command, config.version, config.clone, config.install, *config.environment.values())
    if not all(isinstance(word, str) for word in words):
        raise InstallFailed(f"{path} is not as install.py writes it: something in it is no text.")
    return config
