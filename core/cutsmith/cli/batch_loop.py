"""The loop of `cutsmith batch`: progress, what failed, and the closing lines."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

import click

from cutsmith.batch.catalogue import Catalogue, CataloguePlan, counted, locked, planned, ready, worked_off
from cutsmith.batch.inputs import counted as counted_in_words
from cutsmith.batch.manifest import Manifest
from cutsmith.batch.manifest_rows import ResultRow
from cutsmith.batch.outcome import DONE, FAILED, NOTHING_FOUND
from cutsmith.cli.batch_progress import BatchBar, in_words
from cutsmith.cli.cutting import Telling, fetch_missing
from cutsmith.cli.json_output import echo_json
from cutsmith.cli.telling import print_error, print_warning
from cutsmith.cures import Cure
from cutsmith.errors import CutsmithError, WeightsMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_WARNINGS = 50


def cut_catalogue(catalogue: Catalogue, telling: Telling, *, watch: bool = False) -> int:
    """Work `catalogue` off and tell of it; -> the exit code: 0 all cut out, 1 some failed, 4 nothing was found.

    Raises:
        CutsmithError: what concerns all pictures.
        click.Abort: the user interrupted it. What is done is kept.
    """
    folder = catalogue.cutter.folder
    with locked(folder):
        plan = _planned(catalogue, telling)
        for notice in plan.notices:
            print_warning(notice)
        rows = list(plan.finished)
        if rows and not telling.in_json:
            _tell_finished(rows)
        began = monotonic()
        try:
            with _ready(catalogue) if plan.units or watch else nullcontext():
                rows += _worked(catalogue, plan, telling)
                if watch:
                    rows = _watched(catalogue, telling, rows)
        except KeyboardInterrupt:
            click.echo("", err=True)
            again = shlex.join(["cutsmith", *sys.argv[1:]])
            click.echo(f"cutsmith: interrupted. What is done is kept; to go on: {again}", err=True)
            if Manifest(folder).exists():
                _report(catalogue)
            raise click.Abort from None
        report = _report(catalogue)
    _tell_end(rows, plan, catalogue, monotonic() - began, report)
    return _exit_code(rows)


def _ready(catalogue: Catalogue) -> AbstractContextManager[None]:
    """What does the work, started before the bar is shown, since that may take a while."""
    if catalogue.ray is not None:
        click.echo("cutsmith: connecting to Ray. This takes some seconds.", err=True)
    return ready(catalogue)


def tell_plan(catalogue: Catalogue, telling: Telling) -> None:
    """Say what a batch would do, and how long that would take; nothing is written."""
    from cutsmith.batch.estimate import estimated

    plan = _planned(catalogue, telling)
    for notice in plan.notices:
        print_warning(notice)
    for row in plan.refused:
        _tell_failure(row)
    if telling.in_json:
        for unit in plan.units:
            echo_json({"input": unit.source, "output": unit.output})
    else:
        for unit in plan.units:
            click.echo(f"{unit.source} -> {catalogue.cutter.folder / unit.output}")
    guess = estimated(catalogue, plan)
    told = f"{_pictures(len(plan.units))} to cut out, {len(plan.finished)} done already"
    if plan.refused:
        told += f", {len(plan.refused)} that cannot be tried"
    click.echo(f"cutsmith: {told}. Nothing was written.", err=True)
    if guess is not None:
        click.echo(
            f"cutsmith: that would take about {in_words(guess.seconds)}, measured on {_pictures(guess.measured)}.",
            err=True,
        )


def _planned(catalogue: Catalogue, telling: Telling) -> CataloguePlan:
    try:
        return planned(catalogue)
    except WeightsMissing as missing:
        fetch_missing(missing, catalogue.request, telling)
        return planned(catalogue)


def _worked(catalogue: Catalogue, plan: CataloguePlan, telling: Telling) -> Iterator[ResultRow]:
    """Do what was planned; -> each row, with its failure told and the bar one further."""
    told: set[str] = set()
    shown = not telling.in_json and sys.stderr.isatty()
    total = len(plan.units) + len(plan.refused)
    with closing(worked_off(catalogue, plan)) as rows, BatchBar(total, shown=shown) as bar:
        for row in rows:
            with bar.telling(row):
                if telling.in_json:
                    echo_json(row.as_json())
                elif row.status != DONE:
                    _tell_failure(row)
                for warning in row.warnings:
                    # What is told of many pictures, such as a missing model, is told once.
                    if warning not in told and len(told) < _MOST_WARNINGS:
                        told.add(warning)
                        print_warning(warning, row.input)
            yield row


def _watched(catalogue: Catalogue, telling: Telling, rows: list[ResultRow]) -> list[ResultRow]:
    """Wait for new pictures and cut them out, until the user ends it."""
    from cutsmith.batch.watching import changes

    click.echo("cutsmith: waiting for new pictures; Ctrl+C ends it.", err=True)
    for _ in changes(catalogue.inputs, catalogue.cutter.folder):
        plan = _planned(replace(catalogue, limit=None), telling)
        if plan.units or plan.refused:
            rows = [*plan.finished, *_worked(catalogue, plan, telling)]
            _report(catalogue)
    return rows


def _report(catalogue: Catalogue) -> str:
    from cutsmith.report.page import write_report

    return str(write_report(catalogue.cutter.folder))


def _tell_finished(rows: list[ResultRow]) -> None:
    count = counted(rows)
    told = f"{_pictures(count[DONE])} done already"
    if missed := len(rows) - count[DONE]:
        told += f", {missed} tried without a result (--retry-failed tries those again)"
    click.echo(f"cutsmith: {told}.", err=True)


def _tell_failure(row: ResultRow) -> None:
    told = row.error or {}
    error = CutsmithError(str(told.get("what", row.status)), *map(Cure.from_json, told.get("cures", ())))
    print_error(error, "" if row.input in error.what else row.input)


def _tell_end(rows: list[ResultRow], plan: CataloguePlan, catalogue: Catalogue, seconds: float, report: str) -> None:
    count = counted(rows)
    now = len(rows) - len(plan.finished)
    told = f"{_pictures(count[DONE])} cut out, {count['review']} of them to review"
    for status, words in ((FAILED, "failed"), (NOTHING_FOUND, "with nothing found")):
        if count[status]:
            told += f", {count[status]} {words}"
    rate = f" {now} now, in {in_words(seconds)} ({now / max(seconds, 1e-3):.2f} pictures a second)." if now else ""
    click.echo(f"cutsmith: {told}.{rate}", err=True)
    if plan.left:
        click.echo(f"cutsmith: {_pictures(plan.left)} left: run the same command again.", err=True)
    if reasons := Counter(_reason(row) for row in rows if row.status == FAILED).most_common(3):
        click.echo("cutsmith: failed most often: " + "; ".join(f"{why} ({n})" for why, n in reasons), err=True)
    click.echo(f"cutsmith: the report is {report}", err=True)
    if count["review"]:
        folder = shlex.quote(str(catalogue.cutter.folder))
        click.echo(f"cutsmith: to look at the doubtful ones: cutsmith review {folder}", err=True)


def _reason(row: ResultRow) -> str:
    return str((row.error or {}).get("type", "unknown"))


def _exit_code(rows: list[ResultRow]) -> int:
    if any(row.status == FAILED or row.checks for row in rows):
        return 1
    return 4 if rows and all(row.status == NOTHING_FOUND for row in rows) else 0


def _pictures(count: int) -> str:
    return counted_in_words(count, "picture", "pictures")
