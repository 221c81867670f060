"""Writes results as JSON. The command line, the worker and every other door use this one form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cutsmith.errors import Notice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cutsmith.protocols import Detection
    from cutsmith.result.cutout import Cutout, FoundObject
    from cutsmith.result.looks import Looks
    from cutsmith.result.quality import Quality
    from cutsmith.result.steps import Step


def detection_as_json(found: Detection) -> dict[str, Any]:
    """A detection: its box in hundredths of a pixel, its label, and its score in ten thousandths."""
    return {"box": _box(found.box), "label": found.label, "score": _share(found.score)}


def object_as_json(found: FoundObject) -> dict[str, Any]:
    """An object of a cut-out: box, points, label and scores; unknown values are null."""
    return {
        "box": None if found.box is None else _box(found.box),
        "points": [[round(float(value), 2) for value in point] for point in found.points],
        "label": found.label or None,
        "score": _share(found.score),
        "predicted_iou": _share(found.predicted_iou),
        "stability": _share(found.stability),
    }


def cutout_as_json(cutout: Cutout) -> dict[str, Any]:
    """A cut-out without its pixels: objects, warnings, provenance and the seconds of each stage.

    "notices" are the warnings as data, each with "what" and "cures", for doors that word them differently.
    """
    return {
        "objects": [object_as_json(found) for found in cutout.objects],
        **measures_as_json(cutout),
        "second_look": None if cutout.second_look is None else looks_as_json(cutout.second_look),
        "quality": quality_as_json(cutout.quality),
        "steps": [step_as_json(step) for step in cutout.steps],
        "warnings": list(cutout.warnings),
        "notices": [notice_of(each).to_json() for each in cutout.warnings],
        "provenance": dict(cutout.provenance),
        "seconds": dict(cutout.seconds),
    }


def measures_as_json(cutout: Cutout) -> dict[str, Any]:
    """The numbers of a cut-out: "area", "mean_probability" and "components" (see `cutsmith.result.measures`)."""
    from cutsmith.result.measures import measures

    found = measures(cutout)
    return {
        "area": _share(found.area),
        "mean_probability": _share(found.mean_probability),
        "components": found.components,
    }


def looks_as_json(looks: Looks) -> dict[str, Any]:
    """The views of a picture: which was taken and why, how sure each mask was, and how alike they were."""
    return {
        "taken": looks.taken,
        "reason": looks.reason,
        "undecidedness": {name: _share(value) for name, value in looks.undecidedness.items()},
        "agreement": _share(looks.agreement),
        "are_apart": looks.are_apart,
    }


def quality_as_json(quality: Quality) -> dict[str, Any]:
    """The quality of a cut-out: "uncertainty" (null where unknown), "verdict" and "reasons"."""
    return {
        "uncertainty": _share(quality.uncertainty),
        "verdict": quality.verdict,
        "reasons": list(quality.reasons),
    }


def step_as_json(step: Step) -> dict[str, Any]:
    """A step of the cascade: its name, model and quality, seconds, whether its mask was kept, and what it brought."""
    return {
        "step": step.name,
        "model": step.model,
        **quality_as_json(step.quality),
        "seconds": round(step.seconds, 3),
        "kept": step.is_kept,
        "told": step.told,
    }


def notice_of(warning: str) -> Notice:
    """A warning as a notice; a plain text has no cures."""
    return warning if isinstance(warning, Notice) else Notice(warning)


def _box(box: Sequence[float]) -> list[float]:
    return [round(float(value), 2) for value in box]


def _share(value: float | None) -> float | None:
    """`value` rounded; None where it is no number, for which JSON has no word."""
    return None if value is None or not math.isfinite(value) else round(float(value), 4)


def without_nan(told: Any) -> Any:
    """`told` with null for each number that is none (NaN, infinity), for which JSON has no word."""
    if isinstance(told, float) and not math.isfinite(told):
        return None
    if isinstance(told, Mapping):
        return {key: without_nan(value) for key, value in told.items()}
    return [without_nan(value) for value in told] if isinstance(told, list | tuple) else told
