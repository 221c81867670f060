"""Background that shows through a subject and was kept with it is taken out: inside a ring, behind a handle.

Only its colours say that it is background, and a white label on white ground has them too. So this is a step of the
cascade alone, the result tells of it, and a person looks at it.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.pipeline.subject import FOUND_PROBABILITY
from cutsmith.quality import reasons
from cutsmith.quality.enclosed import enclosed_background
from cutsmith.result.quality import REVIEW, Quality
from cutsmith.result.steps import Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.pipeline.subject import Subject

_SOFTENED = 1 / 400  # of the picture's longer side: the patches were found at a small size


def without_enclosed(image: NDArray[np.uint8], subject: Subject) -> Subject:
    """`subject` without the background that its mask encloses, and a step that tells of it; itself if there is none.

    The hole's rim is left soft, so that matting finds the exact edge.

    Args:
        image: uint8 (H, W, 3), sRGB.
        subject: its mask is not changed in place.
    """
    began = perf_counter()
    found = enclosed_background(image, subject.soft_mask)
    if found is None:
        return subject
    # Where the subject is as much the ground's colour as its holes are, nothing would be left of it.
    opened = _opened(subject.soft_mask, found)
    if not (opened > FOUND_PROBABILITY).any():
        return subject
    step = Step(
        "enclosed background",
        "colours",
        Quality(None, REVIEW, (reasons.OPENED,)),
        perf_counter() - began,
        is_kept=True,
        told=f"{found.mean():.1%} of the picture has just the colours of the ground around the subject",
    )
    return replace(
        subject,
        soft_mask=opened,
        uncut=None if subject.uncut is None else _opened(subject.uncut, found),
        doubts=(*subject.doubts, reasons.OPENED),
        steps=(*subject.steps, step),
    )


def _opened(soft_mask: NDArray[np.float32], holes: NDArray[np.bool_]) -> NDArray[np.float32]:
    import cv2

    deviation = max(_SOFTENED * max(holes.shape), 0.5)
    # What was found ends a little inside of the hole, whose rim has mixed colours.
    reach = int(np.ceil(deviation))
    grown = cv2.dilate(holes.view(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    share = cv2.GaussianBlur(grown.astype(np.float32), (0, 0), deviation)
    opened: NDArray[np.float32] = soft_mask * (1 - share)
    return opened
