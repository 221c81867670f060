"""What a detector's network gives -> the objects that it found: thresholds, labels, and each object once."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.errors import BadOption
from cutsmith.geometry import Box
from cutsmith.protocols import BOX_THRESHOLD, TEXT_THRESHOLD, Candidates, Detection

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Two boxes that share more of their union than this are one object, whatever their labels; the less probable goes.
# Networks of DETR's kind suppress doubles themselves and leave near-identical ones, mostly of two phrases that name one
# thing, while two objects that overlap easily share half. It is also the value in Grounded-SAM's demonstration.
SAME_OBJECT_IOU = 0.8


def select(
    candidates: Candidates,
    box_threshold: float = BOX_THRESHOLD,
    text_threshold: float = TEXT_THRESHOLD,
    max_detections: int | None = None,
) -> list[Detection]:
    """The objects among `candidates`: highest score first, no two of them one object (`SAME_OBJECT_IOU`).

    A score is the probability of the query's best token, as in Grounding DINO's own `predict`; the label is the phrase
    with the most probable token, and a box whose phrases all stay at or below `text_threshold` is left out: what it
    answers is a full stop.

    Args:
        candidates: of one picture.
        box_threshold: scores must be above it, in [0, 1].
        text_threshold: the probability of the label's best token must be above it, in [0, 1].
        max_detections: at most so many are given; None for all.

    Raises:
        BadOption: a threshold is no number in [0, 1], or `max_detections` is below 1.
    """
    require_thresholds(box_threshold, text_threshold, max_detections)
    probabilities = _sigmoid(candidates.logits)
    scores = probabilities.max(axis=1, initial=0.0)
    words = _phrase_probabilities(probabilities, candidates.spans)
    boxes = _pixels(candidates)
    has_area = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    kept = np.flatnonzero((scores > box_threshold) & (words.max(axis=1, initial=0.0) > text_threshold) & has_area)
    kept = kept[_each_object_once(boxes[kept], scores[kept])]
    return [
        Detection(
            box=Box(*(float(side) for side in boxes[query])),
            label=candidates.phrases[int(words[query].argmax())],
            score=float(scores[query]),
        )
        for query in kept[:max_detections]
    ]


def best_score(candidates: Candidates) -> float:
    """The highest score of all `candidates`, below the thresholds too, in [0, 1]; 0 where there are none."""
    return float(_sigmoid(candidates.logits).max(initial=0.0))


def require_thresholds(box_threshold: float, text_threshold: float, max_detections: int | None) -> None:
    """Refuse what `select` does not take.

    Raises:
        BadOption: a threshold is no number in [0, 1], or `max_detections` is below 1.
    """
    for option, value in (("--box-threshold", box_threshold), ("--text-threshold", text_threshold)):
        is_number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or not 0 <= value <= 1:
            raise BadOption(f"{option} {value}: wanted a probability, a number from 0 to 1.", f"Example: {option} 0.3")
    if max_detections is None:
        return
    if not isinstance(max_detections, Integral) or isinstance(max_detections, bool) or max_detections < 1:
        raise BadOption(
            f"--max-detections {max_detections}: wanted a whole number from 1 on.",
            "Leave it out to take all that are found.",
        )


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
