"""Handles standard input, output and error even if they are closed, full or in another encoding."""

from __future__ import annotations

import errno
import os
import sys
from io import TextIOWrapper

from cutsmith.errors import BadOption, OutputRefused

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)


def prepare_standard_streams() -> None:
    """Make the three streams usable, whatever state the calling process left them in."""
    # A closed stream (`>&-`) is None, and the next file to be opened would get its number.
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - open until the process ends
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        # A file name need not be valid in the terminal's encoding; printing it must not fail.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def check_standard_output() -> None:
    """Check that a picture can be written to standard output.

    Raises:
        OutputRefused: standard output is closed.
        BadOption: standard output is a terminal, which would show the bytes as text.
    """
    if sys.__stdout__ is None:
        raise OutputRefused("The picture cannot go to standard output, which is closed.", "Give a file: -o cut.png")
    if sys.stdout.isatty():
        raise BadOption(
            "The picture cannot go to standard output, which is the terminal.",
            "Give a file (-o cut.png), or redirect it: cutsmith cut - < photo.jpg > cut.png",
        )


def write_to_standard_output(data: bytes) -> None:
    """Write a picture's bytes to standard output. Raises OSError if it is full (see `refused_output`)."""
    left = memoryview(data)
    while left:
        # With PYTHONUNBUFFERED, which containers often set, this is the raw file, which may write only a part.
        left = left[sys.stdout.buffer.write(left) :]
    sys.stdout.buffer.flush()


class StandardStream:
    """Standard output, for a batch that writes a picture to it."""

    def check(self) -> None:
        """Raise OutputRefused or BadOption if it cannot take a picture."""
        check_standard_output()

    def write(self, data: bytes) -> None:
        """Write the bytes of a picture."""
        write_to_standard_output(data)


def refused_output(error: Exception) -> OutputRefused | None:
    """The error to print if `error` means that a standard stream is full; None for any other error."""
    if not isinstance(error, OSError) or error.filename is not None or error.errno not in _FULL:
        return None
    return OutputRefused(
        f"Standard output cannot be written: {error.strerror}.", "Free some space, or send the output elsewhere."
    )
