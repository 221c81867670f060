"""Cuts out many pictures: an iterator of outcomes that continues after a failure and prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from cutsmith.batch.outcome import DONE, FAILED, NOTHING_FOUND, SKIPPED, Outcome
from cutsmith.batch.plan import STANDARD, Job
from cutsmith.batch.writing import Writing, numbered_job, write_all
from cutsmith.errors import (
    CutsmithError,
    FormatExtraMissing,
    NotInstalled,
    SubjectNotFound,
    WeightsMissing,
)
from cutsmith.picture import Picture, check_output
from cutsmith.pipeline.cut_out import cut_out, cut_out_each
from cutsmith.pipeline.loading import Models
from cutsmith.pipeline.stages import IsCancelled
from cutsmith.request import Request


@dataclass(frozen=True)
class Batch:
    """What to do with every picture of a batch.

    Attributes:
        request: the request for each picture, already checked.
        writing: what to write.
        models: models that are already loaded.
        fetch: called when weights are missing. It fetches them, and the picture is tried again, or it raises.
        cancelled: asked between steps; true ends the current picture with `Cancelled`.
    """

    request: Request
    writing: Writing = field(default_factory=Writing)
    models: Models | None = None
    fetch: Callable[[WeightsMissing], None] | None = None
    cancelled: IsCancelled | None = None


def run_batch(jobs: Sequence[Job], batch: Batch) -> Iterator[Outcome]:
    """Do `jobs` one after another, each when its outcome is asked for. A failed job does not stop the rest.

    Raises:
        NotInstalled: weights, an engine or an extra are missing, which affects every picture.
    """
    for job in jobs:
        yield _do(job, batch)


def _do(job: Job, batch: Batch) -> Outcome:
    start = perf_counter()
    first = numbered_job(job, 1) if _gives_several(batch) else job
    if batch.writing.are_there(first):
        return Outcome(job, SKIPPED, perf_counter() - start, outputs=(first.output,))
    try:
        source = _source(job, batch)
        try:
            return _done(job, source, batch, start)
        except WeightsMissing as missing:
            if batch.fetch is None:
                raise
            batch.fetch(missing)
            return _done(job, source, batch, start)
    except FormatExtraMissing as error:
        return Outcome(job, FAILED, perf_counter() - start, error=error)
    except NotInstalled:
        raise
    except SubjectNotFound as error:
        return Outcome(job, NOTHING_FOUND, perf_counter() - start, error=error)
    except CutsmithError as error:
        return Outcome(job, FAILED, perf_counter() - start, error=error)


def _gives_several(batch: Batch) -> bool:
    """Whether each picture may have several results, which get numbers."""
    return batch.request.target.objects == "each"


def _source(job: Job, batch: Batch) -> str | Picture:
    """The picture to cut out. Standard input is read here: it can be read only once, but a retry needs it again."""
    if job.source != STANDARD:
        return job.source
    return Picture.read(STANDARD, max_pixels=batch.request.runtime.max_pixels)


def _done(job: Job, source: str | Picture, batch: Batch, start: float) -> Outcome:
    """Cut out `source`, or only find its detections, and write the results."""
    writing = batch.writing
    if writing.options.detections_only:
        return _found(job, source, batch, start)

    def fits(picture: Picture) -> None:
        writing.check_size(job, picture)

    if _gives_several(batch):
        writing.check_targets(numbered_job(job, 1))
        cutouts = cut_out_each(source, batch.request, models=batch.models, on_picture=fits, cancelled=batch.cancelled)
        targets = [numbered_job(job, number) for number in range(1, len(cutouts) + 1)]
        for target in targets:
            writing.check_targets(target)
    else:
        writing.check_targets(job)
        cutouts = [cut_out(source, batch.request, models=batch.models, on_picture=fits, cancelled=batch.cancelled)]
        targets = [job]
    wrote = perf_counter()
    written = write_all(cutouts, targets, writing)
    now = perf_counter()
    return Outcome(
        job,
        DONE if written.failure is None else FAILED,
        now - start,
        tuple(cutouts),
        written.outputs,
        written.previews,
        stages={**cutouts[-1].seconds, "write": now - wrote},
        error=written.failure,
        losses=writing.losses(targets[0], cutouts[0].picture) if targets else (),
        remarks=written.remarks,
        checks=written.checks,
    )


def _found(job: Job, source: str | Picture, batch: Batch, start: float) -> Outcome:
    from cutsmith.pipeline.find_detections import find_detections

    writing = batch.writing
    if job.preview is not None:
        check_output(job.preview, overwrite=writing.options.overwrite, originals=writing.originals)
    detections = find_detections(source, request=batch.request, models=batch.models, cancelled=batch.cancelled)
    if job.preview is not None:
        from cutsmith.result.preview import preview_of_detections

        writing.write_preview(preview_of_detections(detections), job.preview)
    previews = () if job.preview is None else (job.preview,)
    return Outcome(
        job, DONE, perf_counter() - start, previews=previews, detections=detections, stages=detections.seconds
    )
