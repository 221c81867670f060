"""Describes a Python that Cutsmith is or will be installed into."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from installer.environment import python_facts
from installer.failure import InstallFailed
from installer.folders import Clone
from installer.limited_run import run_limited

ANSWER_SECONDS = 60


@dataclass(frozen=True)
class Interpreter:
    """A Python: its version, its installed distributions, and the clone that its Cutsmith comes from, if any."""

    python: Path
    version: tuple[int, ...]
    is_environment: bool
    has_torch: bool
    cutsmith_source: Path | None = None
    installed: dict[str, str] = field(default_factory=dict)

    def has_cutsmith_from(self, clone: Clone) -> bool:
        """Whether it has this version of Cutsmith, installed from this very clone."""
        return self.installed.get("cutsmith") == clone.version and self.cutsmith_source == clone.root


def running_interpreter() -> Interpreter:
    """Describe the running Python."""
    return _interpreter(Path(sys.executable), python_facts.python_facts())


def ask(python: Path) -> Interpreter:
    """Describe `python` by running it. Raises InstallFailed if it does not run."""
    try:
        ended = run_limited([str(python), "-B", python_facts.__file__], ANSWER_SECONDS)
        return _interpreter(python, json.loads(ended.output.strip().rpartition("\n")[2]))
    except (OSError, ValueError) as problem:
        # A Python older than 3.8 has no importlib.metadata and cannot answer.
        raise InstallFailed(
            f"{python} does not answer: {problem}.", "Name a Python 3.11 or newer that ComfyUI runs with: --python PATH"
        ) from problem


def _interpreter(python: Path, facts: dict[str, Any]) -> Interpreter:
    url = facts.pop("cutsmith_url")
    source = Path(url2pathname(urlsplit(url).path)) if url else None
    return Interpreter(python, **{**facts, "version": tuple(facts["version"])}, cutsmith_source=source)
