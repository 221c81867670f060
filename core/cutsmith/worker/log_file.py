"""The worker's only log: what it did and what went wrong, about 1 MB at most.

It never holds a picture, a phrase or a point.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import shutil
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from cutsmith.machine.folders import log_folder

# Two files are kept, the current one and the one before it, so this is half of the limit.
_MAX_BYTES = 500_000

LINE = "%(asctime)s %(process)d %(levelname)s %(message)s"
"""Also of the lines of the process that runs the jobs, whose standard error is the log."""


def log_path() -> Path:
    """The path of the log."""
    return log_folder() / "worker.log"


def open_log() -> Path:
    """Send cutsmith's log records, and everything written to standard error, to the log; -> its path.

    If the folder is not writable, the worker runs anyway and the records are lost.
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
    handler.setFormatter(logging.Formatter(LINE))
    # Replaces the command line's handler, which prints warnings on standard error: that now goes to the log.
    logger.handlers = [handler]
    # Native code and a dying interpreter do not use loggers, nor does the process that runs the jobs.
    sys.stderr.flush()
    assert handler.stream is not None, "it is open from the start"
    os.dup2(handler.stream.fileno(), 2)
    faulthandler.enable()
    return path


class _LogFile(RotatingFileHandler):
    """A log that is emptied when it is full: the file stays the same, because standard error is that file as well."""

    def doRollover(self) -> None:  # noqa: N802 - the name that logging calls
        """Keep a copy of what is there, and begin again."""
        shutil.copyfile(self.baseFilename, f"{self.baseFilename}.1")
        os.truncate(self.baseFilename, 0)
