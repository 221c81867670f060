"""A request -> soft masks: from words by way of boxes, from a box or clicks, or of the main subject."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.cures import Cure, advise, give, lower, run
from cutsmith.errors import SubjectNotFound
from cutsmith.geometry import box_of_mask
from cutsmith.options import Objects
from cutsmith.pipeline.looks.second_look import subject_mask
from cutsmith.pipeline.prompting import Asked, asked_by_detections, asked_by_target
from cutsmith.pipeline.subject import FOUND_PROBABILITY, Subject
from cutsmith.request import box_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.options import Target
    from cutsmith.pipeline.cascade.other_way import OtherWay
    from cutsmith.pipeline.loading import Models
    from cutsmith.pipeline.stages import Run
    from cutsmith.protocols import Candidates, Detection, Remover, Segment
    from cutsmith.request import Request


def find_subjects(
    models: Models,
    image: NDArray[np.uint8],
    request: Request,
    source: str,
    run: Run,
    asked: Sequence[Asked] | None = None,
    *,
    objects: Objects = "all",
) -> tuple[Subject, ...]:
    """Find the subjects of `request` in `image`, uint8 (H, W, 3): one, or one per object with `objects="each"`.

    `asked` are further objects from a door; `source` is the name of the picture in messages.

    Raises:
        SubjectNotFound: nothing was found; has the best score and the threshold.
        UsageError: a box, point or mask does not fit the picture.
    """
    if models.segmenter is None:
        assert models.remover is not None, "load_models gives a segmenter or a remover"
        subject = _main_subject(models.remover, models.other_way, image, request, run)
        best = float(subject.soft_mask.max())
        _require_found(best, source, give("box", "40,60,300,420", text="Or point at the subject"))
        return (subject,)
    wanted = _asked(models, image, request, source, run) if asked is None else asked
    with run.stage("mask"):
        segments = models.segmenter.segment(image, [each.prompt for each in wanted], run)
        pointed = [
            each._replace(found=replace(each.found, predicted_iou=segment.predicted_iou, stability=segment.stability))
            for each, segment in zip(wanted, segments, strict=True)
        ]
        masked = _with_a_mask(segments, pointed, run)
        subjects = united(masked) if objects == "all" else apart(masked, objects)
    if subjects and any(each.is_taken_away for each in pointed):
        _require_found(float(subjects[0].soft_mask.max()), f"{_place(request)} {source}", advise("Take away less."))
    if not subjects:
        best = max((float(segment.soft_mask().max()) for segment in segments), default=0.0)
        _require_found(best, f"{_place(request)} {source}", advise("Give a larger box, or other words."))
    return subjects


def _main_subject(
    remover: Remover, other_way: OtherWay | None, image: NDArray[np.uint8], request: Request, run: Run
) -> Subject:
    if request.runtime.cascade:
        from cutsmith.pipeline.cascade.routing import routed

        return routed(remover, other_way, image, request.runtime.looks, run)
    soft_mask, looks = subject_mask(remover, image, request.runtime.looks, run)
    return Subject(soft_mask, looks=looks, network=remover.name)


def _asked(models: Models, image: NDArray[np.uint8], request: Request, source: str, run: Run) -> list[Asked]:
    height, width = image.shape[:2]
    if models.detector is None:
        assert models.segmenter is not None, "asked for by the caller"
        return asked_by_target(request.target, width, height, with_points=models.segmenter.takes_points)
    with run.stage("detect"):
        candidates = models.detector.candidates(image, request.phrases)
    for warning in candidates.warnings:
        run.warn(warning)
    return asked_by_detections(detections_of(candidates, request.target, source))


def detections_of(candidates: Candidates, target: Target, source: str) -> list[Detection]:
    """Select the detections among `candidates`: at least one, highest score first.

    Raises:
        SubjectNotFound: no candidate reaches the thresholds.
    """
    from cutsmith.detection.selection import best_score, chosen_thresholds, select

    least = chosen_thresholds(candidates, target.box_threshold, target.text_threshold)
    detections = select(candidates, *least, target.max_detections)
    if detections:
        return detections
    best = best_score(candidates)
    words = ", ".join(candidates.phrases)
    what = f"Nothing was found for {words!r} in {source}: the best score must be above {least.box:g}, but is {best:.2f}"
    cures = [advise("Try other words."), lower("box_threshold")]
    if best > least.box:
        what = (
            f"Nothing was found for {words!r} in {source}: the best score is {best:.2f}, but that of a word must be "
            f"above {least.text:g}"
        )
        cures.append(lower("text_threshold"))
    raise SubjectNotFound(f"{what}.", *cures, best_probability=best, threshold=least.box)


def united(masked: Iterator[Subject]) -> tuple[Subject, ...]:
    """Unite all subjects into one, with the highest probability at each pixel; empty if there are none.

    Those that are taken away are no part of it, and where they are it is not.
    """
    union: Subject | None = None
    for subject in masked:
        if subject.is_taken_away:
            union = None if union is None else _without(union, subject)
        else:
            union = subject if union is None else _union(union, subject)
    return () if union is None else (union,)


def apart(masked: Iterator[Subject], objects: Objects) -> tuple[Subject, ...]:
    """The subjects one by one, in order; with "best" only the first."""
    if objects == "best":
        first = next(masked, None)
        return () if first is None else (first,)
    return tuple(masked)


def _without(one: Subject, other: Subject) -> Subject:
    rest = 1 - other.soft_mask
    uncut = None if one.uncut is None else np.minimum(one.uncut, rest)
    return replace(one, soft_mask=np.minimum(one.soft_mask, rest), uncut=uncut)


def _union(one: Subject, other: Subject) -> Subject:
    uncut, inside = one.uncut, one.inside
    if uncut is not None and inside is not None and other.uncut is not None and other.inside is not None:
        uncut, inside = np.maximum(uncut, other.uncut), inside | other.inside
    return Subject(np.maximum(one.soft_mask, other.soft_mask), (*one.objects, *other.objects), uncut, inside)


def _with_a_mask(segments: Sequence[Segment], asked: Sequence[Asked], run: Run) -> Iterator[Subject]:
    """Yield each segment that has a mask as a separate subject."""
    for number, (segment, wanted) in enumerate(zip(segments, asked, strict=True)):
        # Some segments run their model only now.
        run.check()
        run.progress(number / len(segments))
        soft_mask = segment.soft_mask()
        mask_box = box_of_mask(soft_mask >= FOUND_PROBABILITY)
        if mask_box is None:
            continue
        one, taken = replace(wanted.found, mask_box=mask_box), wanted.is_taken_away
        if (cut_off := segment.uncut()) is None:
            yield Subject(soft_mask, (one,), is_taken_away=taken)
            continue
        uncut, box = cut_off
        inside = np.zeros(soft_mask.shape, bool)
        inside[box] = True
        yield Subject(soft_mask, (one,), uncut, inside, is_taken_away=taken)


def _place(request: Request) -> str:
    if request.phrases:
        return f"the boxes of {', '.join(request.phrases)!r} in"
    return f"the box {box_text(request.target.box)} of" if request.target.box is not None else "what was pointed at in"


def _require_found(best: float, where: str, cure: Cure) -> None:
    if best < FOUND_PROBABILITY:
        raise SubjectNotFound(
            f"Nothing was found in {where}: the best probability must be {FOUND_PROBABILITY} or more, but is "
            f"{best:.2f}.",
            run("models", "list", text="Try another model"),
            cure,
            best_probability=best,
            threshold=FOUND_PROBABILITY,
        )
