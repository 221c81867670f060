"""The worker's one log: its work and its faults, about 1 MB at most; never a picture, a word or a point."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from cutsmith.machine.folders import log_folder

# The file and the one before it.
_MAX_BYTES = 500_000


def log_path() -> Path:
    """The path of the log."""
    return log_folder() / "worker.log"


def open_log() -> Path:
    """Send what cutsmith logs, and what any part writes to standard error, to the log; -> its path.

    If the folder cannot be written, the worker still works, and nothing is logged.
    """
    path = log_path()
    logger = logging.getLogger("cutsmith")
    logger.setLevel(logging.INFO)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(path, maxBytes=_MAX_BYTES, backupCount=1, encoding="utf-8")
    except OSError as error:
        logger.warning("the worker's log %s cannot be written: %s", path, error.strerror)
        return path
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    # Replaces the command line's handler, which prints warnings on standard error: that now goes to the log.
    logger.handlers = [handler]
    handler.take_standard_error()
    faulthandler.enable()
    return path


class _LogFile(RotatingFileHandler):
    """The log, to which standard error goes as well: native code and a dying interpreter know no logger."""

    def take_standard_error(self) -> None:
        """Let the process's standard error be this file."""
        sys.stderr.flush()
        if self.stream is not None:
            os.dup2(self.stream.fileno(), 2)

    def doRollover(self) -> None:  # noqa: N802 - the name that logging calls
        """Begin a new file, and take standard error along."""
        super().doRollover()
        self.take_standard_error()
