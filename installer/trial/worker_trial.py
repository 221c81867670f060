"""Calls Cutsmith's worker as GIMP's plug-in does, with the plug-in's own files and config."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from installer.failure import InstallFailed
from installer.gimp.config import VARIABLES, Config
from installer.limited_run import run_limited
from installer.trial import worker_job

OTHER_PYTHON = "CUTSMITH_PYTHON"
"""Developers make a plug-in start another engine with it than the one to try."""

SECONDS = 300
"""Compiling a network for the first time takes a minute on a slow machine."""
STOP_SECONDS = 30


def try_worker(folder: Path, config: Config) -> str:
    """Have a picture cut out as the plug-in in `folder`, with its `config`, would; returns a sentence on how it went.

    Raises InstallFailed with what is wrong and what to do.
    """
    python = Path(config.command[0])
    if not python.is_file():
        raise InstallFailed(f"There is no {python} any more, which runs Cutsmith.", config.install)
    # A GIMP started from the desktop lacks the shell's variables and has only those in the config.
    left_out = (*VARIABLES, OTHER_PYTHON)
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    ended = run_limited(_command(folder, "cut"), SECONDS, environment)
    if ended.code is None:
        remedy = f'See what it says:  "{python}" -m cutsmith doctor'
        raise InstallFailed(f"Cutsmith's worker did not answer within {SECONDS} seconds.", remedy)
    try:
        found = json.loads(ended.output.strip().rpartition("\n")[2])
    except ValueError as problem:
        raise InstallFailed(f"Cutsmith's worker was not tried:\n{ended.last_words()}", config.install) from problem
    if "what" in found:
        raise InstallFailed(found["what"], found["remedy"] or config.install)
    return f"Cutsmith {config.version} cut a small picture out with {found['model']} in {found['seconds']} s"


def retire_worker(folder: Path) -> None:
    """End the worker that the plug-in in `folder` would call, if one runs: it has loaded the old code."""
    # A failure does not matter: at worst the old worker ends after a while without work.
    run_limited(_command(folder, "stop"), STOP_SECONDS)


def _command(folder: Path, job: str) -> list[str]:
    return [sys.executable, "-I", "-B", worker_job.__file__, str(folder), job]
