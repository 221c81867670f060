"""Runs a program and keeps what it says; one that may hang runs so many seconds at most, and is ended then."""

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
    """What became of a program: its exit code (None: the time was up, it was ended), and what it said."""

    code: int | None
    output: str
    errors: str

    def last_words(self, lines: int = 6) -> str:
        """The end of what it said, indented; its errors, or its output where there are none."""
        said = (self.errors.strip() or self.output.strip() or "nothing").splitlines()
        return "\n".join(f"      {line.rstrip()}" for line in said[-lines:])


def run_limited(
    command: Sequence[str], seconds: float | None = None, environment: Mapping[str, str] | None = None
) -> Finished:
    """Run `command`, in an empty folder, for at most so many seconds. Raises OSError where it cannot be run."""
    with tempfile.TemporaryDirectory(prefix="cutsmith-", ignore_cleanup_errors=True) as name:
        # Files, not pipes: a child's child that hangs would hold a pipe open, and whoever reads it would wait for ever.
        folder, output, errors = Path(name) / "empty", Path(name) / "output", Path(name) / "errors"
        folder.mkdir()
        with output.open("wb") as out, errors.open("wb") as err:
            child = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                # An empty one: `python -m cutsmith` looks into it first, and a plug-in has that name.
                cwd=folder,
                env=None if environment is None else dict(environment),
                start_new_session=True,  # so that what it starts can be ended with it
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
