"""The work of `cutsmith cut`: picture after picture, going on after one fails."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from cutsmith.cli.outcome import DONE, FAILED, NOTHING_FOUND, Outcome, exit_code, print_json, tell, warn
from cutsmith.cli.outputs import STANDARD, Job
from cutsmith.cli.progress import PictureBar
from cutsmith.cli.standard_streams import check_standard_output, write_to_standard_output
from cutsmith.errors import (
    CutsmithError,
    FormatExtraMissing,
    NotInstalled,
    SubjectNotFound,
    WeightsMissing,
)
from cutsmith.picture import DEFAULT_MAX_PIXELS, Picture, check_output, encode_mask
from cutsmith.picture.encoding import check_format_holds
from cutsmith.picture.formats import output_format
from cutsmith.pipeline.cut_out import cut_out
from cutsmith.result.background import TRANSPARENT
from cutsmith.result.cutout import Cutout

# What finding takes of the options of cut_out.
_DETECTION_OPTIONS = (
    "detector", "box_threshold", "text_threshold", "max_detections", "device", "threads", "max_pixels",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """What the options say. `engine_options` are keywords of `cut_out`; `interactive`: somebody can be asked."""

    engine_options: Mapping[str, Any]
    background: str | Picture = TRANSPARENT
    mask_only: bool = False
    detections_only: bool = False
    overwrite: bool = False
    quality: int | None = None
    provenance: bool = False
    as_json: bool = False
    timings: bool = False
    fetch: bool = False
    accept_licence: bool = False
    interactive: bool = False


def cut_all(jobs: Sequence[Job], settings: Settings) -> int:
    """Do `jobs`, tell what became of each, and return the exit code.

    One picture that fails does not stop the others; what concerns them all (weights, engine) does.

    Raises:
        NotInstalled: weights, engine or an extra are missing.
        UsageError: an option is wrong for every picture.
    """
    outcomes: list[Outcome] = []
    told: set[str] = set()
    alone = len(jobs) == 1
    shown = not alone and not settings.as_json and sys.stderr.isatty()
    with PictureBar(len(jobs), shown=shown) as bar:
        for number, job in enumerate(jobs):
            try:
                outcome = _do(job, settings)
            except NotInstalled as error:
                if settings.as_json:
                    for left in jobs[number:]:
                        print_json(Outcome(left, FAILED, error=error))
                raise
            with bar.telling(cut_out=outcome.status == DONE):
                warn(outcome, told, alone=alone)
                tell(outcome, as_json=settings.as_json, timings=settings.timings, alone=alone)
            outcomes.append(outcome.without_pixels())
            del outcome
    return exit_code(outcomes)


def _do(job: Job, settings: Settings) -> Outcome:
    start = perf_counter()
    try:
        source = _source(job, settings)
        try:
            return _done(job, source, settings, start)
        except WeightsMissing as missing:
            _fetch_missing(missing, settings)
            return _done(job, source, settings, start)
    except FormatExtraMissing as error:
        return Outcome(job, FAILED, perf_counter() - start, error=error)
    except NotInstalled:
        raise
    except SubjectNotFound as error:
        return Outcome(job, NOTHING_FOUND, perf_counter() - start, error=error)
    except CutsmithError as error:
        return Outcome(job, FAILED, perf_counter() - start, error=error)


def _source(job: Job, settings: Settings) -> str | Picture:
    """What is cut out: standard input can be read once only, and may be needed again when weights were fetched."""
    if job.source != STANDARD:
        return job.source
    return Picture.read(STANDARD, max_pixels=settings.engine_options.get("max_pixels", DEFAULT_MAX_PIXELS))


def _done(job: Job, source: str | Picture, settings: Settings, start: float) -> Outcome:
    """Cut `source` out, or find in it what `job` asks for, and write that."""
    if settings.detections_only:
        return _found(job, source, settings, start)
    several = settings.engine_options.get("objects") == "each"
    if not several:
        _check_targets(job, settings)
    made = cut_out(source, **settings.engine_options)
    cutouts = made if isinstance(made, list) else [made]
    targets = [_numbered(job, number) for number in range(1, len(cutouts) + 1)] if several else [job]
    if several:
        for target in targets:
            _check_targets(target, settings)
    wrote = perf_counter()
    outputs, previews, failure = _write_all(cutouts, targets, settings)
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
    cutouts: Sequence[Cutout], targets: Sequence[Job], settings: Settings
) -> tuple[tuple[str, ...], tuple[str, ...], CutsmithError | None]:
    """Write every cut-out and preview: (outputs written, previews written, what stopped it).

    What was written before a failure stays and is told: it is whole.
    """
    outputs, previews = [], []
    try:
        for cutout, target in zip(cutouts, targets, strict=True):
            _write(cutout, target, settings)
            outputs.append(target.output)
            if target.preview is not None:
                from cutsmith.result.preview import preview

                preview(cutout).save(target.preview, overwrite=settings.overwrite)
                previews.append(target.preview)
    except CutsmithError as error:
        return tuple(outputs), tuple(previews), error
    return tuple(outputs), tuple(previews), None


def _found(job: Job, source: str | Picture, settings: Settings, start: float) -> Outcome:
    from cutsmith.pipeline.find_detections import find_detections

    if job.preview is not None:
        check_output(job.preview, overwrite=settings.overwrite)
    options = {name: settings.engine_options[name] for name in _DETECTION_OPTIONS}
    detections = find_detections(source, settings.engine_options["text"], **options)
    if job.preview is not None:
        from cutsmith.result.preview import preview_of_detections

        preview_of_detections(detections).save(job.preview, overwrite=settings.overwrite)
    previews = () if job.preview is None else (job.preview,)
    return Outcome(
        job, DONE, perf_counter() - start, previews=previews, detections=detections, stages=detections.seconds
    )


def _numbered(job: Job, number: int) -> Job:
    """The job of one object: its number before the suffix of each file."""
    preview = None if job.preview is None else _with_number(job.preview, number)
    return Job(job.source, _with_number(job.output, number), preview)


def _with_number(path: str, number: int) -> str:
    target = Path(path)
    return str(target.with_name(f"{target.stem}-{number}{target.suffix}"))


def _check_targets(job: Job, settings: Settings) -> None:
    """Refuse, before any work is done, targets that cannot take what is asked for."""
    if job.output == STANDARD:
        check_standard_output()
    else:
        check_output(job.output, overwrite=settings.overwrite)
        check_format_holds(
            output_format(job.output),
            alpha=settings.background == TRANSPARENT and not settings.mask_only,
            metadata=settings.provenance,
        )
    if job.preview is not None:
        check_output(job.preview, overwrite=settings.overwrite)


def _write(cutout: Cutout, job: Job, settings: Settings) -> None:
    metadata = cutout.provenance if settings.provenance else None
    if settings.mask_only:
        if job.output == STANDARD:
            write_to_standard_output(encode_mask(cutout.alpha, ".png", dpi=cutout.picture.dpi, metadata=metadata))
        else:
            cutout.save_mask(job.output, overwrite=settings.overwrite, provenance=settings.provenance)
        return
    result: Picture = cutout.as_picture() if settings.background == TRANSPARENT else cutout.on(settings.background)
    if job.output == STANDARD:
        write_to_standard_output(result.encode(".png", metadata=metadata, quality=settings.quality))
    else:
        result.save(job.output, overwrite=settings.overwrite, metadata=metadata, quality=settings.quality)


def _fetch_missing(missing: WeightsMissing, settings: Settings) -> None:
    """Fetch the weights that `missing` names, if the user says so now or has said so with --yes."""
    from cutsmith.cli.models_command import fetch_models
    from cutsmith.removal.rembg_session import PREFIX, fetch_rembg_weights

    model = settings.engine_options.get("model")
    if missing.model and (settings.fetch or settings.interactive):
        fetch_models([missing.model], accept_licence=settings.accept_licence, assume_yes=settings.fetch)
    elif model is not None and model.startswith(PREFIX) and settings.fetch:
        fetch_rembg_weights(model.removeprefix(PREFIX), accept_licence=settings.accept_licence)
    else:
        raise missing
