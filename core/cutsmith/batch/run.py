"""Cuts out many pictures: an iterator of outcomes that continues after a failure and prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Protocol

from cutsmith.batch.outcome import DONE, FAILED, NOTHING_FOUND, Outcome
from cutsmith.batch.plan import STANDARD, Job
from cutsmith.errors import (
    CutsmithError,
    FormatExtraMissing,
    NotInstalled,
    SubjectNotFound,
    WeightsMissing,
)
from cutsmith.picture import Picture, check_output, encode_mask
from cutsmith.picture.encoding import check_format_holds
from cutsmith.picture.formats import output_format
from cutsmith.pipeline.cut_out import cut_out, cut_out_each
from cutsmith.pipeline.loading import Models
from cutsmith.pipeline.stages import IsCancelled
from cutsmith.request import Request
from cutsmith.result.background import TRANSPARENT
from cutsmith.result.cutout import Cutout


class StandardOutput(Protocol):
    """Where pictures with the output "-" go."""

    def check(self) -> None:
        """Raise a CutsmithError if it cannot take a picture."""

    def write(self, data: bytes) -> None:
        """Write the bytes of a picture."""


@dataclass(frozen=True)
class Writing:
    """What to write for each picture, and how.

    Attributes:
        background: what to put behind the subject: "transparent", a colour, "blur" or a picture.
        mask_only: whether to write only the alpha, as a gray picture.
        detections_only: whether to only look for the boxes of words, and cut nothing out.
        overwrite: whether existing files may be replaced.
        quality: 1-100, for JPEG and AVIF; makes WebP lossy.
        provenance: whether to write model, engine and options to the file's metadata.
        standard_output: takes the pictures that go to "-".
    """

    background: str | Picture = TRANSPARENT
    mask_only: bool = False
    detections_only: bool = False
    overwrite: bool = False
    quality: int | None = None
    provenance: bool = False
    standard_output: StandardOutput | None = None


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
    writing: Writing = Writing()
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


def _source(job: Job, batch: Batch) -> str | Picture:
    """The picture to cut out. Standard input is read here: it can be read only once, but a retry needs it again."""
    if job.source != STANDARD:
        return job.source
    return Picture.read(STANDARD, max_pixels=batch.request.runtime.max_pixels)


def _done(job: Job, source: str | Picture, batch: Batch, start: float) -> Outcome:
    """Cut out `source`, or only find its detections, and write the results."""
    writing = batch.writing
    if writing.detections_only:
        return _found(job, source, batch, start)
    several = batch.request.target.objects == "each"
    if not several:
        _check_targets(job, writing)
    if several:
        cutouts = cut_out_each(source, batch.request, models=batch.models, cancelled=batch.cancelled)
        targets = [_numbered(job, number) for number in range(1, len(cutouts) + 1)]
        for target in targets:
            _check_targets(target, writing)
    else:
        cutouts = [cut_out(source, batch.request, models=batch.models, cancelled=batch.cancelled)]
        targets = [job]
    wrote = perf_counter()
    outputs, previews, failure = _write_all(cutouts, targets, writing)
    now = perf_counter()
    return Outcome(
        job,
        DONE if failure is None else FAILED,
        now - start,
        tuple(cutouts),
        outputs,
        previews,
        stages={**cutouts[-1].seconds, "write": now - wrote},
        error=failure,
    )


def _write_all(
    cutouts: Sequence[Cutout], targets: Sequence[Job], writing: Writing
) -> tuple[tuple[str, ...], tuple[str, ...], CutsmithError | None]:
    """Write every cut-out and preview; -> (outputs written, previews written, the error that stopped it).

    Files written before a failure stay and are reported, because they are complete.
    """
    outputs, previews = [], []
    try:
        for cutout, target in zip(cutouts, targets, strict=True):
            _write(cutout, target, writing)
            outputs.append(target.output)
            if target.preview is not None:
                from cutsmith.result.preview import preview

                preview(cutout).save(target.preview, overwrite=writing.overwrite)
                previews.append(target.preview)
    except CutsmithError as error:
        return tuple(outputs), tuple(previews), error
    return tuple(outputs), tuple(previews), None


def _found(job: Job, source: str | Picture, batch: Batch, start: float) -> Outcome:
    from cutsmith.pipeline.find_detections import find_detections

    overwrite = batch.writing.overwrite
    if job.preview is not None:
        check_output(job.preview, overwrite=overwrite)
    detections = find_detections(source, request=batch.request, models=batch.models, cancelled=batch.cancelled)
    if job.preview is not None:
        from cutsmith.result.preview import preview_of_detections

        preview_of_detections(detections).save(job.preview, overwrite=overwrite)
    previews = () if job.preview is None else (job.preview,)
    return Outcome(
        job, DONE, perf_counter() - start, previews=previews, detections=detections, stages=detections.seconds
    )


def _numbered(job: Job, number: int) -> Job:
    """The job for one object, with its number before the suffix of each file."""
    preview = None if job.preview is None else _with_number(job.preview, number)
    return Job(job.source, _with_number(job.output, number), preview)


def _with_number(path: str, number: int) -> str:
    target = Path(path)
    return str(target.with_name(f"{target.stem}-{number}{target.suffix}"))


def _check_targets(job: Job, writing: Writing) -> None:
    """Before any work starts, reject targets that cannot hold the result."""
    if job.output == STANDARD:
        _standard_output(writing).check()
    else:
        check_output(job.output, overwrite=writing.overwrite)
        check_format_holds(
            output_format(job.output),
            alpha=writing.background == TRANSPARENT and not writing.mask_only,
            metadata=writing.provenance,
        )
    if job.preview is not None:
        check_output(job.preview, overwrite=writing.overwrite)


def _write(cutout: Cutout, job: Job, writing: Writing) -> None:
    metadata = cutout.provenance if writing.provenance else None
    if writing.mask_only:
        if job.output == STANDARD:
            _standard_output(writing).write(
                encode_mask(cutout.alpha, ".png", dpi=cutout.picture.dpi, metadata=metadata)
            )
        else:
            cutout.save_mask(job.output, overwrite=writing.overwrite, provenance=writing.provenance)
        return
    result: Picture = cutout.as_picture() if writing.background == TRANSPARENT else cutout.on(writing.background)
    if job.output == STANDARD:
        _standard_output(writing).write(result.encode(".png", metadata=metadata, quality=writing.quality))
    else:
        result.save(job.output, overwrite=writing.overwrite, metadata=metadata, quality=writing.quality)


def _standard_output(writing: Writing) -> StandardOutput:
    assert writing.standard_output is not None, "a door that plans a job for standard output must provide it"
    return writing.standard_output
