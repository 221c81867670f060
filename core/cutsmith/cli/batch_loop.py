"""The loop of `cutsmith batch`: progress, what failed, and the closing lines."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

import click

from cutsmith.batch.catalogue import Catalogue, CataloguePlan, locked, planned, ready, worked_off
from cutsmith.batch.inputs import counted
from cutsmith.batch.outcome import DONE, FAILED
from cutsmith.cli.batch_progress import BatchBar, in_words
from cutsmith.cli.batch_tally import Tally
from cutsmith.cli.cutting import Telling, fetch_missing
from cutsmith.cli.ending import TERMINATED, sigterm_interrupts
from cutsmith.cli.json_output import echo_json
from cutsmith.cli.telling import as_typed, print_error, print_warning
from cutsmith.cures import Cure
from cutsmith.errors import CutsmithError, PictureNotFound, WeightsMissing

if TYPE_CHECKING:
    from cutsmith.batch.manifest_rows import ResultRow
    from cutsmith.batch.watching import Watch

_MOST_WARNINGS = 50
_MOST_ROUNDS = 3  # one is enough, unless pictures change meanwhile
_QUICK = 5.0  # seconds: a report that takes longer is written once no picture comes any more


def cut_catalogue(catalogue: Catalogue, telling: Telling, *, watch: bool = False) -> int:
    """Work `catalogue` off and tell of it; -> the exit code: 0 all cut out, 1 some failed, 4 nothing was found.

    With `watch` it then waits for new pictures, until Ctrl+C or SIGTERM.

    Raises:
        CutsmithError: what concerns all pictures.
        click.Abort: the user interrupted it. What is done is kept.
    """
    folder = catalogue.cutter.folder
    watched = _watch(catalogue) if watch else None
    with locked(folder), sigterm_interrupts() as ending:
        try:
            plan = _planned(catalogue, telling, may_be_empty=watch)
            for notice in plan.notices:
                print_warning(notice)
            tally = Tally(plan.finished)
            if plan.finished and not telling.in_json:
                _tell_finished(tally)
            began = monotonic()
            with _ready(catalogue) if plan.units or watch else nullcontext():
                _work(catalogue, plan, telling, tally, goes_on=watch)
                plan, tally = _rounds(catalogue, plan, telling, tally, goes_on=watch)
                seconds = monotonic() - began
                if watched is not None:
                    tally = _work_as_they_come(catalogue, watched, telling, tally)
        except KeyboardInterrupt:
            _tell_interrupted(catalogue)
            if ending.terminated:
                return TERMINATED
            raise click.Abort from None
        report = _report(catalogue)
    _tell_end(tally, plan, catalogue, report, None if watch else seconds)
    return tally.exit_code


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
        again = "" if catalogue.same_scale is None else ", and up to as long again for the same scale"
        click.echo(
            f"cutsmith: that would take about {in_words(guess.seconds)}{again}, measured on "
            f"{_pictures(guess.measured)}.",
            err=True,
        )


def _watch(catalogue: Catalogue) -> Watch:
    from cutsmith.batch.watching import Watch

    return Watch(catalogue.inputs, catalogue.cutter.folder)


def _planned(catalogue: Catalogue, telling: Telling, *, may_be_empty: bool = False) -> CataloguePlan:
    """What is to be done. With `may_be_empty`, that is nothing where there is no picture yet."""
    try:
        try:
            return planned(catalogue)
        except WeightsMissing as missing:
            fetch_missing(missing, catalogue.request, telling)
            return planned(catalogue)
    except PictureNotFound as error:
        if not may_be_empty:
            raise
        return CataloguePlan(catalogue.cutter, (), (), (), 0, (error.what,))


def _work(catalogue: Catalogue, plan: CataloguePlan, telling: Telling, tally: Tally, *, goes_on: bool = False) -> None:
    """Do what was planned, tell and count each row, with the bar one further. `goes_on`: what changes is done again."""
    told: set[str] = set()
    shown = not telling.in_json and sys.stderr.isatty()
    total = len(plan.units) + len(plan.refused)
    with closing(worked_off(catalogue, plan)) as rows, BatchBar(total, shown=shown) as bar:
        for row in rows:
            tally.add(row)
            with bar.telling(row):
                if telling.in_json:
                    echo_json(row.as_json())
                elif row.status != DONE:
                    _tell_failure(row)
                    if goes_on and row.status == FAILED:
                        click.echo("  It is tried again when it changes.", err=True)
                for warning in row.warnings:
                    # What is told of many pictures, such as a missing model, is told once.
                    if warning not in told and len(told) < _MOST_WARNINGS:
                        told.add(warning)
                        print_warning(warning, row.input)


def _rounds(
    catalogue: Catalogue, plan: CataloguePlan, telling: Telling, tally: Tally, *, goes_on: bool
) -> tuple[CataloguePlan, Tally]:
    """Lay out again what has another scale than its group wants, now that all of the group is known."""
    if catalogue.same_scale is None or catalogue.redo_rejected:
        return plan, tally
    for _ in range(_MOST_ROUNDS):
        if plan.left or not plan.units:
            break
        done = len(plan.units) + len(plan.refused)
        most = None if catalogue.limit is None else catalogue.limit - done
        catalogue = replace(catalogue, limit=most, retry_failed=False)
        plan = _planned(catalogue, telling, may_be_empty=True)
        if plan.units:
            group = "all" if catalogue.same_scale == "all" else "the folder"
            told = f"{_pictures(len(plan.units))} to be cut out again, at the scale of {group}"
            click.echo(f"cutsmith: {told}.", err=True)
        tally = Tally(plan.finished, now=tally.now)
        _work(catalogue, plan, telling, tally, goes_on=goes_on)
    return plan, tally


def _work_as_they_come(catalogue: Catalogue, watch: Watch, telling: Telling, tally: Tally) -> Tally:
    """Wait for new pictures and cut them out, until the user ends the waiting; -> the counts of what there is then."""
    seconds, is_late = 0.0, True

    def report() -> None:
        nonlocal seconds, is_late
        began = monotonic()
        _report(catalogue)
        seconds, is_late = monotonic() - began, False

    changes = watch.changes()
    told = f"{tally.in_words()}. "
    while True:
        if told:
            click.echo(f"cutsmith: {told}Waiting for new pictures; Ctrl+C ends it.", err=True)
            told = ""
        try:
            if is_late and seconds < _QUICK:
                report()
            has_changed = next(changes)
            plan = _planned(catalogue, telling, may_be_empty=True)
            is_idle = not (plan.units or plan.refused)
            if is_idle and not has_changed and is_late:
                report()
        except KeyboardInterrupt:
            return tally
        if not is_idle:
            tally = Tally(plan.finished, now=tally.now)
            _work(catalogue, plan, telling, tally, goes_on=True)
            _, tally = _rounds(catalogue, plan, telling, tally, goes_on=True)
            told, is_late = f"{tally.in_words()}. ", True


def _report(catalogue: Catalogue) -> str:
    """Write the page, unless it is younger than all that it tells; -> its path."""
    from cutsmith.batch.manifest import MANIFEST
    from cutsmith.report.page import REPORT, write_report

    folder = catalogue.cutter.folder
    with suppress(OSError):
        if (folder / REPORT).stat().st_mtime_ns > (folder / MANIFEST).stat().st_mtime_ns:
            return str(folder / REPORT)
    return str(write_report(folder))


def _tell_finished(tally: Tally) -> None:
    told = f"{_pictures(tally.done)} done already"
    if tally.missed:
        told += f", {tally.missed} tried without a result (--retry-failed tries those again)"
    click.echo(f"cutsmith: {told}.", err=True)


def _tell_interrupted(catalogue: Catalogue) -> None:
    """Say what to type. The page is not written now: that of thousands takes a while, and the user wants an end."""
    click.echo("", err=True)
    click.echo(f"cutsmith: what is done is kept. To go on: {as_typed('cutsmith', *sys.argv[1:])}", err=True)
    click.echo(f"cutsmith: to see what there is: {as_typed('cutsmith', 'report', _folder(catalogue))}", err=True)


def _tell_failure(row: ResultRow) -> None:
    told = row.error or {}
    error = CutsmithError(str(told.get("what", row.status)), *map(Cure.from_json, told.get("cures", ())))
    print_error(error, "" if row.input in error.what else row.input)


def _tell_end(tally: Tally, plan: CataloguePlan, catalogue: Catalogue, report: str, seconds: float | None) -> None:
    """The closing lines; `seconds` is how long the work took, None where most of the time went with waiting."""
    told = f"{tally.in_words()}."
    if tally.now and seconds is not None:
        rate = tally.now / max(seconds, 1e-3)
        now = "now" if catalogue.same_scale is None else "cuts now"  # of some pictures two
        told += f" {tally.now} {now}, in {in_words(seconds)} ({rate:.2f} pictures a second)."
    click.echo(f"cutsmith: {told}", err=True)
    if plan.left:
        click.echo(f"cutsmith: {_pictures(plan.left)} left: run the same command again.", err=True)
    if failures := tally.failures_in_words():
        click.echo(f"cutsmith: failed most often: {failures}", err=True)
    click.echo(f"cutsmith: the report is {report}", err=True)
    if tally.review:
        command = as_typed("cutsmith", "review", _folder(catalogue))
        click.echo(f"cutsmith: to look at the doubtful ones: {command}", err=True)


def _folder(catalogue: Catalogue) -> str:
    return str(catalogue.cutter.folder)


def _pictures(count: int) -> str:
    return counted(count, "picture", "pictures")
