"""What is done for each kind of job: the fields become the engine's arguments, its result becomes an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cutsmith.errors import BadJob, CutsmithError, Notice
from cutsmith.protocols import BOX_THRESHOLD, TEXT_THRESHOLD
from cutsmith.worker.job_fields import ANSWER_DTYPES, Arrays, Options, answer_array, wire_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.picture import Picture
    from cutsmith.result.cutout import Cutout, FoundObject
    from cutsmith.worker.protocol import Array, Message

Report = Callable[[str, float], None]
"""Called with a stage that begins and the share of the work, in [0, 1], that is done by then."""

# About what the stages take, each in relation to the others.
_EFFORT = {"read": 1, "load": 6, "detect": 6, "mask": 8, "matting": 12, "foreground": 2, "answer": 1}


@dataclass(frozen=True)
class Answer:
    """A job's result: fields for the header, and arrays."""

    fields: Mapping[str, Any]
    arrays: Mapping[str, Array] = field(default_factory=dict)


def run_job(message: Message, report: Report) -> Answer:
    """Do what `message` asks for. What `report` raises ends it.

    Raises:
        BadJob: of an unknown kind, or with wrong, missing or unknown fields.
        CutsmithError: as the engine raises it.
    """
    kind = message.header.get("job")
    if not isinstance(kind, str) or kind not in _JOBS:
        raise BadJob(f"There is no job {str(kind)[:40]!r}: wanted one of {', '.join(_JOBS)}.")
    return _JOBS[kind](Options(message.header.get("options", {})), Arrays(message.arrays), report)


def _cut(options: Options, arrays: Arrays, report: Report) -> Answer:
    from cutsmith.pipeline.cut_out import cut_out
    from cutsmith.pipeline.finishing import FOREGROUND_METHODS, MATTING_METHODS

    text = options.text("text")
    arguments: dict[str, Any] = {
        "model": options.text("model"),
        "text": text,
        "box": options.numbers("box", 4),
        "points": options.points(),
        "segmenter": options.text("segmenter"),
        "detector": options.text("detector"),
        "box_threshold": options.number("box_threshold", BOX_THRESHOLD),
        "text_threshold": options.number("text_threshold", TEXT_THRESHOLD),
        "max_detections": options.whole("max_detections"),
        "objects": options.choice("objects", ("all", "best"), "all"),
        "matting": options.choice("matting", MATTING_METHODS, "none"),
        "band": options.band(),
        "foreground": options.choice("foreground", FOREGROUND_METHODS, "blur-fusion"),
        "engine": options.text("engine", "auto") or "auto",
        "device": options.text("device", "auto") or "auto",
        "threads": options.whole("threads"),
        "mask": arrays.take("mask", ("uint8", "float32")),
    }
    wanted = _Wanted.taken(options, arguments)
    picture = wanted.of(arrays.picture())
    selection = arrays.take("selection", ("uint8", "float32"))
    options.end()
    arrays.end()
    if selection is not None:
        _ask_for_selection(selection, picture, arguments)
    stages = ["read", "load", *(["detect"] if text is not None else []), "mask"]
    progress = _Progress([*stages, *_finishing_stages(arguments)], report)
    cutout = cut_out(picture, **arguments, on_stage=progress.begin)
    return _answer(cutout, wanted, progress)


def _ask_for_selection(selection: NDArray[Any], picture: Picture, arguments: dict[str, Any]) -> None:
    """Let `arguments` ask for what was selected: by its box, and by points inside it where SAM 2 is what cuts out."""
    from cutsmith.segmentation.loading import why_no_sam2
    from cutsmith.segmentation.selection_prompt import prompt_of_selection
    from cutsmith.segmentation.subject_in_box import NAME as SUBJECT_IN_BOX

    others = [name for name in ("text", "box", "points", "mask") if arguments[name] not in (None, ())]
    if others:
        raise BadJob(f"The job has a selection and {' and '.join(others)}: wanted one way to say what is cut out.")
    segmenter = arguments["segmenter"]
    is_for_sam2 = segmenter != SUBJECT_IN_BOX if segmenter is not None else why_no_sam2() is None
    prompt = prompt_of_selection(selection, picture.width, picture.height, with_points=is_for_sam2)
    arguments["box"], arguments["points"] = prompt.box, prompt.points


def _refine(options: Options, arrays: Arrays, report: Report) -> Answer:
    from cutsmith.pipeline.finishing import FOREGROUND_METHODS, MATTING_METHODS
    from cutsmith.pipeline.refine_mask import refine_mask

    arguments: dict[str, Any] = {
        "matting": options.choice("matting", MATTING_METHODS, "closed-form"),
        "band": options.band(),
        "foreground": options.choice("foreground", FOREGROUND_METHODS, "blur-fusion"),
        "trimap": arrays.take("trimap", ("uint8", "float32")),
    }
    wanted = _Wanted.taken(options, arguments)
    mask = arrays.take("mask", ("uint8", "float32"))
    if mask is None:
        raise BadJob('The job has no array "mask".', "Send the mask as uint8 or float32 (H, W).")
    picture = wanted.of(arrays.picture())
    options.end()
    arrays.end()
    progress = _Progress(["read", *_finishing_stages(arguments)], report)
    cutout = refine_mask(picture, mask, **arguments, on_stage=progress.begin)
    return _answer(cutout, wanted, progress)


def _models(options: Options, arrays: Arrays, report: Report) -> Answer:
    """Every model of the catalogue, whether it is here, and what is missing for clicks and for words."""
    from cutsmith.detection.loading import why_no_detector
    from cutsmith.models.catalogue import OPTIONS, of_kind
    from cutsmith.models.store import Store
    from cutsmith.removal.loading import DEFAULT_MODELS
    from cutsmith.segmentation.loading import why_no_sam2

    options.end()
    arrays.end()
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
        for kind in OPTIONS
        for entry in of_kind(kind).values()
    ]
    return Answer(
        {
            "models": models,
            "default_removers": list(DEFAULT_MODELS),
            "packages": _packages(),
            "no_sam2": _told_missing(why_no_sam2(store)),
            "no_detector": _told_missing(why_no_detector(store)),
        }
    )


def _told_missing(error: CutsmithError | None) -> dict[str, Any] | None:
    return None if error is None else error.to_json()


def _packages() -> dict[str, bool]:
    """Which optional packages can be imported; none is."""
    from importlib.util import find_spec

    return {name: find_spec(name) is not None for name in ("torch", "sam2", "transformers", "groundingdino", "rembg")}


_JOBS: dict[str, Callable[[Options, Arrays, Report], Answer]] = {"cut": _cut, "refine": _refine, "models": _models}


@dataclass(frozen=True)
class _Wanted:
    """What the answer is to hold: alpha as `dtype`, and the subject's colours where `colours` is set.

    With `subject_alone` the picture's own transparency is not part of the answer, though the models see it on white:
    a mask beside it would count it twice.
    """

    dtype: str
    colours: bool
    subject_alone: bool

    @classmethod
    def taken(cls, options: Options, arguments: dict[str, Any]) -> _Wanted:
        """From the options of the same names; colours that nobody wants are not estimated."""
        dtype = options.choice("alpha", ANSWER_DTYPES, "uint8")
        wanted = cls(dtype, options.flag("colours"), options.flag("subject_alone"))
        if not wanted.colours:
            arguments["foreground"] = "none"
        return wanted

    def of(self, picture: Picture) -> Picture:
        """`picture`, or what the models see of it."""
        if not self.subject_alone or picture.alpha is None:
            return picture
        return replace(picture, pixels=picture.srgb(), alpha=None, icc=None)


class _Progress:
    """Turns stages that begin into shares of the whole."""

    def __init__(self, stages: list[str], report: Report) -> None:
        efforts = [_EFFORT[stage] for stage in stages]
        self._done = {stage: sum(efforts[:place]) / sum(efforts) for place, stage in enumerate(stages)}
        self._report = report
        self._last = 0.0

    def begin(self, stage: str) -> None:
        """Report that `stage` begins. The share never goes back, also for a stage that was not planned."""
        self._last = max(self._last, self._done.get(stage, 0.0))
        self._report(stage, self._last)


def _finishing_stages(arguments: Mapping[str, Any]) -> list[str]:
    return [*(["matting"] if arguments["matting"] != "none" else []), "foreground", "answer"]


def _answer(cutout: Cutout, wanted: _Wanted, progress: _Progress) -> Answer:
    progress.begin("answer")
    arrays = {"alpha": wire_array(answer_array(cutout.alpha, wanted.dtype))}
    if wanted.colours:
        arrays["colours"] = wire_array(cutout.foreground)
    told = {
        "objects": [_told(found) for found in cutout.objects],
        "warnings": list(cutout.warnings),
        "notices": [(each if isinstance(each, Notice) else Notice(each)).to_json() for each in cutout.warnings],
        "provenance": dict(cutout.provenance),
        "seconds": dict(cutout.seconds),
    }
    return Answer(told, arrays)


def _told(found: FoundObject) -> dict[str, Any]:
    scores = {"score": found.score, "predicted_iou": found.predicted_iou, "stability": found.stability}
    return {
        "box": None if found.box is None else [float(value) for value in found.box],
        "points": [[float(value) for value in point] for point in found.points],
        "label": found.label,
        **{name: None if value is None else float(value) for name, value in scores.items()},
    }
