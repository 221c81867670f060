"""What a soft mask, its views and the picture say about how wrong the mask may be, in numbers that cost little.

All are measured at a small size: a photograph of 24 megapixels costs hardly more than one of a quarter. Those of the
mask alone come from the network's own doubt; those of colours and edges find masks that are wrong with confidence: half
of the subject, another one, or the background with it. Most are near 0 for a mask that gives no cause for doubt. What
each is worth was fitted (`cutsmith.quality.fitting`), not written down.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.quality.colours import colour_signals
from cutsmith.quality.edges import edge_signals
from cutsmith.quality.shape import shape_signals

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST = 384
"""The longest side at which signals are measured, in pixels."""
_SMALL = 0.05  # share of the picture under which a subject is a small one
_LARGE = 0.6


@dataclass(frozen=True)
class Signals:
    """The signals of one mask p.

    Attributes:
        undecidedness: sum(min(p, 1 - p)) / count(p > 0.5).
        soft_share: the area where 0.1 < p < 0.9, over that where p > 0.5.
        soft_width: the same over the perimeter, as a share of the subject's size (the root of its area).
        unsureness: 1 - the mean of p where it is above 0.5.
        faintness: 1 - the largest p.
        disagreement: 1 - the smallest Dice coefficient between two views; 0 where there was one view.
        area: the share of the picture where p > 0.5.
        largeness: the share of the picture that the subject covers beyond 60%.
        smallness: 0 from 5% of the picture on, 1 for a subject without area.
        centredness: -(the distance of the subject's centre from the picture's, in pictures).
        background_inside: the share of the sure subject whose colours are rather the background's.
        subject_outside: the sure background whose colours are rather the subject's, over the subject's area.
        colour_overlap: the overlap of both histograms of colours, in [0, 1].
        subject_around: the share of a ring around the mask whose colours are rather the subject's.
        surroundings_inside: the share of the mask's rim whose colours are rather those outside.
        plainness: the share of the frame (its lower side left out) that has its median colour.
        busyness: the standard deviation of the background's colours, in CIELAB of 8 bits.
        weak_edge: the share of the mask's edge at which colours hardly change, seen closely.
        weak_wide_edge: the same, seen from further away.
        uneven_edge: the share of the edge at which colours change much less than at most of it.
        edge_elsewhere: how far the picture's edge is from the mask's, as a share of the subject's size; 0 where it is
            the mask's.
        edge_outside: the same, where it is outside of the mask.
        edge_weakness: 1 - the picture's gradient at the mask's edge over the largest around it.
        instability: 1 - the Dice coefficient of the masks p > 0.2 and p > 0.8.
        scattering: the share of the subject outside of its largest part.
        specks: the number of tiny parts, as a share of ten.
        holes: the area that the mask encloses without having it, over the subject's.
        frame_contact: the share of the frame (its lower side left out) that the subject touches.
    """

    undecidedness: float
    soft_share: float
    soft_width: float
    unsureness: float
    faintness: float
    disagreement: float
    area: float
    largeness: float
    smallness: float
    centredness: float
    background_inside: float
    subject_outside: float
    colour_overlap: float
    subject_around: float
    surroundings_inside: float
    plainness: float
    busyness: float
    weak_edge: float
    weak_wide_edge: float
    uneven_edge: float
    edge_elsewhere: float
    edge_outside: float
    edge_weakness: float
    instability: float
    scattering: float
    specks: float
    holes: float
    frame_contact: float

    def values(self) -> NDArray[np.float64]:
        """All signals in the order of their declaration, float64 (K,)."""
        return np.array([getattr(self, name) for name in SIGNALS], np.float64)


SIGNALS = tuple(each.name for each in fields(Signals))
"""The names of all signals, in their order."""


def measured(image: NDArray[np.uint8], soft_mask: NDArray[np.float32], disagreement: float = 0.0) -> Signals | None:
    """The signals of `soft_mask`, or None if it has no pixel above 0.5.

    Args:
        image: uint8 (H, W, 3), sRGB.
        soft_mask: float32 (H, W) in [0, 1].
        disagreement: 1 - the smallest Dice coefficient between two views.
    """
    import cv2

    small, mask = at_a_small_size(image, soft_mask)
    inside = mask > 0.5
    count = int(np.count_nonzero(inside))
    if not count:
        return None
    size = float(np.sqrt(count))
    soft = int(np.count_nonzero((mask > 0.1) & (mask < 0.9)))
    contours, _ = cv2.findContours(inside.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    perimeter = sum(cv2.arcLength(contour, True) for contour in contours) + 1
    rows, columns = np.nonzero(inside)
    area = count / inside.size
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    return Signals(
        undecidedness=float(np.minimum(mask, 1 - mask).sum(dtype=np.float64)) / count,
        soft_share=soft / count,
        soft_width=soft / perimeter / size,
        unsureness=1 - float(mask[inside].mean(dtype=np.float64)),
        faintness=1 - float(mask.max()),
        disagreement=disagreement,
        area=area,
        largeness=max(area - _LARGE, 0.0),
        smallness=max(1 - area / _SMALL, 0.0),
        centredness=-float(np.hypot(rows.mean() / mask.shape[0] - 0.5, columns.mean() / mask.shape[1] - 0.5)),
        **colour_signals(lab, mask, size),
        **edge_signals(lab, inside, size),
        **shape_signals(mask),
    )


def at_a_small_size(
    image: NDArray[np.uint8], soft_mask: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Image and mask with a longest side of `LONGEST` pixels at most."""
    import cv2

    height, width = soft_mask.shape
    scale = min(1.0, LONGEST / max(height, width))
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small: NDArray[np.uint8] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    mask: NDArray[np.float32] = cv2.resize(soft_mask, size, interpolation=cv2.INTER_AREA)
    return small, mask
