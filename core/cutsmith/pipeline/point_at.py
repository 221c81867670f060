"""`point_at()` makes one soft mask of several things that somebody pointed at, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cutsmith.errors import BadPoint
from cutsmith.options import Target
from cutsmith.pipeline.loading import ModelPool, load_models
from cutsmith.pipeline.prompting import asked_by_target
from cutsmith.pipeline.stages import IsCancelled, Run
from cutsmith.request import Request

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Part:
    """One thing that was pointed at.

    Attributes:
        box: (x0, y0, x1, y1) around it, in pixels of the picture; None for clicks alone.
        points: clicks (x, y, label) as the option `points` takes them.
        is_taken_away: whether it is taken out of the mask of the parts before it, instead of added.
    """

    box: tuple[float, float, float, float] | None = None
    points: Sequence[Sequence[float]] = ()
    is_taken_away: bool = False


class PointedMask(NamedTuple):
    """What was pointed at.

    Attributes:
        soft_mask: float32 (H, W) in [0, 1].
        predicted_iou: for each part, the segmenter's own estimate of its mask; None where it makes none.
        warnings: what the user should know about the model.
    """

    soft_mask: NDArray[np.float32]
    predicted_iou: tuple[float | None, ...]
    warnings: tuple[str, ...]


def point_at(
    image: NDArray[np.uint8],
    parts: Sequence[Part],
    request: Request | None = None,
    *,
    size: tuple[int, int] | None = None,
    pool: ModelPool | None = None,
    cancelled: IsCancelled | None = None,
) -> PointedMask:
    """The soft mask of `parts`: each is added to those before it, or taken away from them.

    SAM 2 keeps what it computed of the same pixels, so a further click costs its decoder alone.

    Args:
        image: uint8 (H, W, 3) sRGB.
        parts: at least one. The first is added.
        request: which segmenter runs, on what; its other options have no effect.
        size: (width, height) of the mask; None for that of the picture. A screen's size takes little time.
        pool: as for `cutsmith.cut_out`.
        cancelled: as for `cutsmith.cut_out`.

    Raises:
        BadPoint, BadBox: a part is wrong, or there is none.
        NotInstalled: there is no SAM 2, and a part has points.
        Cancelled: `cancelled` returned true.
    """
    if not parts or parts[0].is_taken_away:
        raise BadPoint("The first thing that is pointed at must be one to cut out.", "Click on the subject.")
    wanted, run = request or Request(), Run(cancelled=cancelled)
    height, width = image.shape[:2]
    prompts = [
        asked.prompt
        for part in parts
        for asked in asked_by_target(Target(box=part.box, points=part.points), width, height, with_points=True)
    ]
    # Models are loaded for the first part: what segments it segments the others.
    models = load_models(Request(Target(box=parts[0].box, points=parts[0].points), runtime=wanted.runtime), pool=pool)
    segmenter = models.segmenter
    assert segmenter is not None, "a box or a click needs one"
    with run.stage("mask"):
        segments = segmenter.segment(image, prompts, run)
        masks = (each.soft_mask() if size is None else each.shown_mask(*size) for each in segments)
        mask = next(masks)
        for part, other in zip(parts[1:], masks, strict=True):
            mask = np.minimum(mask, 1 - other) if part.is_taken_away else np.maximum(mask, other)
    return PointedMask(mask, tuple(each.predicted_iou for each in segments), models.warnings)
