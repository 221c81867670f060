"""What each stage of the way took, and who is told that one begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter

OnStage = Callable[[str], None]


class Clock:
    """What each stage took, in seconds; `on_stage` is called with the name of each that begins."""

    def __init__(self, on_stage: OnStage | None = None, seconds: Mapping[str, float] | None = None) -> None:
        self.seconds: dict[str, float] = dict(seconds or {})
        self._on_stage = on_stage

    def fork(self) -> Clock:
        """A clock of its own that has what this one has."""
        return Clock(self._on_stage, self.seconds)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the body of the `with` as `name`."""
        if self._on_stage is not None:
            self._on_stage(name)
        start = perf_counter()
        yield
        self.seconds[name] = perf_counter() - start
