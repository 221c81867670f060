"""The outcome for one picture, as data and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cutsmith.batch.plan import Job
from cutsmith.errors import CutsmithError, SubjectNotFound
from cutsmith.options import MODEL_OPTIONS
from cutsmith.result.as_json import detection_as_json, measures_as_json, object_as_json, quality_as_json, step_as_json

if TYPE_CHECKING:
    from cutsmith.picture import Picture
    from cutsmith.result.cutout import Cutout
    from cutsmith.result.detections import Detections

DONE = "done"
FAILED = "failed"
NOTHING_FOUND = "nothing found"
SKIPPED = "skipped"


@dataclass(frozen=True)
class Outcome:
    """The outcome for one picture.

    Attributes:
        job: the job that was run.
        status: "done", "failed", "nothing found" or "skipped": the results were there already.
        seconds: the total time.
        cutouts: the cut-outs in the order of `outputs`: one, or one per object.
        outputs: the files that were written, or "-"; of a skipped picture the one that was there.
        previews: the previews that were written.
        detections: what was found, if only detections were asked for.
        stages: the seconds that each stage took.
        error: why the status is not "done".
        losses: what the results lack of the photograph's metadata that was to be kept.
        remarks: what the user should know about how the subject was laid on a canvas.
        checks: each of a marketplace's checks that a result failed, as a sentence; it was written all the same.
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
    losses: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()

    def without_pixels(self) -> Outcome:
        """This outcome without its pixels, so that a thousand pictures take no more memory than one."""
        return replace(self, cutouts=(), detections=None)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the picture, the models and the results."""
        made = self.cutouts[0] if self.cutouts else self.detections
        return (*(made.warnings if made is not None else ()), *self.losses, *self.remarks)

    @property
    def picture(self) -> Picture | None:
        """The picture, if it was read."""
        made = self.cutouts[0] if self.cutouts else self.detections
        return made.picture if made is not None else None

    @property
    def provenance(self) -> Mapping[str, str] | None:
        """How the result was made."""
        made = self.cutouts[0] if self.cutouts else self.detections
        return made.provenance if made is not None else None


def as_json(outcome: Outcome) -> dict[str, object]:
    """The JSON object that reports one picture."""
    provenance, error = outcome.provenance, outcome.error
    told: dict[str, object] = {
        "input": outcome.job.source,
        "output": outcome.outputs[0] if outcome.outputs else None,
        "status": outcome.status,
        "model": main_model(provenance) if provenance is not None else None,
        "seconds": round(outcome.seconds, 3),
        "provenance": dict(provenance) if provenance is not None else None,
        "warnings": list(outcome.warnings),
        "checks": list(outcome.checks),
    }
    if len(outcome.outputs) > 1:
        told["outputs"] = list(outcome.outputs)
    if outcome.cutouts:
        found = [_judged(cutout) for cutout in outcome.cutouts]
        told |= found[0] if len(found) == 1 else {name: [each[name] for each in found] for name in found[0]}
    if outcome.previews:
        told["preview"] = outcome.previews[0] if len(outcome.previews) == 1 else list(outcome.previews)
    if outcome.detections is not None:
        told["detections"] = [detection_as_json(found) for found in outcome.detections.found]
    elif objects := [found for cutout in outcome.cutouts for found in cutout.objects]:
        told["objects"] = [object_as_json(found) for found in objects]
    if outcome.stages is not None:
        told["stages"] = {name: round(seconds, 3) for name, seconds in outcome.stages.items()}
    if error is not None:
        told["error"] = error.to_json()
    if isinstance(error, SubjectNotFound):
        told["best_probability"] = round(error.best_probability, 4)
        told["threshold"] = error.threshold
    return told


def _judged(cutout: Cutout) -> dict[str, object]:
    told = {**measures_as_json(cutout), "quality": quality_as_json(cutout.quality)}
    return told | {"steps": [step_as_json(step) for step in cutout.steps]} if cutout.steps else told


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """The exit code for all outcomes: 0 done, 1 at least one failed or failed a check, 4 nothing found in any."""
    failed = [outcome.error for outcome in outcomes if outcome.status == FAILED]
    if failed:
        # A single picture has a more exact code: its box may lie outside it, or the reader of its format is missing.
        first = failed[0]
        return first.exit_code if len(outcomes) == 1 and first is not None else 1
    if any(outcome.checks for outcome in outcomes):
        return 1
    if all(outcome.status == NOTHING_FOUND for outcome in outcomes):
        return 4
    return 0


def main_model(provenance: Mapping[str, str]) -> str | None:
    """The network that made the mask, or that found the boxes if there is no mask; None if none was asked."""
    return next((provenance[key] for key in MODEL_OPTIONS if key in provenance), None)
