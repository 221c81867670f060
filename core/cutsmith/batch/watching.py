"""Waits for new pictures in the folders of a batch, by the system's own notices where there are such."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cutsmith.cures import leave_out
from cutsmith.errors import BadOption, ExtraMissing

_QUIET = 2000  # milliseconds without a change: a file that is still being copied is not read
_LONGEST = 60_000  # milliseconds until a change is told, quiet or not
_LOOK = 30_000  # milliseconds between two looks without a change: it may have come before the watch began


def changes(inputs: Sequence[str], results: Path) -> Iterator[None]:
    """Yield each time something may have changed in `inputs`, and has been quiet since, until Ctrl+C.

    Raises:
        BadOption: none of the inputs is a folder or a file.
        ExtraMissing: watchfiles is not installed.
    """
    try:
        from watchfiles import watch
    except ImportError as error:
        raise ExtraMissing(
            "Waiting for new pictures needs the package watchfiles.", "pip install watchfiles"
        ) from error
    watched = [each.removeprefix("@") for each in inputs]
    folders = [each for each in watched if Path(each).exists()]
    if not folders:
        raise BadOption("Only folders, tables and lists can be watched.", leave_out("watch"), option="watch")
    own = results.resolve()
    watched_for = watch(
        *folders, debounce=_LONGEST, step=_QUIET, rust_timeout=_LOOK, yield_on_timeout=True, raise_interrupt=False
    )
    for changed in watched_for:
        if not changed or any(not Path(path).resolve().is_relative_to(own) for _, path in changed):
            yield
