"""`cut_out()` takes a picture through all rooms: picture -> objects -> soft mask -> alpha -> foreground."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Unpack

from cutsmith.errors import BadOption, SubjectNotFound
from cutsmith.machine.cancelling import awaited, started
from cutsmith.matting.loading import import_solver
from cutsmith.picture import Picture
from cutsmith.pipeline.finishing import finished
from cutsmith.pipeline.loading import ModelPool, Models, load_models
from cutsmith.pipeline.own_transparency import is_own_cutout, may_stand_in, own_cutout
from cutsmith.pipeline.prompting import Asked, check_target, subject_alone
from cutsmith.pipeline.stages import IsCancelled, OnProgress, OnStage, Run
from cutsmith.pipeline.subjects import find_subjects
from cutsmith.quality.judging import judged
from cutsmith.request import Options, Request, given_request
from cutsmith.result.cutout import Cutout
from cutsmith.result.steps import steps_in_words
from cutsmith.version import SOFTWARE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.options import Objects
    from cutsmith.picture import Source
    from cutsmith.pipeline.subject import Subject

OnPicture = Callable[[Picture], None]


def cut_out(
    source: Source,
    request: Request | None = None,
    *,
    models: Models | None = None,
    pool: ModelPool | None = None,
    asked: Sequence[Asked] | None = None,
    on_stage: OnStage | None = None,
    on_progress: OnProgress | None = None,
    on_picture: OnPicture | None = None,
    cancelled: IsCancelled | None = None,
    **options: Unpack[Options],
) -> Cutout:
    """Cut the main subject out of a picture, or the objects that words, a box, points or a mask describe.

    Args:
        source: a path, "-" for standard input, the file's bytes, a binary stream, an array (H, W, 3 or 4) of uint8 or
            uint16, a PIL image, or a `Picture`.
        request: all options as one object; `options` replace its values.
        models: models that are already open; missing ones are loaded and kept.
        pool: loads and keeps models; None takes this process's own pool.
        asked: objects to segment that the request cannot describe, such as several boxes.
        on_stage: called with the name of each stage as it begins ("read", "load", "detect", "mask", "second look",
            "another way", "matting", "foreground", "quality"), for progress; an exception that it raises ends the call.
        on_progress: called in the midst of long stages with the stage's name and the share that is done, in [0, 1].
        on_picture: called with the picture once it is read, before a model runs; an exception that it raises ends the
            call.
        cancelled: called often, in whichever thread works; true ends the call with `Cancelled` in about 0.3 s.
        **options: options by name: see `cutsmith.options`, or `cutsmith cut --help`.

    Raises:
        PictureError: the picture cannot be read.
        UsageError: the value of an option is wrong, including words, box and points.
        NotInstalled: weights, an engine or an extra are missing.
        SubjectNotFound: no pixel reached a probability of 0.5, or no box reached the threshold.
        Cancelled: `cancelled` returned true.
    """
    wanted = given_request(request).updated(options).checked()
    if wanted.target.objects == "each":
        raise BadOption(
            "cut_out() gives one cut-out, but the objects were asked for apart.",
            "cutsmith.cut_out_each() gives a list, one an object.",
            option="objects",
        )
    (cutout,) = _cut_outs(
        source,
        wanted,
        models,
        pool,
        asked,
        wanted.target.objects,
        Run(on_stage, cancelled, on_progress=on_progress),
        on_picture,
    )
    return cutout


def cut_out_each(
    source: Source,
    request: Request | None = None,
    *,
    models: Models | None = None,
    pool: ModelPool | None = None,
    asked: Sequence[Asked] | None = None,
    on_stage: OnStage | None = None,
    on_progress: OnProgress | None = None,
    on_picture: OnPicture | None = None,
    cancelled: IsCancelled | None = None,
    **options: Unpack[Options],
) -> list[Cutout]:
    """Like `cut_out`, but return a list with one cut-out per object found, the most confident first.

    Without words there is one object, so the list has one cut-out.
    """
    wanted = given_request(request).updated(options).checked()
    objects: Objects = "best" if wanted.target.objects == "best" else "each"
    return _cut_outs(
        source, wanted, models, pool, asked, objects, Run(on_stage, cancelled, on_progress=on_progress), on_picture
    )


def _cut_outs(
    source: Source,
    request: Request,
    given: Models | None,
    pool: ModelPool | None,
    asked: Sequence[Asked] | None,
    objects: Objects,
    run: Run,
    on_picture: OnPicture | None,
) -> list[Cutout]:
    if request.finish.matting in ("auto", "closed-form"):
        started(import_solver)  # what fails here fails again, and is told, where it is used
    is_prompted = request.is_prompted or asked is not None
    with_points = any(each.prompt.points for each in asked or ())
    loading = started(lambda: load_models(request, given, pool, is_prompted=is_prompted, with_points=with_points))
    with run.stage("read"):
        original = Picture.of(source, max_pixels=request.runtime.max_pixels)
        run.check()
        original = original.without_hidden_colours()
        if on_picture is not None:
            on_picture(original)
        picture = subject_alone(original) if request.finish.subject_alone else original
        run.check()
        image = picture.for_models()
        # Checked before waiting for the models: the user should fix the target first, even if weights are missing.
        check_target(request.target, picture.width, picture.height)
        is_main_subject = not request.is_prompted and asked is None
        is_done = is_own_cutout(original) and is_main_subject
    if is_done:
        return [own_cutout(original, picture, request, run)]
    with run.stage("load"):
        models = awaited(loading)
    try:
        subjects = find_subjects(models, image, request, picture.source, run, asked, objects=objects)
    except SubjectNotFound:
        if is_main_subject and may_stand_in(original):
            return [own_cutout(original, picture, request, run, models)]
        raise
    cutouts = []
    for number, subject in enumerate(subjects, start=1):
        place = f"{number} of {len(subjects)}" if objects == "each" else ""
        cutouts.append(_cutout(picture, image, subject, request, models, run, place))
    return cutouts


def _cutout(
    picture: Picture,
    image: NDArray[np.uint8],
    subject: Subject,
    request: Request,
    models: Models,
    run: Run,
    place: str,
) -> Cutout:
    """`subject` with alpha, colours and quality; `place` says which of several objects it is, or is ""."""
    own = run.fork()
    if request.runtime.cascade:
        from cutsmith.pipeline.cascade.enclosed import without_enclosed

        subject = without_enclosed(image, subject)
    alpha, colours, matting_told = finished(picture, image, subject, request, own, network=models.matting_network)
    with own.stage("quality"):
        quality = judged(
            image,
            subject.soft_mask,
            1 - alpha if request.finish.invert else alpha,
            subject.looks,
            subject.objects or subject.judged_objects,
            subject.network,
            subject.disagreement,
        ).doubted(subject.doubts)
    told = {"software": SOFTWARE, **models.provenance(), **request.provenance()}
    if place:
        told["object"] = place
    if subject.looks is not None:
        told |= subject.looks.provenance()
    told |= {**matting_told, **quality.provenance()}
    if subject.steps:
        told["cascade"] = steps_in_words(subject.steps)
    said = (quality.warning,) if quality.warning else ()
    warnings = (*picture.warnings, *models.warnings, *run.warnings, *own.warnings, *said)
    return Cutout(
        picture,
        alpha,
        colours,
        subject.soft_mask,
        told,
        tuple(dict.fromkeys(warnings)),
        own.seconds,
        subject.objects,
        subject.looks,
        quality,
        subject.steps,
    )
