"""Runs each kind of job: turns its fields into a request and its result into an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cutsmith.errors import BadJob, CutsmithError, shown
from cutsmith.pipeline.stages import IsCancelled
from cutsmith.request import Request
from cutsmith.serving.answers import Answer, answer_array
from cutsmith.serving.asked import PLANES, Asked, Wanted
from cutsmith.serving.open_pictures import OpenPictures
from cutsmith.serving.pointing_jobs import POINTING_JOBS
from cutsmith.serving.running import Report

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.result.cutout import Cutout

# Roughly how long each stage takes, relative to the others.
_EFFORT = {
    "read": 1, "load": 6, "detect": 6, "mask": 8, "second look": 12, "matting": 12, "foreground": 2, "quality": 1,
    "answer": 1,
}  # fmt: skip

_STEP = 0.01


def run_job(
    kind: str,
    fields: object,
    arrays: Mapping[str, NDArray[Any]],
    report: Report,
    cancelled: IsCancelled = lambda: False,
    pictures: OpenPictures | None = None,
) -> Answer:
    """Do a job.

    Args:
        kind: "cut", "refine", "models", or one for an open picture: "open", "close", "detect", "mask" or "preview".
        fields: a JSON object with the options of a request by name, and what the answer should hold.
        arrays: "pixels", uint8 or uint16 (H, W, 3 or 4); "icc", the bytes of a profile; and the planes of a request.
        report: called when a stage begins; an exception that it raises ends the job.
        cancelled: asked between steps; true ends the job with `Cancelled`.
        pictures: those that stay open between jobs; None keeps none.

    Raises:
        BadJob: the kind does not exist, or fields or arrays are missing, unknown or of the wrong type.
        CutsmithError: as raised by the engine.
    """
    if kind not in _JOBS:
        raise BadJob(f"The job must be one of {', '.join(_JOBS)}, but got {kind[:40]!r}.")
    if not isinstance(fields, Mapping):
        raise BadJob(f"The job's options must be an object, but got {shown(fields)}.")
    kept = pictures if pictures is not None else OpenPictures(0, 0.0)
    kept.close_unused()
    return _JOBS[kind](Asked(dict(fields), dict(arrays), kept), report, cancelled)


def _cut(asked: Asked, report: Report, cancelled: IsCancelled) -> Answer:
    from cutsmith.pipeline.cut_out import cut_out
    from cutsmith.pipeline.prompting import asked_by_parts

    wanted = asked.wanted()
    request = wanted.of(asked.request(PLANES))
    picture, parts = asked.picture(), asked.parts()
    stages = ["read", "load", *(["detect"] if request.phrases else []), "mask", *_looks(request)]
    progress = _Progress([*stages, *_finishing_stages(request)], report)
    cutout = cut_out(
        picture,
        request,
        asked=asked_by_parts(parts, picture.width, picture.height) if parts else None,
        on_stage=progress.begin,
        on_progress=progress.within,
        cancelled=cancelled,
    )
    return _answer(cutout, wanted, progress)


def _looks(request: Request) -> list[str]:
    return [] if request.is_prompted or request.runtime.looks == "1" else ["second look"]


def _refine(asked: Asked, report: Report, cancelled: IsCancelled) -> Answer:
    from cutsmith.pipeline.refine_mask import refine_mask
    from cutsmith.pipeline.refine_within import refine_within

    wanted = asked.wanted()
    request = wanted.of(asked.request(("trimap",), arrays=("within",)))
    mask, picture = asked.array("mask"), asked.picture()
    progress = _Progress(["read", *_finishing_stages(request)], report)
    told: dict[str, Any] = {"on_stage": progress.begin, "on_progress": progress.within, "cancelled": cancelled}
    within = asked.optional_array("within")
    if within is not None:
        return _answer(refine_within(picture, mask, within, request, **told), wanted, progress)
    return _answer(refine_mask(picture, mask, request, **told), wanted, progress)


def _models(asked: Asked, report: Report, cancelled: IsCancelled) -> Answer:
    """List every model of the catalogue and whether it is here, and those that the user has tuned; say what clicks and
    words still need."""
    from cutsmith.detection.loading import why_no_detector
    from cutsmith.machine.memory import available_memory
    from cutsmith.models.catalogue import DEFAULT_MODELS, of_kind
    from cutsmith.models.entry import KINDS
    from cutsmith.models.store import Store
    from cutsmith.segmentation.finetuned import own_checkpoints
    from cutsmith.segmentation.loading import why_no_segmenter
    from cutsmith.serving.costs import costs_as_json

    asked.end(fields=(), arrays=())
    store = Store()
    models = [
        {
            "name": entry.name,
            "title": entry.title,
            "kind": entry.kind,
            "here": store.find(entry) is not None,
            "size": entry.total_size,
            "licence": entry.licence,
            "commercial_use": entry.commercial_use,
        }
        for kind in KINDS
        for entry in of_kind(kind).values()
    ] + [
        {
            "name": own.name,
            "title": own.title,
            "kind": "segmenter",
            "here": True,
            "size": own.path.stat().st_size,
            "licence": own.facts.licence,
            "commercial_use": own.commercial_use,
        }
        for own in own_checkpoints(store)
        if own.facts is not None
    ]
    return Answer(
        {
            "models": models,
            "default_removers": list(DEFAULT_MODELS),
            "packages": _packages(),
            "no_sam2": _missing_as_json(why_no_segmenter(store)),
            "no_detector": _missing_as_json(why_no_detector(store)),
            "matting_costs": costs_as_json(),
            "available_memory": available_memory(),
        }
    )


def _missing_as_json(error: CutsmithError | None) -> dict[str, Any] | None:
    return None if error is None else error.to_json()


def _packages() -> dict[str, bool]:
    """Which optional packages could be imported. This imports none of them."""
    from importlib.util import find_spec

    return {name: find_spec(name) is not None for name in ("torch", "sam2", "transformers", "groundingdino", "rembg")}


_JOBS: Mapping[str, Callable[[Asked, Report, IsCancelled], Answer]] = {
    "cut": _cut,
    "refine": _refine,
    "models": _models,
    **POINTING_JOBS,
}


class _Progress:
    """Turns each new stage into a share of the whole work."""

    def __init__(self, stages: list[str], report: Report) -> None:
        efforts = [_EFFORT[stage] for stage in stages]
        self._done = {stage: sum(efforts[:place]) / sum(efforts) for place, stage in enumerate(stages)}
        self._weight = {stage: effort / sum(efforts) for stage, effort in zip(stages, efforts, strict=True)}
        self._report = report
        self._last = 0.0

    def begin(self, stage: str) -> None:
        """Report that `stage` begins. The share never falls, not even for a stage that was not planned."""
        self._last = max(self._last, self._done.get(stage, 0.0))
        self._report(stage, self._last)

    def within(self, stage: str, share: float) -> None:
        """Report that `share` of `stage` is done, in [0, 1]; the whole share moves by hundredths."""
        # The end of a stage is told by the next one's beginning.
        now = self._done.get(stage, 0.0) + min(share, 0.95) * self._weight.get(stage, 0.0)
        if now >= self._last + _STEP:
            self._last = now
            self._report(stage, now)


def _finishing_stages(request: Request) -> list[str]:
    return [*(["matting"] if request.finish.matting != "none" else []), "foreground", "quality", "answer"]


def _answer(cutout: Cutout, wanted: Wanted, progress: _Progress) -> Answer:
    from cutsmith.result.as_json import cutout_as_json

    progress.begin("answer")
    arrays: dict[str, NDArray[Any]] = {"alpha": answer_array(cutout.alpha, wanted.dtype)}
    if wanted.colours:
        arrays["colours"] = cutout.foreground
    return Answer(cutout_as_json(cutout), arrays)
