"""The loop of `cutsmith cut`: prints each outcome as it comes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from cutsmith.batch.outcome import DONE, FAILED, SKIPPED, Outcome, exit_code
from cutsmith.batch.plan import Job
from cutsmith.batch.run import Batch, run_batch
from cutsmith.cli.outcome import print_json, tell, warn
from cutsmith.cli.progress import PictureBar
from cutsmith.errors import NotInstalled, WeightsMissing

if TYPE_CHECKING:
    from cutsmith.request import Request


@dataclass(frozen=True)
class Telling:
    """How the command line reports, and whether it fetches weights.

    Attributes:
        in_json: print one JSON object per picture instead of lines of text.
        timings: print how long each stage took.
        fetch: fetch missing weights without asking.
        accept_licence: also fetch weights that may not be used commercially.
        interactive: there is a terminal, so the user can be asked.
    """

    in_json: bool = False
    timings: bool = False
    fetch: bool = False
    accept_licence: bool = False
    interactive: bool = False


def cut_all(jobs: Sequence[Job], batch: Batch, telling: Telling) -> int:
    """Do `jobs`, print the outcome of each, and return the exit code.

    Raises:
        NotInstalled: weights, an engine or an extra are missing.
        UsageError: an option is wrong for every picture.
    """
    outcomes: list[Outcome] = []
    told: set[str] = set()
    alone = len(jobs) == 1
    shown = not alone and not telling.in_json and sys.stderr.isatty()
    batch = replace(batch, fetch=lambda missing: fetch_missing(missing, batch.request, telling))
    with PictureBar(len(jobs), shown=shown) as bar:
        try:
            for outcome in run_batch(jobs, batch):
                with bar.telling(cut_out=outcome.status == DONE):
                    warn(outcome, told, alone=alone)
                    tell(outcome, in_json=telling.in_json, timings=telling.timings, alone=alone)
                outcomes.append(outcome.without_pixels())
                # Frees the pixels before the next picture is cut out.
                del outcome
        except NotInstalled as error:
            if telling.in_json:
                for left in jobs[len(outcomes) :]:
                    print_json(Outcome(left, FAILED, error=error))
            raise
    _tell_skipped(outcomes)
    return exit_code(outcomes)


def _tell_skipped(outcomes: Sequence[Outcome]) -> None:
    skipped = [outcome for outcome in outcomes if outcome.status == SKIPPED]
    if len(skipped) == 1:
        (there,) = skipped[0].outputs
        click.echo(f"cutsmith: {skipped[0].job.source} was skipped: {there} is already there.", err=True)
    elif skipped:
        told = f"{len(skipped)} of {len(outcomes)} pictures were skipped: their results are already there."
        click.echo(f"cutsmith: {told}", err=True)


def fetch_missing(missing: WeightsMissing, request: Request, telling: Telling) -> None:
    """Fetch the weights that `missing` names, if the user agrees now or gave --yes."""
    from cutsmith.cli.models_command import fetch_models
    from cutsmith.removal.rembg_session import PREFIX, fetch_rembg_weights

    model = request.runtime.model
    if missing.model and (telling.fetch or telling.interactive):
        fetch_models([missing.model], accept_licence=telling.accept_licence, assume_yes=telling.fetch)
    elif model is not None and model.startswith(PREFIX) and telling.fetch:
        fetch_rembg_weights(model.removeprefix(PREFIX), accept_licence=telling.accept_licence)
    else:
        raise missing
