"""What `cutsmith finetune` shows while it works: a bar on a terminal, and a line for each epoch above it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

import click

from cutsmith.cli.telling import print_warning

if TYPE_CHECKING:
    from rich.progress import Progress

    from cutsmith.finetuning.training_state import EpochReport


class FinetuneProgress:
    """One bar for all stages, on standard error if that is a terminal; it leaves it at the end.

    It is the training's `Listener` and the measuring's `cutsmith.protocols.Watch`.
    """

    def __init__(self, *, shown: bool = True) -> None:
        """Nothing is shown where `shown` is false: another process of the same training shows it."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        self._shown = shown
        self._bar: Progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
            console=console, transient=True, disable=not (shown and console.is_terminal),
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._task = self._bar.add_task("starting", total=1.0)
        self._stage = ""

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._bar.stop()

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """Hide the bar while the body prints."""
        self._bar.stop()
        yield
        self._bar.start()

    def pictures(self, stage: str) -> Callable[[int, int], None]:
        """What is told, in this stage, how many pictures are done and how many there are."""
        return lambda done, total: self._show(stage, done / max(1, total))

    def tell_step(self, epoch: int, share: float) -> None:
        """Move the bar."""
        self._show(f"epoch {epoch}", share)

    def tell_epoch(self, report: EpochReport) -> None:
        """A line: epoch, loss, IoU of the watched products, and the time so far."""
        if not self._shown:
            return
        with self._aside():
            click.echo(_line(report), err=True)

    def check(self) -> None:
        """Ctrl+C ends a command by itself."""

    def warn(self, text: str) -> None:
        """Tell it."""
        with self._aside():
            print_warning(text)

    def progress(self, share: float) -> None:
        """Move the bar of the measuring."""
        self._show("measuring", share)

    def _show(self, stage: str, share: float) -> None:
        if stage != self._stage:
            self._bar.reset(self._task, description=stage)
            self._stage = stage
        self._bar.update(self._task, completed=share)


def _line(report: EpochReport) -> str:
    if not report.epoch:
        return f"before     watched products: IoU {report.iou:.3f}"
    return (
        f"epoch {report.epoch:3}  loss {report.loss:.3f}  watched products: IoU {report.iou:.3f}  "
        f"{report.seconds:,.0f} s"
    )
