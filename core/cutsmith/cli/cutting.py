"""The work of `cutsmith cut`: picture after picture, going on after one fails."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import click

from cutsmith.background import TRANSPARENT
from cutsmith.cli import print_error, print_warning
from cutsmith.cli.outputs import STANDARD, Job
from cutsmith.cli.progress import PictureBar
from cutsmith.cli.standard_streams import check_standard_output, write_to_standard_output
from cutsmith.errors import CutsmithError, FormatExtraMissing, NotInstalled, SubjectNotFound, WeightsMissing
from cutsmith.picture import Picture, check_output, encode_mask
from cutsmith.picture.encoding import check_format_holds
from cutsmith.picture.formats import output_format
from cutsmith.pipeline import Cutout, cut_out

NOTHING_FOUND = "nothing found"


@dataclass(frozen=True)
class Settings:
    """What the options say. `engine_options` are keywords of `cut_out`; `interactive`: somebody can be asked."""

    engine_options: Mapping[str, Any]
    background: str | Picture = TRANSPARENT
    mask_only: bool = False
    overwrite: bool = False
    quality: int | None = None
    provenance: bool = False
    as_json: bool = False
    timings: bool = False
    fetch: bool = False
    accept_licence: bool = False
    interactive: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of one picture. `status` is "done", "failed" or "nothing found"."""

    job: Job
    status: str
    seconds: float
    cutout: Cutout | None = None
    error: CutsmithError | None = None


def cut_all(jobs: Sequence[Job], settings: Settings) -> int:
    """Do `jobs`, tell what became of each, and return the exit code.

    One picture that fails does not stop the others; what concerns them all (weights, engine) does.

    Raises:
        NotInstalled: weights, engine or an extra are missing.
        UsageError: an option is wrong for every picture.
    """
    outcomes = []
    told: set[str] = set()
    shown = len(jobs) > 1 and not settings.as_json and sys.stderr.isatty()
    with PictureBar(len(jobs), shown=shown) as bar:
        for number, job in enumerate(jobs):
            try:
                outcome = _do(job, settings)
            except NotInstalled as error:
                if settings.as_json:
                    for left in jobs[number:]:
                        _print_json(Outcome(left, "failed", 0.0, error=error))
                raise
            with bar.telling(cut_out=outcome.cutout is not None):
                _warn(outcome, told, alone=len(jobs) == 1)
                _tell(outcome, settings, alone=len(jobs) == 1)
            # Without its pixels: a thousand pictures shall take no more memory than one.
            outcomes.append(replace(outcome, cutout=None))
            del outcome
    return _exit_code(outcomes)


def _do(job: Job, settings: Settings) -> Outcome:
    start = perf_counter()
    try:
        cutout = _cut(job, settings)
    except FormatExtraMissing as error:
        return Outcome(job, "failed", perf_counter() - start, error=error)
    except NotInstalled:
        raise
    except SubjectNotFound as error:
        return Outcome(job, NOTHING_FOUND, perf_counter() - start, error=error)
    except CutsmithError as error:
        return Outcome(job, "failed", perf_counter() - start, error=error)
    return Outcome(job, "done", perf_counter() - start, cutout)


def _cut(job: Job, settings: Settings) -> Cutout:
    _check_targets(job, settings)
    try:
        cutout = cut_out(job.source, **settings.engine_options)
    except WeightsMissing as missing:
        _fetch_missing(missing, settings)
        cutout = cut_out(job.source, **settings.engine_options)
    start = perf_counter()
    _write(cutout, job, settings)
    if job.preview is not None:
        from cutsmith.preview import preview

        preview(cutout).save(job.preview, overwrite=settings.overwrite)
    seconds = {**cutout.seconds, "write": perf_counter() - start}
    return Cutout(
        cutout.picture,
        cutout.alpha,
        cutout.foreground,
        cutout.soft_mask,
        cutout.provenance,
        cutout.warnings,
        seconds,
    )


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
    from cutsmith.models.catalogue import DEFAULT_MODEL, catalogue
    from cutsmith.removal.rembg_session import PREFIX, fetch_rembg_weights

    name = settings.engine_options["model"] or DEFAULT_MODEL
    if name.startswith(PREFIX) and settings.fetch:
        fetch_rembg_weights(name.removeprefix(PREFIX), accept_licence=settings.accept_licence)
    elif name in catalogue() and (settings.fetch or settings.interactive):
        fetch_models([name], accept_licence=settings.accept_licence, assume_yes=settings.fetch)
    else:
        raise missing


def _warn(outcome: Outcome, told: set[str], *, alone: bool) -> None:
    """Warn of what concerns this picture; of what concerns the model, once: `told` remembers it."""
    if outcome.cutout is None:
        return
    own = outcome.cutout.picture.warnings
    for warning in outcome.cutout.warnings:
        if warning in own:
            print_warning(warning, "" if alone else outcome.job.source)
        elif warning not in told:
            told.add(warning)
            print_warning(warning)


def _tell(outcome: Outcome, settings: Settings, *, alone: bool) -> None:
    about = "" if alone else outcome.job.source
    if settings.as_json:
        _print_json(outcome)
    elif outcome.cutout is not None and outcome.job.output != STANDARD:
        click.echo(outcome.job.output)
    if outcome.error is not None:
        # Most errors begin with the name of the picture.
        print_error(outcome.error, "" if outcome.job.source in outcome.error.what else about)
    if settings.timings and outcome.cutout is not None:
        stages = "  ".join(f"{name} {seconds:.3f}" for name, seconds in outcome.cutout.seconds.items())
        click.echo(f"seconds: {stages}  total {outcome.seconds:.3f}", err=True)


def _print_json(outcome: Outcome) -> None:
    click.echo(json.dumps(_as_json(outcome), ensure_ascii=False))


def _as_json(outcome: Outcome) -> dict[str, object]:
    cutout, error = outcome.cutout, outcome.error
    told: dict[str, object] = {
        "input": outcome.job.source,
        "output": outcome.job.output if cutout is not None else None,
        "status": outcome.status,
        "model": cutout.provenance["model"] if cutout is not None else None,
        "seconds": round(outcome.seconds, 3),
        "provenance": dict(cutout.provenance) if cutout is not None else None,
        "warnings": list(cutout.warnings) if cutout is not None else [],
    }
    if outcome.job.preview is not None and cutout is not None:
        told["preview"] = outcome.job.preview
    if cutout is not None:
        told["stages"] = {name: round(seconds, 3) for name, seconds in cutout.seconds.items()}
    if error is not None:
        told["error"] = {"type": type(error).__name__, "what": error.what, "remedy": error.remedy}
    if isinstance(error, SubjectNotFound):
        told["best_probability"] = round(error.best_probability, 4)
    return told


def _exit_code(outcomes: Sequence[Outcome]) -> int:
    failed = [outcome.error for outcome in outcomes if outcome.status == "failed"]
    if failed:
        # A single picture tells more: a box outside it is wrong usage, a reader of its format is not installed.
        first = failed[0]
        return first.exit_code if len(outcomes) == 1 and first is not None else 1
    if all(outcome.status == NOTHING_FOUND for outcome in outcomes):
        return 4
    return 0
