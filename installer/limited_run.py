"""Runs a program, captures its output, and ends it (with its children) after a time limit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finished:
    """A finished program: its exit code (None if it was ended at the time limit) and its output."""

    code: int | None
    output: str
    errors: str

    def last_words(self, lines: int = 6) -> str:
        """The last lines of its errors, or of its output if there were none, indented."""
        said = (self.errors.strip() or self.output.strip() or "nothing").splitlines()
        return "\n".join(f"      {line.rstrip()}" for line in said[-lines:])


def run_limited(
    command: Sequence[str], seconds: float | None = None, environment: Mapping[str, str] | None = None
) -> Finished:
    """Run `command` in an empty folder for at most `seconds`. Raises OSError if it cannot be started."""
    with tempfile.TemporaryDirectory(prefix="cutsmith-", ignore_cleanup_errors=True) as name:
        # Files, not pipes: a grandchild that hangs would keep a pipe open, and its reader would wait for ever.
        folder, output, errors = Path(name) / "empty", Path(name) / "output", Path(name) / "errors"
        folder.mkdir()
        with output.open("wb") as out, errors.open("wb") as err:
            child = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                # Empty, because `python -m cutsmith` looks here first, and the plug-in has the same name.
                cwd=folder,
                env=None if environment is None else dict(environment),
                start_new_session=True,  # so that its children can be ended with it
            )
            code: int | None = None
            try:
                code = child.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
            finally:
                if child.poll() is None:
                    child.kill() if sys.platform == "win32" else os.killpg(child.pid, signal.SIGKILL)
                    child.wait()
        said = [file.read_text(encoding="utf-8", errors="replace") for file in (output, errors)]
        return Finished(code, said[0], said[1])
