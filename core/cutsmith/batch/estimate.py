"""How long a batch will take: measured on a few of its pictures, whose results are not written."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from cutsmith.errors import CutsmithError

if TYPE_CHECKING:
    from cutsmith.batch.catalogue import Catalogue, CataloguePlan

_MEASURED = 3


class Estimate(NamedTuple):
    """The seconds for all pictures, and how many were measured."""

    seconds: float
    measured: int


def estimated(catalogue: Catalogue, plan: CataloguePlan) -> Estimate | None:
    """Measure a few pictures, evenly from the whole, one after another; None if none of them can be cut out.

    Several at a time are as fast as one after another wherever the network takes most of the time, as it does.
    """
    units = plan.units
    step = max(len(units) // _MEASURED, 1)
    seconds = []
    for unit in units[::step][:_MEASURED]:
        try:
            # The models are open from here on: their loading is not counted.
            catalogue.cutter.weights.of(unit.request)
            began = perf_counter()
            catalogue.cutter.tried(unit)
        except CutsmithError:
            continue
        seconds.append(perf_counter() - began)
    if not seconds:
        return None
    return Estimate(sum(seconds) / len(seconds) * len(units), len(seconds))
