"""What the plug-in in a profile is told: the command that runs Cutsmith, and where it came from (config.json)."""

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

# A GIMP that is started from the desktop's menu does not have the shell's variables. One of them may name many folders.
VARIABLES = ("CUTSMITH_MODELS", "CUTSMITH_CACHE", "XDG_DATA_HOME")


@dataclass(frozen=True)
class Config:
    """The content of config.json.

    Attributes:
        command: what runs `cutsmith`, its interpreter with the whole path.
        version: the version of Cutsmith that the command runs.
        clone: the folder of the clone that the plug-in was copied from.
        install: the command line that mends the plug-in, as it is typed.
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
    """What the plug-in of `clone` is told where `python` runs Cutsmith; `options` are those that `gimp` was given."""
    install = mending_command(clone, "gimp", *options)
    return Config((str(python), "-m", "cutsmith"), clone.version, str(clone.root), install, named_folders())


def named_folders() -> dict[str, str]:
    """Those of VARIABLES that are set, their folders with the whole path."""
    named = {}
    for name in VARIABLES:
        value = os.environ.get(name, "")
        parts = value.split(os.pathsep) if name == "CUTSMITH_MODELS" else [value]
        folders = [str(Path(part.strip()).expanduser().absolute()) for part in parts if part.strip()]
        if folders:
            named[name] = os.pathsep.join(folders)
    return named


def mending_command(clone: Clone, *arguments: str) -> str:
    """A command line of this installer, which the Python that runs it now can run again."""
    short = shutil.which("python3")
    # An environment's python3 is found only as long as the environment is active.
    is_short = short and sys.prefix == sys.base_prefix and Path(short).resolve() == Path(sys.executable).resolve()
    words = ["python3" if is_short else sys.executable, str(clone.root / "install.py"), *arguments]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def clone_of(folder: Path) -> Path | None:
    """The clone that the plug-in in `folder` was copied from; None unless its config is ours, of whatever format."""
    fields = read_fields(folder / FILE_NAME) or {}
    return Path(str(fields["clone"])) if {"format", "command", "clone"} <= fields.keys() else None


def read_config(folder: Path) -> Config:
    """What the plug-in in `folder` is told. Raises InstallFailed where that cannot be understood."""
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
