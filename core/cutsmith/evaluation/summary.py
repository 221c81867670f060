"""What the rows say together: means by configuration, and on how many pictures one is worse than the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cutsmith.errors import BadOption
from cutsmith.evaluation.measuring import FOUND_MSE, Measured, Row

WORSE = 1.05
"""A picture is worse than in the baseline if its SAD is larger by this factor."""


@dataclass(frozen=True)
class Summary:
    """One line of the table; `not_measured` says why there are no figures, or is "".

    Attributes:
        means: of every metric over the measured pictures, and "found: SAD" and "found: MSE" over the found ones.
        worse: pictures more than 5 % worse (SAD) than in the baseline; None for the baseline and without one.
        failures: pictures without a result. They are in no mean.
    """

    name: str
    means: dict[str, float]
    measured: int = 0
    failures: int = 0
    found: int = 0
    worse: int | None = None
    seconds: float = 0.0
    peak_megabytes: float = 0.0
    not_measured: str = ""


def baseline_of(rows: Sequence[Row], name: str | None) -> Row | None:
    """The row called `name`; without a name the first measured plain one, else None.

    Raises:
        BadOption: no row has that name.
    """
    if name is None:
        return next((row for row in rows if row.configuration.is_plain and not row.not_measured), None)
    for row in rows:
        if row.configuration.name == name:
            return row
    names = "; ".join(row.configuration.name for row in rows)
    raise BadOption(f"No configuration is called {name!r}. They are called: {names}.")


def summarized(rows: Sequence[Row], baseline: Row | None) -> list[Summary]:
    """A line for each row, in their order. Found are the pictures whose raw mask has an MSE below `FOUND_MSE`,
    judged by the baseline's mask, so that all means are over the same pictures; without one by the row's own."""
    base = _by_picture(baseline) if baseline else {}
    found = {name for name, each in base.items() if each.raw_mse is not None and each.raw_mse < FOUND_MSE}
    return [_summary(row, base, found, is_baseline=row is baseline) for row in rows]


def _summary(row: Row, base: dict[str, Measured], found: set[str], *, is_baseline: bool) -> Summary:
    name = row.configuration.name
    good = _by_picture(row)
    if not good:
        why = row.not_measured or f"every picture failed, the first with: {row.pictures[0].failure}"
        return Summary(name, {}, failures=len(row.pictures), not_measured=why)
    pictures = list(good.values())
    if not base:
        found = {each.sample.name for each in pictures if each.raw_mse is not None and each.raw_mse < FOUND_MSE}
    of_found = [each for each in pictures if each.sample.name in found]
    means = {metric: _mean([each.metrics[metric] for each in pictures]) for metric in pictures[0].metrics}
    if of_found:
        means |= {f"found: {metric}": _mean([each.metrics[metric] for each in of_found]) for metric in ("SAD", "MSE")}
    worse = sum(each.metrics["SAD"] > WORSE * base[name].metrics["SAD"] for name, each in good.items() if name in base)
    return Summary(
        name,
        means,
        len(pictures),
        len(row.pictures) - len(pictures),
        len(of_found),
        None if is_baseline or not base else worse,
        _mean([each.seconds["total"] for each in pictures]),
        max(each.peak_megabytes for each in pictures),
    )


def _by_picture(row: Row) -> dict[str, Measured]:
    return {each.sample.name: each for each in row.pictures if not each.failure}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
