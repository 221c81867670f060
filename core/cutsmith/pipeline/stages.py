"""One run of the pipeline: the seconds of each stage, progress, warnings, and cancelling."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from time import perf_counter
from typing import TypeVar

from cutsmith.errors import Cancelled

Answer = TypeVar("Answer")

OnStage = Callable[[str], None]
"""Called with the name of each stage as it begins; an exception that it raises ends the run."""

OnProgress = Callable[[str, float], None]
"""Called with a stage's name and the share of it that is done, in [0, 1]; an exception that it raises ends the run."""

IsCancelled = Callable[[], bool]
"""Called often, in the working thread; true ends the run with `Cancelled`."""


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
        """Time the body of the `with` as `name`.

        Raises:
            Cancelled: the caller has cancelled the run.
        """
        self.check()
        if self._on_stage is not None:
            self._on_stage(name)
        self._stage = name
        start = perf_counter()
        yield
        self.seconds[name] = perf_counter() - start

    def check(self) -> None:
        """Raise `Cancelled` if the caller has cancelled the run."""
        if self._cancelled is not None and self._cancelled():
            raise Cancelled("The cut-out was cancelled.")

    def interruptible(self, work: Callable[[], Answer]) -> Answer:
        """What `work` returns; a cancelled run leaves it within a twentieth of a second (`machine.interruptible`)."""
        from cutsmith.machine.interruptible import interruptible

        if self._cancelled is None:
            return work()
        return interruptible(work, self.check)

    def awaited(self, future: Future[Answer]) -> Answer:
        """The answer of `future`; a cancelled run does not wait for it."""
        from cutsmith.machine.interruptible import awaited

        return awaited(future, self.check)

    def warn(self, text: str) -> None:
        """Add a warning to the result, unless it is already there."""
        if text not in self.warnings:
            self.warnings.append(text)

    def progress(self, share: float) -> None:
        """Tell the caller that `share`, in [0, 1], of the stage that began last is done."""
        if self._on_progress is not None:
            self._on_progress(self._stage, share)
