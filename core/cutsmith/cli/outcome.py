"""Prints the outcome for one picture: lines of text, warnings, or a line of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cutsmith.batch.outcome import SKIPPED, Outcome, as_json
from cutsmith.batch.plan import STANDARD
from cutsmith.cli.json_output import echo_json
from cutsmith.cli.telling import print_error, print_warning, remedy_of, warning_of, what_of

if TYPE_CHECKING:
    from cutsmith.protocols import Detection


def warn(outcome: Outcome, told: set[str], *, alone: bool) -> None:
    """Print a picture's own warnings every time and those of models only once (`told` holds those shown)."""
    own = {*(outcome.picture.warnings if outcome.picture is not None else ()), *outcome.losses, *outcome.remarks}
    own |= {cutout.quality.warning for cutout in outcome.cutouts}
    for warning in outcome.warnings:
        if warning in own:
            print_warning(warning, "" if alone else outcome.job.source)
        elif warning not in told:
            told.add(warning)
            print_warning(warning)
    for failed in outcome.checks:
        print_warning(failed, "" if alone else outcome.job.source)


def tell(outcome: Outcome, *, in_json: bool, timings: bool, alone: bool) -> None:
    """Print the outcome for one picture: outputs on standard output, errors and timings on standard error."""
    about = "" if alone else outcome.job.source
    if in_json:
        print_json(outcome)
    elif outcome.detections is not None:
        for found in outcome.detections.found:
            click.echo(_detection_line(found, about))
    elif outcome.status != SKIPPED:
        for output in outcome.outputs:
            if output != STANDARD:
                click.echo(output)
    if outcome.error is not None:
        # Most errors begin with the name of the picture.
        print_error(outcome.error, "" if outcome.job.source in outcome.error.what else about)
    if timings and outcome.stages is not None:
        stages = "  ".join(f"{name} {seconds:.3f}" for name, seconds in outcome.stages.items())
        click.echo(f"seconds: {stages}  total {outcome.seconds:.3f}", err=True)


def print_json(outcome: Outcome) -> None:
    """Print the JSON object for one picture."""
    told = as_json(outcome)
    told["warnings"] = list(map(warning_of, outcome.warnings))
    if outcome.error is not None:
        told["error"] = {**outcome.error.to_json(), "what": what_of(outcome.error), "remedy": remedy_of(outcome.error)}
    echo_json(told)


def _detection_line(found: Detection, about: str) -> str:
    box = ",".join(f"{value:.1f}" for value in found.box)
    return f"{about}{': ' if about else ''}{found.score:.2f}  {box}  {found.label}"
