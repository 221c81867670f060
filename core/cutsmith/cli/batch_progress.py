"""The progress of a batch: rate, time left, how many failed and how many to review."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cutsmith.batch.outcome import DONE
from cutsmith.cli.progress import PictureBar

if TYPE_CHECKING:
    from cutsmith.batch.manifest_rows import ResultRow


class BatchBar:
    """A bar on standard error, with counts; a context manager, which leaves the terminal at the end."""

    def __init__(self, total: int, *, shown: bool) -> None:
        """Make a bar for `total` pictures; nothing is printed if `shown` is false."""
        self._failed = self._review = 0
        self._bar = PictureBar(total, shown=shown, with_counts=True)

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.__exit__(kind, error, traceback)

    @contextmanager
    def telling(self, row: ResultRow) -> Iterator[None]:
        """Count `row`, and hide the bar while the body prints it."""
        self._failed += row.status != DONE
        self._review += row.verdict == "review"
        self._bar.say(f"{self._failed} failed, {self._review} to review")
        with self._bar.telling(cut_out=True):
            yield


def in_words(seconds: float) -> str:
    """A time as people say it: "40 s", "12 min", "3 h 20 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
