"""Has the installer that came in the zip do its work, in a process of its own, and follows it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from .base_python import clean_environment, find_base_python
from .failure import CutFailed
from .installation import BUNDLE

Report = Callable[[str, float], None]
"""Called about ten times a second with a text about what is done now, and the share that is done, in [0, 1]."""

_RUN = "import sys; sys.path.insert(0, sys.argv.pop(1)); from installer.gimp.first_run import main; "
_RUN += "sys.exit(main(sys.argv[1:]))"
_PULSE = 0.1
_GRACE = 8.0
"""Seconds that an ended installer has to clear up behind it."""
_LONG = 2
"""Seconds after which a step shows how long it has been running."""
_SHOWN_LINES = 8


@dataclass(frozen=True)
class Plan:
    """What it would take.

    Attributes:
        download: megabytes of packages to fetch, at most.
        disk: megabytes that they take.
        weights: megabytes of the model's weights, if they are not here yet.
        environment: the folder that they go to.
        is_there: whether an environment is complete.
    """

    download: int
    disk: int
    weights: int
    environment: str
    is_there: bool


class SetUp:
    """The installer of the plug-in in `folder`.

    Raises:
        CutFailed: no Python here can run it.
    """

    def __init__(self, folder: Path) -> None:
        self._bundle = folder / BUNDLE
        self._python = find_base_python()

    def plan(self) -> Plan:
        """What it would take. Raises CutFailed."""
        with self._started("plan") as lines:
            return Plan(**_answer(lines, lambda text, share: None))

    def run(self, report: Report, *, anew: bool) -> str:
        """Do it; -> a sentence on the trial. What `report` raises ends it. Raises CutFailed.

        With `anew` an environment that is complete is made again.
        """
        with self._started("set-up", *(["--anew"] if anew else [])) as lines:
            return str(_answer(lines, report)["said"])

    @contextlib.contextmanager
    def _started(self, *arguments: str) -> Iterator[Iterator[str | None]]:
        """Run the installer; -> its lines, and None where it has said nothing for a moment. It ends with the body."""
        command = [str(self._python), "-I", "-B", "-c", _RUN, str(self._bundle), *arguments]
        try:
            process = subprocess.Popen(
                command,
                env=clean_environment(),
                stdin=subprocess.PIPE,  # its end ends the installer, even if GIMP kills this plug-in
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise CutFailed(f"{self._python} cannot be started: {error}") from error
        assert process.stdin is not None, "stdin is a pipe"
        assert process.stdout is not None, "stdout is a pipe"
        try:
            yield _lines(process.stdout)
        finally:
            process.stdin.close()
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill() if sys.platform == "win32" else os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _lines(stream: IO[str]) -> Iterator[str | None]:
    said: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for line in stream:
            said.put(line)
        said.put("")

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = said.get(timeout=_PULSE)
        except queue.Empty:
            yield None
            continue
        if not line:
            return
        yield line.strip()


def _answer(lines: Iterator[str | None], report: Report) -> dict[str, Any]:
    """What the installer says at the end. Raises CutFailed."""
    text, share, answer, begun = "", 0.0, None, time.monotonic()
    others: deque[str] = deque(maxlen=_SHOWN_LINES)
    for line in lines:
        told = _understood(line) if line else {}
        if told is None:
            others.append(str(line))
        elif "share" in told:
            begun = begun if told["text"] == text else time.monotonic()
            text, share = told["text"], told["share"]
        elif told:
            answer = told
        seconds = int(time.monotonic() - begun)
        report(f"{text} {seconds} s" if text and seconds >= _LONG else text, share)
    if answer is None:
        raise CutFailed("Setting Cutsmith up stopped unexpectedly.\n" + "\n".join(others), "Try again.")
    if "what" in answer:
        raise CutFailed(answer["what"], answer["remedy"])
    return answer


def _understood(line: str) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
