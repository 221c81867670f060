"""A trimap that knows the thin parts which the mask is sure of, and an alpha that has lost none; see `thin_parts`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cutsmith.machine.cancelling import check
from cutsmith.matting.regions import grown
from cutsmith.matting.thin_parts import faint_parts, isolated_ridges, lost_ridges
from cutsmith.matting.trimap import BACKGROUND, FOREGROUND, SURE, SURELY_NOT, UNKNOWN, Band, trimap_from_soft_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray


def alpha_without_loss(
    soft_mask: NDArray[np.float32], band: Band, solve: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Alpha, float32 (H, W) in [0, 1], by a method that solves a trimap and knows nothing of the mask.

    The trimap is the band around the mask's edge. Where matting has deleted or filled a thin part, it solves again, or
    the mask stays. A mask without foreground or without background is its own alpha.

    Args:
        soft_mask: float32 (H, W) in [0, 1].
        band: how far the unknown reaches.
        solve: trimap, uint8 (H, W) -> alpha, float32 (H, W).
    """
    trimap = with_isolated_ridges(trimap_from_soft_mask(soft_mask, band), soft_mask)
    known = trimap[trimap != UNKNOWN]
    if known.size == 0 or (known == known[0]).all():
        return soft_mask.copy()
    alpha = solve(trimap)
    again = with_lost_ridges(trimap, alpha, soft_mask, band)
    if again is not None:
        np.copyto(alpha, solve(again.trimap), where=again.around)
    keep_faint_parts(alpha, soft_mask, trimap, band)
    return alpha


def with_isolated_ridges(trimap: NDArray[np.uint8], soft_mask: NDArray[np.float32]) -> NDArray[np.uint8]:
    """`trimap`, uint8 (H, W), with the ridges of the parts and gaps of which it knows nothing; a new array."""
    unknown = trimap == UNKNOWN
    foreground = isolated_ridges(soft_mask >= SURE, trimap == FOREGROUND, unknown)
    background = isolated_ridges(soft_mask <= SURELY_NOT, trimap == BACKGROUND, unknown)
    check()
    told = trimap.copy()
    told[foreground] = FOREGROUND
    told[background] = BACKGROUND
    return told


# The smooth edge of a thin part reaches so far beyond it, in pixels.
_EDGE = 2
# A step in alpha that would be seen.
_SEEN = 0.15
# What is so far from where the second answer counts, in pixels, hardly changes it, and is not solved again.
_MARGIN = 16


class Again(NamedTuple):
    """What is to be solved a second time.

    Attributes:
        trimap: uint8 (H, W), the first one with the lost ridges known, and what lies far from them as it was solved.
        around: bool (H, W), where the second answer replaces the first.
    """

    trimap: NDArray[np.uint8]
    around: NDArray[np.bool_]


def with_lost_ridges(
    trimap: NDArray[np.uint8], alpha: NDArray[np.float32], soft_mask: NDArray[np.float32], band: Band
) -> Again | None:
    """What to solve again, so that no thin part that the mask is sure of is deleted or filled; None if none was.

    The second answer counts near the lost ridges alone: what they say of colours far away may be wrong.

    Args:
        trimap: uint8 (H, W), from which `alpha` was solved.
        alpha: float32 (H, W) in [0, 1].
        soft_mask: float32 (H, W) in [0, 1].
        band: of the trimap.
    """
    foreground = lost_ridges(alpha, soft_mask >= SURE, trimap == FOREGROUND, band.inner)
    background = lost_ridges(1 - alpha, soft_mask <= SURELY_NOT, trimap == BACKGROUND, band.outer)
    if not (foreground.any() or background.any()):
        return None
    unknown = trimap == UNKNOWN
    around = grown(foreground, band.inner + _EDGE) | grown(background, band.outer + _EDGE)
    second = trimap.copy()
    solved = unknown & ~grown(around, _MARGIN)
    second[solved] = np.where(alpha[solved] < 0.5, BACKGROUND, FOREGROUND)
    second[foreground] = FOREGROUND
    second[background] = BACKGROUND
    return Again(second, around & unknown)


def keep_faint_parts(
    alpha: NDArray[np.float32], soft_mask: NDArray[np.float32], trimap: NDArray[np.uint8], band: Band
) -> None:
    """Put the mask back into `alpha` where matting lost a thin part, or a gap, of which nothing is known.

    All are (H, W), as for `with_lost_ridges`.
    """
    for reach, known, kept, wanted in (
        (band.inner, trimap == FOREGROUND, alpha, soft_mask),
        (band.outer, trimap == BACKGROUND, 1 - alpha, 1 - soft_mask),
    ):
        check()
        lost = faint_parts(kept, wanted, known, reach)
        if lost.any():
            # With the soft edge around the part.
            around = _without_seams(grown(lost, reach + _EDGE), wanted - kept)
            np.copyto(alpha, soft_mask, where=around & (wanted > kept))


def _without_seams(patches: NDArray[np.bool_], step: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The connected `patches`, bool (H, W), at whose border `step`, float32 (H, W), is hardly above 0.

    Where the mask is undecided all around a part, it is no part but a patch of doubt, and its border would be seen.
    """
    import cv2

    count, labels = cv2.connectedComponents(patches.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    rim = patches & ~cv2.erode(patches.view(np.uint8), np.ones((3, 3), np.uint8)).view(np.bool_)
    is_seen = np.zeros(count, bool)
    is_seen[labels[rim & (step > _SEEN)]] = True
    seamless: NDArray[np.bool_] = patches & ~is_seen[labels]
    return seamless
