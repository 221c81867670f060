"""What was asked for -> soft masks: words -> boxes -> masks, a box or clicks -> a mask, or the main subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.errors import SubjectNotFound
from cutsmith.geometry import Box, checked_box
from cutsmith.protocols import Prompt
from cutsmith.result.cutout import FoundObject
from cutsmith.search import Objects, Search
from cutsmith.segmentation.prompts import checked_mask, checked_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.pipeline.loading import Models
    from cutsmith.protocols import Candidates, Detection, Segment

# A picture holds a subject if one pixel at least is more likely subject than not. Raw maxima where there is none: plain
# pictures <= 0.05, gravel and grass 0.40, noise 0.16 to 0.63 by its size (docs/decisions.md).
FOUND_PROBABILITY = 0.5


@dataclass(frozen=True, eq=False)
class Subject:
    """What is cut out as one.

    Attributes:
        soft_mask: float32 (H, W) in [0, 1].
        objects: what it is made of.
        uncut: the soft mask before it was cut off at boxes, where it was; for matting.
        inside: bool (H, W), where alpha may be above 0; None where it may everywhere.
    """

    soft_mask: NDArray[np.float32]
    objects: tuple[FoundObject, ...] = ()
    uncut: NDArray[np.float32] | None = None
    inside: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Found:
    """The subjects of a picture, one or, with `objects="each"`, one an object, and what the user should know."""

    subjects: tuple[Subject, ...]
    warnings: tuple[str, ...] = ()


Stage = Callable[[str], AbstractContextManager[None]]


def find_subjects(models: Models, image: NDArray[np.uint8], search: Search, source: str, stage: Stage) -> Found:
    """What `search` asks for in `image`, uint8 (H, W, 3); `source` is how the picture is called.

    Raises:
        SubjectNotFound: there is none, with the best score seen and the threshold.
        UsageError: a box, point or mask does not fit the picture.
    """
    if models.segmenter is None:
        assert models.remover is not None, "load_models gives a segmenter or a remover"
        with stage("mask"):
            soft_mask = models.remover.soft_mask(image)
        _require_found(float(soft_mask.max()), source, "point at the subject: --box X0,Y0,X1,Y1")
        return Found((Subject(soft_mask),))
    wanted, warnings = _wanted_objects(models, image, search, source, stage)
    with stage("mask"):
        segments = models.segmenter.segment(image, [prompt for prompt, _ in wanted])
        objects = [
            replace(found, predicted_iou=segment.predicted_iou, stability=segment.stability)
            for (_, found), segment in zip(wanted, segments, strict=True)
        ]
        subjects = united(segments, objects) if search.objects == "all" else apart(segments, objects, search.objects)
    if not subjects:
        best = max(float(segment.soft_mask().max()) for segment in segments)
        _require_found(best, f"{_place(search)} {source}", "give a larger box, or other words")
    return Found(subjects, warnings)


def _wanted_objects(
    models: Models, image: NDArray[np.uint8], search: Search, source: str, stage: Stage
) -> tuple[list[tuple[Prompt, FoundObject]], tuple[str, ...]]:
    """The segmenter's prompts, each with what is known of its object, and warnings."""
    height, width = image.shape[:2]
    if models.detector is None:
        box = None if search.box is None else checked_box(search.box, width, height)
        alone = box is None and search.mask is None
        points = checked_points(search.points, width, height, alone=alone)
        mask = None if search.mask is None else checked_mask(search.mask, width, height)
        return [(Prompt(box, points, mask), FoundObject(box, points))], ()
    with stage("detect"):
        candidates = models.detector.candidates(image, search.phrases)
    detections = detections_of(candidates, search, source)
    return [
        (Prompt(box=found.box), FoundObject(found.box, label=found.label, score=found.score)) for found in detections
    ], (candidates.warnings)


def detections_of(candidates: Candidates, search: Search, source: str) -> list[Detection]:
    """The detections among `candidates`, highest score first: one at least.

    Raises:
        SubjectNotFound: none reaches the thresholds.
    """
    from cutsmith.detection.selection import best_score, select

    detections = select(candidates, search.box_threshold, search.text_threshold, search.max_detections)
    if detections:
        return detections
    best = best_score(candidates)
    asked = ", ".join(candidates.phrases)
    wanted = f"wanted more than {search.box_threshold:g}"
    what = f"Nothing found for {asked!r} in {source}: the best score is {best:.2f}, {wanted}"
    if best > search.box_threshold:
        what += f" and a word with more than {search.text_threshold:g}"
    raise SubjectNotFound(
        f"{what}.",
        "Try other words, or lower --box-threshold"
        + (" and --text-threshold." if best > search.box_threshold else "."),
        best_probability=best,
        threshold=search.box_threshold,
    )


def united(segments: Sequence[Segment], objects: Sequence[FoundObject]) -> tuple[Subject, ...]:
    """One subject of all that was found, in each pixel the highest probability; none where no segment has a mask."""
    union: Subject | None = None
    for subject in _with_a_mask(segments, objects):
        union = subject if union is None else _union(union, subject)
    return () if union is None else (union,)


def _union(one: Subject, other: Subject) -> Subject:
    uncut, inside = one.uncut, one.inside
    if uncut is not None and inside is not None and other.uncut is not None and other.inside is not None:
        uncut, inside = np.maximum(uncut, other.uncut), inside | other.inside
    return Subject(np.maximum(one.soft_mask, other.soft_mask), (*one.objects, *other.objects), uncut, inside)


def apart(segments: Sequence[Segment], objects: Sequence[FoundObject], wanted: Objects = "each") -> tuple[Subject, ...]:
    """A subject an object that has a mask, in the order of `objects`; with "best" the first alone."""
    subjects = _with_a_mask(segments, objects)
    if wanted == "best":
        first = next(subjects, None)
        return () if first is None else (first,)
    return tuple(subjects)


def _with_a_mask(segments: Sequence[Segment], objects: Sequence[FoundObject]) -> Iterator[Subject]:
    """Each segment that has a mask, as a subject of its own."""
    for segment, found in zip(segments, objects, strict=True):
        soft_mask = segment.soft_mask()
        if soft_mask.max() < FOUND_PROBABILITY:
            continue
        if (cut_off := segment.uncut()) is None:
            yield Subject(soft_mask, (found,))
            continue
        uncut, box = cut_off
        inside = np.zeros(soft_mask.shape, bool)
        inside[box] = True
        yield Subject(soft_mask, (found,), uncut, inside)


def _place(search: Search) -> str:
    if search.phrases:
        return f"the boxes of {', '.join(search.phrases)!r} in"
    return f"the box {box_text(search.box)} of" if search.box is not None else "what was pointed at in"


def box_text(box: tuple[float, float, float, float] | Box) -> str:
    """A box as `--box` takes it."""
    return ",".join(f"{value:g}" for value in box)


def _require_found(best: float, where: str, advice: str) -> None:
    if best < FOUND_PROBABILITY:
        raise SubjectNotFound(
            f"Nothing found in {where}: the best probability is {best:.2f}, wanted {FOUND_PROBABILITY} or more.",
            f"Try another model (cutsmith models list), or {advice}",
            best_probability=best,
            threshold=FOUND_PROBABILITY,
        )
