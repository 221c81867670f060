"""How good a network is on held-out pictures: each object is asked for by a box, as a user would."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.evaluation.mask_metrics import boundary_iou
from cutsmith.evaluation.matting_metrics import sad
from cutsmith.finetuning.examples import Example
from cutsmith.geometry import Box, box_of_mask
from cutsmith.picture import Picture
from cutsmith.protocols import Prompt

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.protocols import Watch
    from cutsmith.segmentation.sam2 import Sam2Segment, Sam2Segmenter

# Sides of the box that is asked for where nothing is to be found, as shares of the picture's.
_EMPTY_SIDES = (0.25, 0.6)


@dataclass(frozen=True)
class Measured:
    """One object of one picture by one network.

    Attributes:
        name: of the example.
        number: of the object in its picture, from 1 on.
        group: the product.
        picture: the file.
        predicted_iou: the network's own estimate, clipped to [0, 1].
        iou: of the mask at a probability of 0.5; None where nothing is to be found.
        boundary_iou: see `cutsmith.evaluation.mask_metrics`; None likewise.
        sad: of alpha after matting, over the whole picture, / 1000; None likewise, or where matting was left out.
    """

    name: str
    number: int
    group: str
    picture: Path
    predicted_iou: float
    iou: float | None = None
    boundary_iou: float | None = None
    sad: float | None = None

    @property
    def calibration_error(self) -> float:
        """How far the predicted IoU is from the true one, which is 0 where nothing is to be found."""
        return abs(self.predicted_iou - (self.iou or 0.0))


@dataclass(frozen=True, eq=False)
class Asked:
    """An object of a picture, and how it is asked for: the true mask is bool (H, W), the prompt the box around it.

    Where nothing is to be found, the box is a random one, the same in every run.
    """

    truth: NDArray[np.bool_]
    prompt: Prompt


def measure(
    segmenter: Sam2Segmenter, examples: Sequence[Example], *, with_matting: bool = True, watch: Watch | None = None
) -> list[Measured]:
    """What `segmenter` makes of every object of the `examples`, in their order.

    One picture is in memory at a time, and no mask is kept. A picture or an object with an empty truth is asked for at
    a random box: it counts for the calibration of the predicted IoU alone.

    Args:
        segmenter: the network.
        examples: that were not learned from.
        with_matting: whether each mask is matted as `cutsmith.refine_mask` does by itself; takes seconds a picture.
        watch: may end the work between two objects, and hears the share that is done.

    Raises:
        PictureError: a picture cannot be read.
        BadArray: a true mask has another size than its picture.
        Cancelled: `watch` says so.
    """
    measured: list[Measured] = []
    for position, example in enumerate(examples):
        picture = read_picture(example)
        asked = asked_of(example, picture)
        segments = segments_of(segmenter, picture, asked, watch)
        for number, (each, segment) in enumerate(zip(asked, segments, strict=True), start=1):
            if watch is not None:
                watch.check()
            measured.append(_measured(example, number, picture, each, segment, with_matting=with_matting))
        if watch is not None:
            watch.progress((position + 1) / len(examples))
    return measured


def read_picture(example: Example) -> Picture:
    """The picture of `example` as a cut would take it; errors as for `Picture.read`."""
    return Picture.read(example.picture).without_hidden_colours()


def asked_of(example: Example, picture: Picture) -> list[Asked]:
    """What is asked for in `picture`: every object, or one random box where the picture holds none.

    Raises:
        BadArray: a true mask has another size than the picture.
    """
    from cutsmith.arrays import checked_mask

    size = (picture.height, picture.width)
    truths = example.truth.masks() or [np.zeros(size, np.bool_)]
    generator = np.random.default_rng(zlib.crc32(example.name.encode()))
    asked = []
    for truth in truths:
        checked_mask(truth, size, "truth")
        box = box_of_mask(truth) or _random_box(generator, picture.width, picture.height)
        asked.append(Asked(truth, Prompt(box=box)))
    return asked


def segments_of(
    segmenter: Sam2Segmenter, picture: Picture, asked: Sequence[Asked], watch: Watch | None = None
) -> list[Sam2Segment]:
    """What `segmenter` finds in `picture`, a segment for each of `asked`; it keeps nothing of the picture."""
    segments = segmenter.segment(picture.for_models(), [each.prompt for each in asked], watch)
    segmenter.forget_pictures()
    return segments


def iou(mask: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Intersection over union of two masks, bool (H, W); 1 where both are empty."""
    either = np.count_nonzero(mask | other)
    return np.count_nonzero(mask & other) / either if either else 1.0


def _random_box(generator: np.random.Generator, width: int, height: int) -> Box:
    wide, high = generator.uniform(*_EMPTY_SIDES, size=2) * (width, height)
    left, top = generator.uniform(size=2) * (width - wide, height - high)
    return Box(float(left), float(top), float(left + wide), float(top + high))


def _measured(
    example: Example, number: int, picture: Picture, asked: Asked, segment: Sam2Segment, *, with_matting: bool
) -> Measured:
    predicted = min(max(segment.predicted_iou, 0.0), 1.0)
    if not asked.truth.any():
        return Measured(example.name, number, example.group, example.picture, predicted)
    soft_mask = segment.soft_mask()
    return Measured(
        example.name,
        number,
        example.group,
        example.picture,
        predicted,
        iou(soft_mask >= 0.5, asked.truth),
        boundary_iou(soft_mask, asked.truth),
        _sad_after_matting(picture, soft_mask, asked.truth) if with_matting else None,
    )


def _sad_after_matting(picture: Picture, soft_mask: NDArray[np.float32], truth: NDArray[np.bool_]) -> float:
    from cutsmith.pipeline.refine_mask import refine_mask

    # Colours do not count, so none are estimated.
    return sad(refine_mask(picture, soft_mask, foreground="none").alpha, truth)
