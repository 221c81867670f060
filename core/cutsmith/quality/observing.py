"""Observations for a calibration: the masks of pictures with a true alpha, their signals, and how wrong they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.quality.broken_masks import broken
from cutsmith.quality.fitting import BROKEN, FIRST, TAKEN, TRUTH, Observation
from cutsmith.quality.signals import measured

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LONGEST = 512  # pixels: signals are measured at no more, and breaking a large mask takes seconds
_NEARLY_RIGHT = 0.08  # a network's mask that is less wrong than this is broken, too


def observed(
    name: str,
    image: NDArray[np.uint8],
    truth: NDArray[np.float32],
    first: NDArray[np.float32],
    taken: NDArray[np.float32],
    disagreement: float,
    other: NDArray[np.float32],
) -> Iterator[Observation]:
    """All observations of one picture.

    Args:
        name: the picture's; its subject is what stands before the first "-".
        image: uint8 (H, W, 3).
        truth: the true alpha, float32 (H, W).
        first, taken: the mask of the first view, and the one that was taken; float32 (H, W).
        disagreement: of the views.
        other: another picture's mask, for a shuffled one.
    """
    subject = name.split("-")[0]
    image, truth, first, taken = (_small(plane) for plane in (image, truth, first, taken))
    # The same seed for a picture, in whatever order pictures come.
    chance = np.random.default_rng(list(name.encode()))

    def of(kind: str, mask: NDArray[np.float32], apart: float = 0.0, way: str = "") -> Iterator[Observation]:
        signals = measured(image, mask, apart)
        if signals is not None:
            wrong, mean_error = errors(mask, truth)
            yield Observation(name, subject, kind, signals, wrong, mean_error, way)

    yield from of(FIRST, first)
    yield from of(TAKEN, taken, disagreement)
    yield from of(TRUTH, truth)
    for way, mask in broken(truth, other, chance):
        yield from of(BROKEN, mask, way=way)
    if errors(taken, truth)[0] < _NEARLY_RIGHT:
        for way, mask in broken(taken, other, chance):
            yield from of(BROKEN, mask, way=way)


def _small(plane: NDArray[Any]) -> NDArray[Any]:
    import cv2

    scale = min(1.0, _LONGEST / max(plane.shape[:2]))
    size = max(round(plane.shape[1] * scale), 1), max(round(plane.shape[0] * scale), 1)
    small: NDArray[Any] = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    return small


def errors(mask: NDArray[np.float32], truth: NDArray[np.float32]) -> tuple[float, float]:
    """(1 - soft IoU, mean |mask - truth|), both in [0, 1]; the first is 0 where both are empty."""
    difference = np.abs(mask - truth)
    union = float(np.maximum(mask, truth).sum(dtype=np.float64))
    wrong = float(difference.sum(dtype=np.float64)) / union if union else 0.0
    return wrong, float(difference.mean(dtype=np.float64))
