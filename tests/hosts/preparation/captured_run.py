"""Runs a program and keeps what it says; one that cannot be run has said why."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence


def run_captured(
    command: Sequence[str], environment: Mapping[str, str] | None = None, seconds: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `command` with these variables set too; it fails when so many seconds are up."""
    try:
        return subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, **(environment or {})},
            timeout=seconds,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return subprocess.CompletedProcess(list(command), returncode=1, stdout="", stderr=str(problem))


def last_words(ended: subprocess.CompletedProcess[str]) -> str:
    """The end of what a program said."""
    lines = (ended.stderr.strip() or ended.stdout.strip() or "no message").splitlines()
    return " / ".join(line.strip() for line in lines[-3:])
