"""One run of the pipeline: the seconds of each stage, progress, warnings, and cancelling."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter

from cutsmith.errors import Cancelled
from cutsmith.machine.cancelling import heeding
from cutsmith.machine.telling import hearing

OnStage = Callable[[str], None]
"""Called with the name of each stage as it begins; an exception that it raises ends the run."""

OnProgress = Callable[[str, float], None]
"""Called with a stage's name and the share of it that is done, in [0, 1]; an exception that it raises ends the run."""

IsCancelled = Callable[[], bool]
"""Called often, in whichever thread of the engine works; true ends the run with `Cancelled`."""


class Run:
    """The state of one call of a verb; the rooms below know it as `cutsmith.protocols.Watch`.

    Args:
        on_stage: called as each stage begins.
        cancelled: returns true if the run should end.
        seconds: the seconds of earlier stages.
        on_progress: called in the midst of long stages.
    """

    def __init__(
        self,
        on_stage: OnStage | None = None,
        cancelled: IsCancelled | None = None,
        seconds: Mapping[str, float] | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        self.seconds: dict[str, float] = dict(seconds or {})
        self.warnings: list[str] = []
        self._on_stage = on_stage
        self._cancelled = cancelled
        self._on_progress = on_progress
        self._stage = ""

    def fork(self) -> Run:
        """A separate run for one of several subjects, which starts with the seconds of this run."""
        return Run(self._on_stage, self._cancelled, self.seconds, self._on_progress)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the body of the `with` as `name`; what is called in it hears of cancelling by `machine.cancelling`.

        What is told there (`machine.telling`) is among the warnings.

        Raises:
            Cancelled: the caller has cancelled the run.
        """
        self.check()
        if self._on_stage is not None:
            self._on_stage(name)
        self._stage = name
        start = perf_counter()
        with heeding(self.check if self._cancelled is not None else None), hearing(self.warn):
            yield
        self.seconds[name] = perf_counter() - start

    def check(self) -> None:
        """Raise `Cancelled` if the caller has cancelled the run."""
        if self._cancelled is not None and self._cancelled():
            raise Cancelled("The cut-out was cancelled.")

    def warn(self, text: str) -> None:
        """Add a warning to the result, unless it is already there."""
        if text not in self.warnings:
            self.warnings.append(text)

    def progress(self, share: float) -> None:
        """Tell the caller that `share`, in [0, 1], of the stage that began last is done."""
        if self._on_progress is not None:
            self._on_progress(self._stage, share)
