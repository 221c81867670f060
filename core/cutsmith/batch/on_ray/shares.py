"""How many workers a cluster has room for, and how many cores each of them may use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_CORES = 4
"""Cores for each worker where nothing else is asked for: more help one network little."""


class Share(NamedTuple):
    """The workers there are at most, and the cores of each: a whole number, or a part of one core."""

    workers: int
    cores: float

    @property
    def threads(self) -> int:
        """How many threads the models of one worker may use."""
        return max(int(self.cores), 1)


def shares(machines: Sequence[float], wanted: int | None = None) -> Share:
    """Part the cores of `machines`, so that no worker stands on two of them.

    Args:
        machines: the cores of each.
        wanted: how many workers there are to be; None for one for each four cores, and at least two.
    """
    cores = [int(each) for each in machines if each >= 1] or [1]
    workers = wanted or max(sum(max(each // _CORES, 1) for each in cores), min(2, sum(cores)))
    for each in range(max(cores), 0, -1):
        if sum(count // each for count in cores) >= workers:
            return Share(workers, each)
    return Share(workers, int(sum(cores) / workers * 100) / 100 or 0.01)
