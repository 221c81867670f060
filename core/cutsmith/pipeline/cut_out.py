"""`cut_out()`: the way through the rooms: picture -> objects -> soft mask -> alpha -> foreground."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Unpack

from cutsmith.errors import BadOption
from cutsmith.picture import Picture
from cutsmith.pipeline.finishing import finished
from cutsmith.pipeline.loading import ModelPool, Models, load_models
from cutsmith.pipeline.prompting import Asked, check_target, subject_alone
from cutsmith.pipeline.stages import IsCancelled, OnStage, Run
from cutsmith.pipeline.subjects import find_subjects
from cutsmith.request import Options, Request
from cutsmith.result.cutout import Cutout
from cutsmith.version import __version__

if TYPE_CHECKING:
    from cutsmith.options import Objects
    from cutsmith.picture import Source


def cut_out(
    source: Source,
    request: Request | None = None,
    *,
    models: Models | None = None,
    pool: ModelPool | None = None,
    asked: Sequence[Asked] | None = None,
    on_stage: OnStage | None = None,
    cancelled: IsCancelled | None = None,
    **options: Unpack[Options],
) -> Cutout:
    """Cut the main subject out of a picture, or what words, a box, points, a rough mask or a selection ask for.

    Args:
        source: a path, "-" for standard input, the file's bytes, a binary stream, an array (H, W, 3 or 4) of uint8 or
            uint16, a PIL image, or a `Picture`.
        request: all that is asked for at once, as doors do; `options` go before it.
        models: models that are open already; what is missing is loaded and kept.
        pool: where models are loaded and kept; None takes this process's own.
        asked: objects to segment that the request does not say, such as several boxes.
        on_stage: called with the name of each stage that begins ("read", "load", "detect", "mask", "matting",
            "foreground"), for progress; what it raises ends the call.
        cancelled: asked between steps, and between the iterations of matting; true ends the call with `Cancelled`.
        **options: what is asked for, each by its name: see `cutsmith.options`, or `cutsmith cut --help`.

    Raises:
        PictureError: the picture cannot be read.
        UsageError: an option's value is wrong, the words, the box and the points among them.
        NotInstalled: weights, an engine or an extra are missing.
        SubjectNotFound: no pixel reached a probability of 0.5, or no box the threshold.
        Cancelled: `cancelled` said so.
    """
    wanted = (request or Request()).updated(options)
    if wanted.target.objects == "each":
        raise BadOption(
            "cut_out() gives one cut-out, but the objects were asked for apart.",
            "cutsmith.cut_out_each() gives a list, one an object.",
            option="objects",
        )
    (cutout,) = _cut_outs(source, wanted, models, pool, asked, wanted.target.objects, Run(on_stage, cancelled))
    return cutout


def cut_out_each(
    source: Source,
    request: Request | None = None,
    *,
    models: Models | None = None,
    pool: ModelPool | None = None,
    asked: Sequence[Asked] | None = None,
    on_stage: OnStage | None = None,
    cancelled: IsCancelled | None = None,
    **options: Unpack[Options],
) -> list[Cutout]:
    """As `cut_out`, but a list with a cut-out of each object that was found, the most confident first.

    Without words there is one object, so the list has one cut-out.
    """
    wanted = (request or Request()).updated(options)
    objects: Objects = "best" if wanted.target.objects == "best" else "each"
    return _cut_outs(source, wanted, models, pool, asked, objects, Run(on_stage, cancelled))


def _cut_outs(
    source: Source,
    request: Request,
    given: Models | None,
    pool: ModelPool | None,
    asked: Sequence[Asked] | None,
    objects: Objects,
    run: Run,
) -> list[Cutout]:
    request.checked()
    loading = _start(lambda: load_models(request, given, pool, is_prompted=request.is_prompted or asked is not None))
    with run.stage("read"):
        picture = Picture.of(source, max_pixels=request.runtime.max_pixels)
        if request.finish.subject_alone:
            picture = subject_alone(picture)
        image = picture.srgb()
        # Before a model that may be missing: what does not fit the picture is the user's to mend first.
        check_target(request.target, picture.width, picture.height)
    with run.stage("load"):
        models = loading.result()
    subjects = find_subjects(models, image, request, picture.source, run, asked, objects=objects)
    provenance = {"software": f"Cutsmith {__version__}", **models.provenance(), **request.provenance()}
    cutouts = []
    for number, subject in enumerate(subjects, start=1):
        own = run.fork()
        alpha, colours = finished(picture, image, subject, request.finish, own)
        told = {**provenance, "object": f"{number} of {len(subjects)}"} if objects == "each" else provenance
        warnings = tuple(dict.fromkeys((*picture.warnings, *models.warnings, *run.warnings, *own.warnings)))
        cutouts.append(Cutout(picture, alpha, colours, subject.soft_mask, told, warnings, own.seconds, subject.objects))
    return cutouts


def _start(load: Callable[[], Models]) -> Future[Models]:
    """Begin to load in a thread of its own: mostly native code, it runs while the picture is decoded."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cutsmith-load")
    future = pool.submit(load)
    # Ends the thread when the model is there, also when the picture turns out to be unreadable.
    pool.shutdown(wait=False)
    return future
