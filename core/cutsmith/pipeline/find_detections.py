"""`find_detections()` finds the objects that words name in a picture, without cutting them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from cutsmith.cures import give
from cutsmith.errors import BadPhrases
from cutsmith.machine.cancelling import awaited, started
from cutsmith.picture import Picture
from cutsmith.pipeline.loading import POOL, ModelPool, Models
from cutsmith.pipeline.stages import IsCancelled, OnStage, Run
from cutsmith.pipeline.subjects import detections_of
from cutsmith.request import Options, Request, given_request
from cutsmith.result.detections import Detections
from cutsmith.version import SOFTWARE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cutsmith.picture import Source


def find_detections(
    source: Source,
    text: str | Sequence[str] | None = None,
    /,
    request: Request | None = None,
    *,
    models: Models | None = None,
    pool: ModelPool | None = None,
    on_stage: OnStage | None = None,
    cancelled: IsCancelled | None = None,
    **options: Unpack[Options],
) -> Detections:
    """Find the boxes of the objects that `text` names; arguments and errors as for `cutsmith.cut_out`.

    Only the detector of `models` is used. The options of `Finish` have no effect.
    """
    wanted = given_request(request).updated({**options, **({} if text is None else {"text": text})}).checked()
    if not wanted.phrases:
        raise BadPhrases("There are no words to look for.", give("text", '"red mug"'), option="text")
    run = Run(on_stage, cancelled)
    with run.stage("read"):
        picture = Picture.of(source, max_pixels=wanted.runtime.max_pixels).without_hidden_colours()
        image = picture.for_models()
    with run.stage("load"):
        detector, told = models.detector if models is not None else None, models.warnings if models is not None else ()
        if detector is None:
            detector, told = awaited(started(lambda: (pool or POOL).detector(wanted.runtime)))
    with run.stage("detect"):
        candidates = detector.candidates(image, wanted.phrases)
        found = detections_of(candidates, wanted.target, picture.source)
    return Detections(
        picture,
        tuple(found),
        {
            "software": SOFTWARE,
            **detector.provenance(),
            **candidates.thresholds.provenance(),
            **wanted.words_provenance(),
        },
        tuple(dict.fromkeys((*picture.warnings, *told, *candidates.warnings, *run.warnings))),
        run.seconds,
    )
