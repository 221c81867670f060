"""How sure a soft mask is of itself, how much of the frame it touches, and how alike two masks are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def undecidedness(soft_mask: NDArray[np.float32]) -> float:
    """U = sum(min(p, 1 - p)) / count(p > 0.5): 0 for a hard mask, and large where nothing is certain.

    It is infinite for a mask that has no pixel above 0.5.

    Args:
        soft_mask: float32 (H, W) in [0, 1].
    """
    subject = int(np.count_nonzero(soft_mask > 0.5))
    if not subject:
        return float("inf")
    return float(np.minimum(soft_mask, 1 - soft_mask).sum(dtype=np.float64) / subject)


def frame_contact(soft_mask: NDArray[np.float32], probability: float) -> float:
    """The share of the picture's outermost pixels with more than this probability, in [0, 1]."""
    inner = soft_mask[1:-1, :1], soft_mask[1:-1, -1:]
    frame = np.concatenate([edge.reshape(-1) for edge in (soft_mask[:1], soft_mask[-1:], *inner)])
    return float(np.count_nonzero(frame > probability) / frame.size)


def dice(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """The Dice coefficient of two masks, cut off at 0.5, in [0, 1]; 1 where both are empty."""
    here, there = one > 0.5, other > 0.5
    both = int(np.count_nonzero(here)) + int(np.count_nonzero(there))
    return 2 * int(np.count_nonzero(here & there)) / both if both else 1.0
