"""`point_at()` shows the soft mask of several things that somebody pointed at, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cutsmith.machine.cancelling import awaited, started
from cutsmith.pipeline.loading import ModelPool, load_models
from cutsmith.pipeline.prompting import Part, asked_by_parts
from cutsmith.pipeline.stages import IsCancelled, Run
from cutsmith.request import Request

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    size: tuple[int, int],
    request: Request | None = None,
    *,
    pool: ModelPool | None = None,
    cancelled: IsCancelled | None = None,
) -> PointedMask:
    """The soft mask of `parts` as a screen shows it: each is added to those before it, or taken away from them.

    SAM 2 keeps what it computed of the same pixels, so a further click costs its decoder alone. `cut_out` cuts out the
    same parts, by `asked_by_parts`.

    Args:
        image: uint8 (H, W, 3) sRGB.
        parts: at least one. The first is added.
        size: (width, height) of the mask.
        request: which segmenter runs, on what; its other options have no effect.
        pool: as for `cutsmith.cut_out`.
        cancelled: as for `cutsmith.cut_out`.

    Raises:
        BadPoint, BadBox: a part is wrong, or there is none.
        NotInstalled: there is no SAM 2, and a part has points.
        Cancelled: `cancelled` returned true.
    """
    run = Run(cancelled=cancelled)
    asked = asked_by_parts(parts, image.shape[1], image.shape[0])
    runtime = Request(runtime=(request or Request()).runtime).updated({"matting": "none"})
    with_points = any(each.prompt.points for each in asked)
    with run.stage("load"):
        models = awaited(started(lambda: load_models(runtime, pool=pool, is_prompted=True, with_points=with_points)))
    segmenter = models.segmenter
    assert segmenter is not None, "what is pointed at needs one"
    with run.stage("mask"):
        segments = segmenter.segment(image, [each.prompt for each in asked], run)
        mask = segments[0].shown_mask(*size)
        for each, segment in zip(asked[1:], segments[1:], strict=True):
            other = segment.shown_mask(*size)
            mask = np.minimum(mask, 1 - other) if each.is_taken_away else np.maximum(mask, other)
    told = tuple(dict.fromkeys((*models.warnings, *run.warnings)))
    return PointedMask(mask, tuple(each.predicted_iou for each in segments), told)
