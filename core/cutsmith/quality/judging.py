"""A cut-out's `Quality`: how much of it may be wrong, and whether a person should look at it.

The score was fitted on the masks of one removal model; of other models it says nothing, and the verdict then goes by
plain rules. So it does for objects that words, boxes or clicks name: there SAM 2's own estimates speak.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cutsmith.machine.cancelling import check
from cutsmith.quality import reasons
from cutsmith.quality.calibration import calibration
from cutsmith.quality.content_box import content_beyond
from cutsmith.quality.enclosed import enclosed_background
from cutsmith.quality.signals import measured
from cutsmith.result.quality import ACCEPT, REVIEW, Quality

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cutsmith.result.cutout import FoundObject
    from cutsmith.result.looks import Looks

_LEAST_ALPHA = 0.0005  # share of the picture; less is as good as nothing
_MOST_ALPHA = 0.98
_LEAST_IOU, _LEAST_STABILITY = 0.7, 0.8  # of SAM 2; its own demonstration drops masks below .88 and .95
_MOST_UNDECIDED = 0.15  # where no calibration speaks
_MOST_BEYOND = 0.05  # of the longer side of the result's box
_SAID = 2  # reasons from signals; more of them say nothing new


def judged(
    image: NDArray[np.uint8],
    soft_mask: NDArray[np.float32],
    alpha: NDArray[np.float32],
    looks: Looks | None = None,
    named: Sequence[FoundObject] = (),
    network: str | None = None,
    disagreement: float = 0.0,
) -> Quality:
    """The quality of a cut-out.

    Args:
        image: uint8 (H, W, 3), sRGB.
        soft_mask: float32 (H, W) in [0, 1], the network's.
        alpha: float32 (H, W) in [0, 1], what came of it.
        looks: what the views said, where there were several.
        named: what words, boxes or clicks named; empty for the main subject.
        network: the removal model, whose masks may be those that the calibration knows; None for another model.
        disagreement: 1 - the Dice coefficient with another mask of the same subject, beside what the views said.
    """
    covered = float(alpha.mean(dtype=np.float64))
    if covered < _LEAST_ALPHA:
        return Quality(1.0, REVIEW, (reasons.NOTHING,))
    told = [reasons.EVERYTHING] if covered > _MOST_ALPHA else []
    apart = max(disagreement, 0.0 if looks is None else 1 - looks.agreement)
    check()
    signals = measured(image, soft_mask, apart)
    uncertainty = None
    if signals is not None and not named:
        known = calibration()
        if network is not None and network.removesuffix("-fp16") == known.model:
            uncertainty = known.uncertainty(signals)
            if uncertainty >= known.threshold:
                told += reasons.of_signals(signals, known.largest(signals, len(reasons.SENTENCES)), _SAID)
        elif signals.undecidedness > _MOST_UNDECIDED:
            told.append(reasons.SENTENCES["undecidedness"])
    told += _of_objects(named)
    check()
    if not named and content_beyond(image, alpha) > _MOST_BEYOND:
        told.append(reasons.VANISHED)
    check()
    enclosed = enclosed_background(image, alpha)
    if enclosed is not None:
        told.append(reasons.ENCLOSED)
    if looks is not None and looks.are_apart:
        told.append(reasons.SENTENCES["disagreement"])
    return Quality(uncertainty, REVIEW if told else ACCEPT, tuple(dict.fromkeys(told)))


def _of_objects(objects: Sequence[FoundObject]) -> list[str]:
    told = []
    if any(each.predicted_iou is not None and each.predicted_iou < _LEAST_IOU for each in objects):
        told.append(reasons.SAM_DOUBTS)
    if any(each.stability is not None and each.stability < _LEAST_STABILITY for each in objects):
        told.append(reasons.SAM_UNSTABLE)
    return told
