"""Runs each kind of job: turns its fields into a request and its result into an answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cutsmith.errors import BadJob, CutsmithError, shown
from cutsmith.options import OPTIONS
from cutsmith.pipeline.stages import IsCancelled
from cutsmith.request import Request
from cutsmith.serving.running import Report

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.picture import Picture
    from cutsmith.result.cutout import Cutout

# Roughly how long each stage takes, relative to the others.
_EFFORT = {
    "read": 1, "load": 6, "detect": 6, "mask": 8, "second look": 12, "matting": 12, "foreground": 2, "quality": 1,
    "answer": 1,
}  # fmt: skip

_STEP = 0.01

ANSWER_DTYPES = ("uint8", "uint16", "float32")
_ARRAY_DTYPES = {"pixels": ("uint8", "uint16"), "icc": ("uint8",)}
_PLANE_DTYPES = ("uint8", "float32")
_PLANES = tuple(name for name, option in OPTIONS.items() if option.kind == "array")


@dataclass(frozen=True)
class Answer:
    """A job's result: JSON fields and arrays."""

    fields: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def run_job(
    kind: str,
    fields: object,
    arrays: Mapping[str, NDArray[Any]],
    report: Report,
    cancelled: IsCancelled = lambda: False,
) -> Answer:
    """Do a job.

    Args:
        kind: "cut", "refine" or "models".
        fields: a JSON object with the options of a request by name, and what the answer should hold.
        arrays: "pixels", uint8 or uint16 (H, W, 3 or 4); "icc", the bytes of a profile; and the planes of a request.
        report: called when a stage begins; an exception that it raises ends the job.
        cancelled: asked between steps; true ends the job with `Cancelled`.

    Raises:
        BadJob: the kind does not exist, or fields or arrays are missing, unknown or of the wrong type.
        CutsmithError: as raised by the engine.
    """
    if kind not in _JOBS:
        raise BadJob(f"The job must be one of {', '.join(_JOBS)}, but got {kind[:40]!r}.")
    if not isinstance(fields, Mapping):
        raise BadJob(f"The job's options must be an object, but got {shown(fields)}.")
    return _JOBS[kind](_Asked(dict(fields), dict(arrays)), report, cancelled)


class _Asked:
    """The fields and arrays of a job."""

    def __init__(self, fields: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        self._fields = fields
        self._arrays = arrays

    def end(self, *, fields: Collection[str], arrays: Collection[str]) -> None:
        """Reject fields and arrays with any other name."""
        _refuse_unknown("options", set(self._fields) - set(fields))
        _refuse_unknown("arrays", set(self._arrays) - set(arrays))

    def request(self, defaults: Mapping[str, Any], planes: Collection[str]) -> Request:
        """The request made of the fields, which override `defaults`, and of the arrays named in `planes`."""
        self.end(
            fields=(*(name for name in OPTIONS if name not in _PLANES), *_WANTED_FIELDS),
            arrays=(*_ARRAY_DTYPES, "mask", *planes),
        )
        fields = {name: value for name, value in self._fields.items() if name in OPTIONS}
        given = {name: self.array(name) for name in planes if name in self._arrays}
        return Request.from_fields({**defaults, **fields, **given})

    def array(self, name: str) -> NDArray[Any]:
        """The array `name`, once its dtype has been checked."""
        if name not in self._arrays:
            raise BadJob(f'The job has no array "{name}".')
        array = self._arrays[name]
        dtypes = _ARRAY_DTYPES.get(name, _PLANE_DTYPES)
        if array.dtype.name not in dtypes:
            raise BadJob(f"The array {name} must be {' or '.join(dtypes)}, but got {array.dtype}.")
        return array

    def picture(self) -> Picture:
        """The picture in "pixels", (H, W, 3) or (H, W, 4) with straight alpha, with the profile in "icc"."""
        from cutsmith.picture import Picture

        samples = self.array("pixels")
        if samples.ndim != 3 or samples.shape[2] not in (3, 4):
            raise BadJob(f"The array pixels must have the shape (H, W, 3) or (H, W, 4), but got {samples.shape}.")
        icc = self.array("icc").tobytes() if "icc" in self._arrays else None
        most = self._fields.get("max_pixels", OPTIONS["max_pixels"].default)
        # A person with a picture open reads the messages.
        return replace(Picture.from_samples(samples, icc=icc, max_pixels=most), source="the picture")

    def wanted(self) -> _Wanted:
        """What the answer should hold."""
        dtype = self._fields.get("alpha", "uint8")
        if dtype not in ANSWER_DTYPES:
            raise BadJob(f"alpha must be one of {', '.join(ANSWER_DTYPES)}, but got {shown(dtype)}.")
        colours = self._fields.get("colours", False)
        if not isinstance(colours, bool):
            raise BadJob(f"colours must be true or false, but got {shown(colours)}.")
        return _Wanted(dtype, colours)


@dataclass(frozen=True)
class _Wanted:
    """What the answer should hold: alpha as `dtype`, and the subject's colours if `colours` is set."""

    dtype: str
    colours: bool

    def of(self, request: Request) -> Request:
        """`request`, without the estimation of colours if the answer does not need them."""
        return request if self.colours else request.updated({"foreground": "none"})


_WANTED_FIELDS = ("alpha", "colours")


def _cut(asked: _Asked, report: Report, cancelled: IsCancelled) -> Answer:
    from cutsmith.pipeline.cut_out import cut_out

    wanted = asked.wanted()
    request = wanted.of(asked.request({}, _PLANES))
    picture = asked.picture()
    stages = ["read", "load", *(["detect"] if request.phrases else []), "mask", *_looks(request)]
    progress = _Progress([*stages, *_finishing_stages(request)], report)
    cutout = cut_out(picture, request, on_stage=progress.begin, on_progress=progress.within, cancelled=cancelled)
    return _answer(cutout, wanted, progress)


def _looks(request: Request) -> list[str]:
    return [] if request.is_prompted or request.runtime.looks == "1" else ["second look"]


def _refine(asked: _Asked, report: Report, cancelled: IsCancelled) -> Answer:
    from cutsmith.pipeline.refine_mask import refine_mask

    wanted = asked.wanted()
    request = wanted.of(asked.request({}, ("trimap",)))
    mask, picture = asked.array("mask"), asked.picture()
    progress = _Progress(["read", *_finishing_stages(request)], report)
    cutout = refine_mask(
        picture, mask, request, on_stage=progress.begin, on_progress=progress.within, cancelled=cancelled
    )
    return _answer(cutout, wanted, progress)


def _models(asked: _Asked, report: Report, cancelled: IsCancelled) -> Answer:
    """List every model of the catalogue and whether it is here, and say what clicks and words still need."""
    from cutsmith.detection.loading import why_no_detector
    from cutsmith.machine.memory import available_memory
    from cutsmith.models.catalogue import DEFAULT_MODELS, of_kind
    from cutsmith.models.entry import KINDS
    from cutsmith.models.store import Store
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


def _refuse_unknown(what: str, names: Iterable[object]) -> None:
    unknown = sorted(map(shown, names))
    if unknown:
        raise BadJob(f"The job has unknown {what}: {', '.join(unknown)}.")


_JOBS: Mapping[str, Callable[[_Asked, Report, IsCancelled], Answer]] = {
    "cut": _cut,
    "refine": _refine,
    "models": _models,
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


def _answer(cutout: Cutout, wanted: _Wanted, progress: _Progress) -> Answer:
    from cutsmith.result.as_json import cutout_as_json

    progress.begin("answer")
    arrays: dict[str, NDArray[Any]] = {"alpha": answer_array(cutout.alpha, wanted.dtype)}
    if wanted.colours:
        arrays["colours"] = cutout.foreground
    return Answer(cutout_as_json(cutout), arrays)


def answer_array(alpha: NDArray[np.float32], dtype: str) -> NDArray[Any]:
    """`alpha` as `dtype`: float32 unchanged, uint8 and uint16 rounded as in the command line's files."""
    if dtype == "float32":
        return alpha
    import numpy as np

    from cutsmith.picture.samples import samples_from_alpha

    return samples_from_alpha(alpha, np.dtype(dtype))
