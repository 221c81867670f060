"""What a batch still has to do, by its manifest: the units that are not done, were changed, or are to be done again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cutsmith.batch.cutting import is_intact
from cutsmith.batch.outcome import DONE, FAILED
from cutsmith.batch.sources import stamp

if TYPE_CHECKING:
    from cutsmith.batch.manifest_rows import ResultRow
    from cutsmith.batch.unit import Unit

NO_SETUP = "none: "
"""What the setup of a unit whose models cannot be opened begins with; the reason follows."""


@dataclass
class Work:
    """The units of a batch, parted.

    Attributes:
        units: what is to be done.
        finished: the rows of what is done already and stays.
    """

    units: list[Unit] = field(default_factory=list)
    finished: list[ResultRow] = field(default_factory=list)


def parted(
    units: Iterable[Unit],
    setup: Callable[[Unit], str],
    folder: Path,
    starts: Callable[[str], int],
    *,
    retry_failed: bool = False,
) -> Work:
    """Part `units` into those to do and those that are done.

    A unit is done if its last row was made with the same setup, its file has the same size and time, and its result is
    there. A file with another time is read: if it holds the same, its row is kept.

    Args:
        units: all units, with their last rows.
        setup: the setup of a unit now, or `NO_SETUP` and the reason.
        folder: the folder of results.
        starts: how often the work on an input began since it last came to an end. Whatever may have ended the process
            goes to the end of the line.
        retry_failed: whether those without a result are done again.
    """
    work = Work()
    for unit in units:
        row = unit.earlier
        if row is not None and is_finished(row, unit, setup, folder) and (row.status == DONE or not retry_failed):
            work.finished.append(row)
        else:
            work.units.append(unit)
    work.units.sort(key=lambda unit: starts(unit.source))
    return work


def rejected_again(units: Iterable[Unit], is_rejected: Callable[[str], bool]) -> Work:
    """Only the units whose result a person rejected, to be done another way; their new rows stand for the old ones.

    Args:
        units: all units, with their last rows.
        is_rejected: whether a person rejected the last result of an input.
    """
    work = Work()
    for unit in units:
        row = unit.earlier
        if row is not None and is_rejected(unit.source):
            work.units.append(replace(unit, instead_of=row.instead_of or row.setup))
        elif row is not None:
            work.finished.append(row)
    return work


def is_finished(row: ResultRow, unit: Unit, setup: Callable[[Unit], str], folder: Path) -> bool:
    """Whether `row` tells what became of `unit` as it is now, and its result, if it has one, is there."""
    wanted = setup(unit)
    if wanted.startswith(NO_SETUP):
        # Its own model is missing as it was then: a watch that tried it at each look would never end telling it.
        told = (row.error or {}).get("what")
        return row.status == FAILED and row.setup is None and f"{NO_SETUP}{told}" == wanted
    if wanted not in (row.setup, row.instead_of):
        return False
    seen = stamp(unit.source)
    if row.source != (None if seen is None else seen.to_json()):
        return False
    return row.status != DONE or is_intact(row, folder)
