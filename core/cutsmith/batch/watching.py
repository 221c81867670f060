"""Waits for new pictures in the folders of a batch, by the system's own notices where there are such."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from cutsmith.batch.sources.globs import is_pattern, split_pattern
from cutsmith.cures import install_extra, leave_out
from cutsmith.errors import BadOption, ExtraMissing

_QUIET = 2000  # milliseconds without a change: a file that is still being copied is not read
_LONGEST = 60_000  # milliseconds until a change is told, quiet or not
_LOOK = 30_000  # milliseconds between two looks without a change: network drives give no notice


class Watch:
    """The folders, tables and lists of a batch, which are watched from when `changes` is first asked."""

    def __init__(self, inputs: Sequence[str], results: Path) -> None:
        """Take what of `inputs` is on the disk; of a pattern, the folder that it searches.

        Args:
            inputs: folders, files, patterns, tables, and lists with their @.
            results: the folder of results, whose changes are not told.

        Raises:
            BadOption: none of the inputs is on the disk.
            ExtraMissing: watchfiles is not installed.
        """
        if importlib.util.find_spec("watchfiles") is None:
            raise ExtraMissing("Waiting for new pictures needs the package watchfiles.", install_extra("watch"))
        self._places = [place for each in inputs if (place := _place(each)) is not None]
        if not self._places:
            raise BadOption(
                "Only folders, patterns, tables and lists on this machine can be watched.",
                leave_out("watch"),
                option="watch",
            )
        self._own = results.resolve()

    def changes(self) -> Iterator[bool]:
        """Yield true once something may have changed and has been quiet since, and false where nothing has.

        The first time is at once, for what came before the watch began. Without a change it yields every 30 seconds.

        Raises:
            KeyboardInterrupt: the user ends it.
        """
        from watchfiles import watch

        yield True
        for changed in watch(*self._places, debounce=_LONGEST, step=_QUIET, rust_timeout=_LOOK, yield_on_timeout=True):
            if not changed:
                yield False
            elif any(not Path(path).resolve().is_relative_to(self._own) for _, path in changed):
                yield True


def _place(given: str) -> str | None:
    """What is to be watched for the input `given`; None where it is not on this machine's disk."""
    if os.path.lexists(given):
        return given
    path = given.removeprefix("@")
    if is_pattern(path):
        path = split_pattern(path.replace(os.sep, "/"))[0] or os.curdir
    return path if Path(path).exists() else None
