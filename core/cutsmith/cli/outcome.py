"""What became of one picture, and how it is told: in words, as warnings, as a JSON object."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from cutsmith.cli.outputs import STANDARD, Job
from cutsmith.cli.telling import print_error, print_warning, remedy_of, warning_of, what_of
from cutsmith.errors import CutsmithError, SubjectNotFound

if TYPE_CHECKING:
    from cutsmith.picture import Picture
    from cutsmith.protocols import Detection
    from cutsmith.result.cutout import Cutout, FoundObject
    from cutsmith.result.detections import Detections

DONE = "done"
FAILED = "failed"
NOTHING_FOUND = "nothing found"


@dataclass(frozen=True)
class Outcome:
    """What became of one picture.

    Attributes:
        job: what was to be done.
        status: "done", "failed" or "nothing found".
        seconds: in all.
        cutouts: what was cut out, in the order of `outputs`: one, or with `--objects each` one an object.
        outputs: the files that were written, or "-".
        previews: the previews that were written.
        detections: what `--detections-only` found.
        stages: what each stage took, in seconds.
        error: why it is not "done".
    """

    job: Job
    status: str
    seconds: float = 0.0
    cutouts: tuple[Cutout, ...] = ()
    outputs: tuple[str, ...] = ()
    previews: tuple[str, ...] = ()
    detections: Detections | None = None
    stages: Mapping[str, float] | None = None
    error: CutsmithError | None = None

    def without_pixels(self) -> Outcome:
        """This outcome without what takes memory: a thousand pictures shall take no more than one."""
        return replace(self, cutouts=(), detections=None)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know, of the picture and of the models."""
        made = self.cutouts[0] if self.cutouts else self.detections
        return made.warnings if made is not None else ()

    @property
    def picture(self) -> Picture | None:
        """The picture, where it was read."""
        made = self.cutouts[0] if self.cutouts else self.detections
        return made.picture if made is not None else None

    @property
    def provenance(self) -> Mapping[str, str] | None:
        """How the result was made."""
        made = self.cutouts[0] if self.cutouts else self.detections
        return made.provenance if made is not None else None


def warn(outcome: Outcome, told: set[str], *, alone: bool) -> None:
    """Warn of what concerns this picture; of what concerns the model, once: `told` remembers it."""
    own = outcome.picture.warnings if outcome.picture is not None else ()
    for warning in outcome.warnings:
        if warning in own:
            print_warning(warning, "" if alone else outcome.job.source)
        elif warning not in told:
            told.add(warning)
            print_warning(warning)


def tell(outcome: Outcome, *, as_json: bool, timings: bool, alone: bool) -> None:
    """Tell what became of one picture: outputs on standard output, errors and timings on standard error."""
    about = "" if alone else outcome.job.source
    if as_json:
        print_json(outcome)
    elif outcome.detections is not None:
        for found in outcome.detections.found:
            click.echo(_detection_line(found, about))
    else:
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
    """Print the JSON object of one picture."""
    click.echo(json.dumps(as_json_object(outcome), ensure_ascii=False))


def as_json_object(outcome: Outcome) -> dict[str, object]:
    """What `--json` tells of one picture."""
    provenance, error = outcome.provenance, outcome.error
    told: dict[str, object] = {
        "input": outcome.job.source,
        "output": outcome.outputs[0] if outcome.outputs else None,
        "status": outcome.status,
        "model": _main_model(provenance) if provenance is not None else None,
        "seconds": round(outcome.seconds, 3),
        "provenance": dict(provenance) if provenance is not None else None,
        "warnings": list(map(warning_of, outcome.warnings)),
    }
    if len(outcome.outputs) > 1:
        told["outputs"] = list(outcome.outputs)
    if outcome.previews:
        told["preview"] = outcome.previews[0] if len(outcome.previews) == 1 else list(outcome.previews)
    if outcome.detections is not None:
        told["detections"] = [_detection_object(found) for found in outcome.detections.found]
    elif objects := [found for cutout in outcome.cutouts for found in cutout.objects]:
        told["objects"] = [_found_object(found) for found in objects]
    if outcome.stages is not None:
        told["stages"] = {name: round(seconds, 3) for name, seconds in outcome.stages.items()}
    if error is not None:
        told["error"] = {"type": type(error).__name__, "what": what_of(error), "remedy": remedy_of(error)}
    if isinstance(error, SubjectNotFound):
        told["best_probability"] = round(error.best_probability, 4)
        told["threshold"] = error.threshold
    return told


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """The exit code of the command: 0 done, 1 at least one failed, 4 nothing was found in any."""
    failed = [outcome.error for outcome in outcomes if outcome.status == FAILED]
    if failed:
        # A single picture tells more: a box outside it is wrong usage, a reader of its format is not installed.
        first = failed[0]
        return first.exit_code if len(outcomes) == 1 and first is not None else 1
    if all(outcome.status == NOTHING_FOUND for outcome in outcomes):
        return 4
    return 0


def _main_model(provenance: Mapping[str, str]) -> str:
    """The network that made the mask, or found the boxes where nothing was masked."""
    return next(provenance[key] for key in ("model", "segmenter", "detector") if key in provenance)


def _detection_line(found: Detection, about: str) -> str:
    box = ",".join(f"{value:.1f}" for value in found.box)
    return f"{about}{': ' if about else ''}{found.score:.2f}  {box}  {found.label}"


def _detection_object(found: Detection) -> dict[str, object]:
    return {
        "box": [round(value, 2) for value in found.box],
        "label": found.label,
        "score": round(found.score, 4),
    }


def _found_object(found: FoundObject) -> dict[str, object]:
    values = {"score": found.score, "predicted_iou": found.predicted_iou, "stability": found.stability}
    return {
        "box": None if found.box is None else [round(value, 2) for value in found.box],
        "label": found.label or None,
        **{name: None if value is None else round(value, 4) for name, value in values.items()},
    }
