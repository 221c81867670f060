"""What a detector's network gives -> the objects that it found: thresholds, labels, and each object once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cutsmith.errors import BadOption, shown
from cutsmith.geometry import Box
from cutsmith.options import OPTIONS, what_is_wanted
from cutsmith.protocols import Candidates, Detection, Thresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Two boxes that share more of their union than this are one object, whatever their labels; the less probable goes.
# Networks like DETR suppress doubles themselves, but leave nearly identical ones, mostly of two phrases for one thing;
# two objects that overlap easily share half. This is also the value in Grounded-SAM's demonstration.
SAME_OBJECT_IOU = 0.8


def select(
    candidates: Candidates,
    box_threshold: float | None = OPTIONS["box_threshold"].default,
    text_threshold: float | None = OPTIONS["text_threshold"].default,
    max_detections: int | None = OPTIONS["max_detections"].default,
) -> list[Detection]:
    """The objects among `candidates`: highest score first, no two of them one object (`SAME_OBJECT_IOU`).

    A score is the probability of the query's best token, as in Grounding DINO's own `predict`; the label is the phrase
    with the most probable token, and a box whose phrases all stay at or below `text_threshold` is left out: it answers
    a full stop, not a word.

    Args:
        candidates: of one picture.
        box_threshold: scores must be above it, in [0, 1]; None takes the network's own.
        text_threshold: the probability of the label's best token must be above it, in [0, 1]; None likewise.
        max_detections: how many to give at most; None for all.

    Raises:
        BadOption: a threshold is not a number in [0, 1], or `max_detections` is not a whole number, 1 or more.
    """
    _check(box_threshold=box_threshold, text_threshold=text_threshold, max_detections=max_detections)
    least = chosen_thresholds(candidates, box_threshold, text_threshold)
    probabilities = _sigmoid(candidates.logits)
    scores = probabilities.max(axis=1, initial=0.0)
    words = _phrase_probabilities(probabilities, candidates.spans)
    boxes = _pixels(candidates)
    has_area = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    kept = np.flatnonzero((scores > least.box) & (words.max(axis=1, initial=0.0) > least.text) & has_area)
    kept = kept[_each_object_once(boxes[kept], scores[kept])]
    return [
        Detection(
            box=Box(*(float(side) for side in boxes[query])),
            label=candidates.phrases[int(words[query].argmax())],
            score=float(scores[query]),
        )
        for query in kept[:max_detections]
    ]


def chosen_thresholds(candidates: Candidates, box_threshold: float | None, text_threshold: float | None) -> Thresholds:
    """The thresholds that were asked for; the network's own for those that are None."""
    own = candidates.thresholds
    return Thresholds(
        own.box if box_threshold is None else box_threshold, own.text if text_threshold is None else text_threshold
    )


def best_score(candidates: Candidates) -> float:
    """The highest score of all `candidates`, even below the thresholds, in [0, 1]; 0 where there are none."""
    return float(_sigmoid(candidates.logits).max(initial=0.0))


def _check(**given: object) -> None:
    for name, value in given.items():
        if must_be := what_is_wanted(OPTIONS[name], value):
            raise BadOption("", option=name, found=shown(value), wanted=must_be)


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities in [0, 1]; 0 for -inf. By tanh, which overflows nowhere."""
    probabilities: NDArray[np.float32] = np.float32(0.5) * (1 + np.tanh(np.float32(0.5) * logits))
    return probabilities


def _phrase_probabilities(
    probabilities: NDArray[np.float32], spans: tuple[tuple[int, int], ...]
) -> NDArray[np.float32]:
    """The best probability among each phrase's own tokens: (N, phrases)."""
    columns = [probabilities[:, first:end].max(axis=1, initial=0.0) for first, end in spans]
    return np.stack(columns, axis=1) if columns else np.zeros((len(probabilities), 0), np.float32)


def _pixels(candidates: Candidates) -> NDArray[np.float64]:
    """Boxes (x0, y0, x1, y1) in pixels, clipped to the picture: float64 (N, 4)."""
    centers, sides = np.hsplit(candidates.boxes.astype(np.float64), 2)
    size = np.array([candidates.width, candidates.height], np.float64)
    corners = np.hstack([(centers - sides / 2) * size, (centers + sides / 2) * size])
    clipped: NDArray[np.float64] = np.clip(corners, 0, np.tile(size, 2))
    return clipped


def _each_object_once(boxes: NDArray[np.float64], scores: NDArray[np.float32]) -> NDArray[np.intp]:
    """Indices of the boxes (N, 4) that stay, highest score first."""
    if not len(boxes):
        return np.zeros(0, np.intp)
    import cv2

    corners_and_sides = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
    stay = cv2.dnn.NMSBoxes(corners_and_sides.tolist(), scores.tolist(), 0.0, SAME_OBJECT_IOU)
    return np.asarray(stay, np.intp).reshape(-1)
