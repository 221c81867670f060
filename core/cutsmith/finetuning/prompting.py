"""Prompts as people give them, drawn from the true mask: boxes that are a little off, clicks, rough masks, corrections.

Everything is drawn from a `numpy.random.Generator`, so that a step of the training is the same whenever it is done.
Coordinates are pixels of the mask that is handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from cutsmith.geometry import Box, box_of_mask

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

First = Literal["box", "clicks", "rough mask"]

_FIRST: dict[First, float] = {"box": 0.5, "clicks": 0.35, "rough mask": 0.15}
_MOST_CLICKS = 3
CORRECTED = 0.15
"""The share of steps with corrections. They cost several times as much, and our doors mostly send a box or some clicks
alone."""

FEWEST_ROUNDS, MOST_ROUNDS = 3, 8
_BOX_JITTER = 0.05
"""The standard deviation by which a side of a box is off, as a share of the box's length across it."""

_MOST_JITTER = 0.1
_LEAST_SIDE = 2.0
"""Pixels of a box's side at least."""

_CENTRED = 0.5
"""The share of clicks in the middle of what they are for; the others fall anywhere on it."""

_TRIES = 20


@dataclass(frozen=True)
class StepPlan:
    """What all samples of a step have in common, because they share the passes of the mask decoder.

    Attributes:
        first: what points at the object first.
        clicks: how many clicks, where it is clicks.
        rounds: how many corrections follow, each a click where the mask is wrong.
        gives_mask_back: whether a correction comes with the mask of the round before, as in SAM's own training;
            otherwise it comes with the clicks and boxes alone, as our doors send them.
    """

    first: First
    clicks: int
    rounds: int
    gives_mask_back: bool


def drawn_plan(generator: Generator) -> StepPlan:
    """How the samples of a step are pointed at."""
    first = list(_FIRST)[int(generator.choice(len(_FIRST), p=list(_FIRST.values())))]
    clicks = int(generator.integers(1, _MOST_CLICKS + 1))
    rounds = int(generator.integers(FEWEST_ROUNDS, MOST_ROUNDS + 1))
    is_corrected = bool(generator.random() < CORRECTED)
    return StepPlan(first, clicks, rounds if is_corrected else 0, bool(generator.random() < 0.5))


def box_of_object(mask: NDArray[np.bool_]) -> Box:
    """The smallest box around a mask, bool (H, W), that is not empty."""
    box = box_of_mask(mask)
    assert box is not None, "not empty"
    return box


def jittered_box(mask: NDArray[np.bool_], generator: Generator) -> tuple[float, float, float, float]:
    """The box around `mask` with each side a little off, inside the picture."""
    height, width = mask.shape
    x0, y0, x1, y1 = box_of_object(mask)
    lengths = np.array([x1 - x0, y1 - y0, x1 - x0, y1 - y0])
    off = np.clip(generator.normal(0, _BOX_JITTER, 4), -_MOST_JITTER, _MOST_JITTER) * lengths
    x0, y0, x1, y1 = np.clip(np.array([x0, y0, x1, y1]) + off, 0, [width, height, width, height])
    return float(x0), float(y0), float(max(x1, x0 + _LEAST_SIDE)), float(max(y1, y0 + _LEAST_SIDE))


def box_elsewhere(taken: NDArray[np.bool_], generator: Generator) -> tuple[float, float, float, float]:
    """A box in which little or nothing of `taken`, bool (H, W), lies: where nothing is to be found."""
    height, width = taken.shape
    best, least = (0.0, 0.0, float(width), float(height)), np.inf
    for _ in range(_TRIES):
        w, h = generator.uniform(0.1, 0.4, 2) * (width, height)
        x, y = generator.uniform(0, (width - w, height - h))
        share = float(taken[int(y) : int(y + h) + 1, int(x) : int(x + w) + 1].mean())
        if share < least:
            best, least = (float(x), float(y), float(x + w), float(y + h)), share
    return best


def click_on(area: NDArray[np.bool_], generator: Generator) -> tuple[float, float] | None:
    """A place (x, y) in `area`, bool (H, W); None where that is empty. Half of them lie furthest from its border."""
    if not area.any():
        return None
    if generator.random() < _CENTRED:
        import cv2

        depth = cv2.distanceTransform(np.pad(area, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
        y, x = np.unravel_index(int(depth.argmax()), area.shape)
    else:
        places = np.flatnonzero(area)
        y, x = divmod(int(places[generator.integers(len(places))]), area.shape[1])
    return float(x) + 0.5, float(y) + 0.5


def correction(
    predicted: NDArray[np.bool_], truth: NDArray[np.bool_], generator: Generator
) -> tuple[float, float, int]:
    """A click (x, y, label) where `predicted` is wrong: on what it lacks (1) or on what it has too much (0).

    Where it is right, the click confirms: on the object, or beside it where there is none.
    """
    wrong = predicted ^ truth
    area = wrong if wrong.any() else truth if truth.any() else ~truth
    place = click_on(area, generator)
    assert place is not None, "one of them is not empty"
    x, y = place
    return x, y, int(truth[int(y), int(x)])


def rough_mask(mask: NDArray[np.bool_], generator: Generator) -> NDArray[np.float32]:
    """What a hasty hand would paint for `mask`: grown or shrunk, moved a little and soft, float32 (H, W) in [0, 1]."""
    import cv2

    height, width = mask.shape
    x0, y0, x1, y1 = box_of_object(mask)
    most = max(1, round(0.06 * min(x1 - x0, y1 - y0)))
    by = int(generator.integers(-most, most + 1))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(by) + 1, 2 * abs(by) + 1))
    painted = mask.astype(np.uint8)
    changed = cv2.dilate(painted, kernel) if by > 0 else cv2.erode(painted, kernel)
    painted = changed if changed.any() else painted
    moved = np.array([[1, 0, generator.normal(0, most / 2)], [0, 1, generator.normal(0, most / 2)]], np.float32)
    soft = cv2.warpAffine(painted.astype(np.float32), moved, (width, height))
    return np.asarray(np.clip(cv2.GaussianBlur(soft, (0, 0), max(0.5, most / 2)), 0, 1), np.float32)
