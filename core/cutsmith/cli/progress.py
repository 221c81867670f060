"""A progress bar for several pictures that steps aside while each outcome is printed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress


class PictureBar:
    """A bar on standard error. It appears after the first cut-out: until then the user may be asked a question there.

    Used as a context manager, it leaves the terminal at the end.
    """

    def __init__(self, total: int, *, shown: bool, with_counts: bool = False) -> None:
        """Make a bar for `total` pictures; nothing is printed if `shown` is false.

        `with_counts` makes room for a rate, and for what `say` tells.
        """
        self._bar: Progress | None = None
        self._running = False
        if not shown:
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        # Other output goes straight to its own stream, not through the bar's.
        self._bar = Progress(
            TextColumn("cutting out"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            *([TextColumn("{task.fields[rate]}"), TextColumn("{task.fields[said]}")] if with_counts else []),
            console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._task = self._bar.add_task("", total=total, said="", rate="")
        self._began = perf_counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()

    @contextmanager
    def telling(self, *, cut_out: bool) -> Iterator[None]:
        """Hide the bar while the body prints one outcome (`cut_out` or not), then show it one picture further."""
        resume = self._running or cut_out
        self._stop()
        yield
        if self._bar is not None:
            self._bar.advance(self._task)
            if resume and not self._bar.finished:
                self._bar.start()
                self._running = True

    def say(self, text: str) -> None:
        """Show `text` beside the bar."""
        if self._bar is not None:
            done = self._bar.tasks[self._task].completed + 1
            rate = f"{done / max(perf_counter() - self._began, 1e-3):.2f}/s"
            self._bar.update(self._task, said=text, rate=rate)

    def _stop(self) -> None:
        if self._bar is not None and self._running:
            self._bar.stop()
            self._running = False
