"""How sure a soft mask is of itself, how much of the frame it touches, and how alike two masks are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cutsmith.machine.cancelling import check

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STRIP = 512
"""Rows."""


def undecidedness(soft_mask: NDArray[np.float32]) -> float:
    """U = sum(min(p, 1 - p)) / count(p > 0.5): 0 for a hard mask, and large where nothing is certain.

    It is infinite for a mask that has no pixel above 0.5.

    Args:
        soft_mask: float32 (H, W) in [0, 1].
    """
    subject, doubt = 0, 0.0
    # In strips: a mask of 24 megapixels takes a third of a second, and whoever cancels waits for one strip alone.
    for top in range(0, len(soft_mask), _STRIP):
        check()
        strip = soft_mask[top : top + _STRIP]
        subject += int(np.count_nonzero(strip > 0.5))
        doubt += float(np.minimum(strip, 1 - strip).sum(dtype=np.float64))
    return doubt / subject if subject else float("inf")


def frame_contact(soft_mask: NDArray[np.float32], probability: float) -> float:
    """The share of the picture's outermost pixels with more than this probability, in [0, 1]."""
    inner = soft_mask[1:-1, :1], soft_mask[1:-1, -1:]
    frame = np.concatenate([edge.reshape(-1) for edge in (soft_mask[:1], soft_mask[-1:], *inner)])
    return float(np.count_nonzero(frame > probability) / frame.size)


def dice(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """The Dice coefficient of two masks, cut off at 0.5, in [0, 1]; 1 where both are empty."""
    check()
    here, there = one > 0.5, other > 0.5
    both = int(np.count_nonzero(here)) + int(np.count_nonzero(there))
    return 2 * int(np.count_nonzero(here & there)) / both if both else 1.0
