"""One run of the way: what each stage took, who hears that one begins, what is to be told, and whether to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter

from cutsmith.errors import Cancelled

OnStage = Callable[[str], None]
"""Called with the name of each stage that begins; what it raises ends the run."""

IsCancelled = Callable[[], bool]
"""Asked often, from the thread that works; true ends the run with `Cancelled`."""


class Run:
    """What belongs to one call of a verb (`cutsmith.protocols.Watch` for the rooms below).

    Args:
        on_stage: hears of each stage.
        cancelled: says whether nobody wants the result any more.
        seconds: what earlier stages took.
    """

    def __init__(
        self,
        on_stage: OnStage | None = None,
        cancelled: IsCancelled | None = None,
        seconds: Mapping[str, float] | None = None,
    ) -> None:
        self.seconds: dict[str, float] = dict(seconds or {})
        self.warnings: list[str] = []
        self._on_stage = on_stage
        self._cancelled = cancelled

    def fork(self) -> Run:
        """A run of its own, for one of several subjects, that begins with the seconds of this one."""
        return Run(self._on_stage, self._cancelled, self.seconds)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the body of the `with` as `name`.

        Raises:
            Cancelled: nobody wants the result any more.
        """
        self.check()
        if self._on_stage is not None:
            self._on_stage(name)
        start = perf_counter()
        yield
        self.seconds[name] = perf_counter() - start

    def check(self) -> None:
        """Raise `Cancelled` where nobody wants the result any more."""
        if self._cancelled is not None and self._cancelled():
            raise Cancelled("The cut-out was cancelled.")

    def warn(self, text: str) -> None:
        """Add a warning, once, to those of the result."""
        if text not in self.warnings:
            self.warnings.append(text)
