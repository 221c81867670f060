"""`ClosedFormMatter`: the method `closed-form` behind the rooms' contract, for soft masks and for given trimaps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.arrays import Pixel, checked_image, checked_mask
from cutsmith.matting.closed_form.edge_width import MEANT_SIDE, adaptive_band, adaptive_trimap, edge_width, is_hard
from cutsmith.matting.closed_form.from_soft_mask import alpha_from_soft_mask
from cutsmith.matting.closed_form.reduced_size import local_linear_upsample
from cutsmith.matting.closed_form.solve import solve_unknown
from cutsmith.matting.kept_parts import (
    alpha_without_loss,
    keep_faint_parts,
    with_isolated_ridges,
    with_lost_ridges,
)
from cutsmith.matting.trimap import FOREGROUND, UNKNOWN, Band, checked_trimap, default_band, trimap_from_soft_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.options import MattingEffort
    from cutsmith.protocols import Watch

# The long side at which a soft mask's edge is worked out. A network saw the picture at about this size; what is finer,
# local linear models of the colours find as well.
_WORKING_SIDE = {"fast": 640, "balanced": MEANT_SIDE, "exact": None}
_MOST_UNKNOWN = {"fast": 100_000, "balanced": 300_000, "exact": None}
_LEAST_SIDE = 3


class ClosedFormMatter:
    """Soft mask -> alpha by closed-form matting (`protocols.Matter`).

    Args:
        band: how far the band reaches, in pixels; None adapts it to the mask's edge.
        effort: how much time and memory may be spent.
        memory: bytes that may be allocated; None means all that is available.
    """

    def __init__(self, band: Band | None = None, effort: MattingEffort = "balanced", memory: int | None = None) -> None:
        self.band = band
        self.effort = effort
        self.memory = memory

    def alpha(
        self,
        image: NDArray[np.uint8],
        soft_mask: NDArray[np.float32],
        *,
        trimap: NDArray[np.uint8] | None = None,
        watch: Watch | None = None,
    ) -> NDArray[np.float32]:
        """Straight alpha, `float32 (H, W)` in [0, 1], of `image`, `uint8 (H, W, 3)`.

        A `trimap` is a person's word: what it knows is exactly 0 or 1, and the equations are the paper's, without a
        prior. Without one, alpha outside the band is the soft mask's own, and inside it the mask is a prior; parts
        and gaps that it is sure of stay, however thin.

        Raises:
            BadArray: `image` or `soft_mask` is not as described, or their sizes differ.
            PictureTooLarge: the effort is "exact", and the memory does not hold the equations.
            Cancelled: by `watch`.
        """
        image = checked_image(image)
        soft_mask = checked_mask(soft_mask, image.shape[:2], "soft mask")
        if trimap is not None:
            return closed_form_alpha(image, trimap, soft_mask, watch, effort=self.effort, memory=self.memory)
        if min(soft_mask.shape) < _LEAST_SIDE or not ((soft_mask > 0.5).any() and (soft_mask <= 0.5).any()):
            return soft_mask.copy()
        if is_hard(soft_mask):
            # How sure a mask is at an edge that was cut with scissors says nothing: it is no prior.
            def solve_trimap(trimap: NDArray[np.uint8]) -> NDArray[np.float32]:
                return closed_form_alpha(image, trimap, soft_mask, watch, effort=self.effort, memory=self.memory)

            return alpha_without_loss(soft_mask, self.band or default_band(soft_mask.shape), solve_trimap)
        side = self._working_side(soft_mask)
        factor = side / max(soft_mask.shape)
        if factor >= 1:
            return self._worked_out(image, soft_mask, self.band, watch)
        import cv2

        height, width = soft_mask.shape
        size = (max(round(width * factor), 3), max(round(height * factor), 3))
        small_image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        small_mask = cv2.resize(soft_mask, size, interpolation=cv2.INTER_AREA)
        band = None if self.band is None else Band(*(max(round(reach * factor), 1) for reach in self._reaches()))
        small = self._worked_out(small_image, small_mask, band, watch)
        alpha = local_linear_upsample(small_image, small, image)
        # Outside the band nothing was worked out: the mask stays, to the bit.
        changed = cv2.resize((small != small_mask).astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
        np.copyto(alpha, soft_mask, where=changed == 0)
        return alpha

    def _reaches(self) -> tuple[int, int]:
        assert self.band is not None, "asked for only with a band"
        return self.band.inner, self.band.outer

    def _working_side(self, soft_mask: NDArray[np.float32]) -> float:
        """The long side, in pixels, at which the effort allows for the mask's band."""
        longest = float(max(soft_mask.shape))
        limit, most = _WORKING_SIDE[self.effort], _MOST_UNKNOWN[self.effort]
        if limit is None or most is None:
            return longest
        side = min(longest, float(limit))
        unknown = self._unknown_share(soft_mask) * soft_mask.size * (side / longest) ** 2
        return side if unknown <= most else side * float(np.sqrt(most / unknown))

    def _unknown_share(self, soft_mask: NDArray[np.float32]) -> float:
        """About which share of the picture is unknown."""
        import cv2

        factor = min(MEANT_SIDE / 2 / max(soft_mask.shape), 1)
        small = cv2.resize(soft_mask, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        return float(adaptive_band(small, edge_width(small)).mean())

    def _worked_out(
        self, image: NDArray[np.uint8], soft_mask: NDArray[np.float32], band: Band | None, watch: Watch | None
    ) -> NDArray[np.float32]:
        """Alpha at the size of `image`, without loss of what the mask is sure of."""
        trimap = closed_form_trimap(soft_mask, band)
        reach = default_band(soft_mask.shape) if band is None else band
        trimap = with_isolated_ridges(trimap, soft_mask)
        solve = partial(solve_unknown, effort=self.effort, memory=self.memory, watch=watch)
        alpha = alpha_from_soft_mask(image, soft_mask, solve, trimap == UNKNOWN)
        again = with_lost_ridges(trimap, alpha, soft_mask, reach)
        if again is not None:
            np.copyto(alpha, soft_mask, where=again.around)
        keep_faint_parts(alpha, soft_mask, trimap, reach)
        return alpha


def closed_form_trimap(soft_mask: NDArray[np.float32], band: Band | None = None) -> NDArray[np.uint8]:
    """The trimap that closed form solves for a soft mask: uint8 (H, W) of 0, 128 and 255.

    Without a band, it adapts itself to the edge of the mask, float32 (H, W) in [0, 1]. The edge of a hard mask says
    nothing: there it is the default band.
    """
    if band is None and not is_hard(soft_mask):
        return adaptive_trimap(soft_mask)
    return trimap_from_soft_mask(soft_mask, band)


def closed_form_alpha(
    image: NDArray[Pixel],
    trimap: NDArray[np.uint8],
    soft_mask: NDArray[np.float32] | None = None,
    watch: Watch | None = None,
    *,
    effort: MattingEffort = "exact",
    memory: int | None = None,
) -> NDArray[np.float32]:
    """Straight alpha, `float32 (H, W)` in [0, 1]; exactly 0 and 1 where the trimap knows it.

    Unknown pixels that are linked only to foreground are 1, and only to background 0: the equations give that. Where
    there is no solution (a trimap with nothing known, a picture less than 3 pixels high or wide, or a solver that does
    not converge, of which `watch` is warned), the soft mask is used, or 0.5 without one.

    Args:
        image: `uint8` or `uint16 (H, W, 3)`, sRGB as it is.
        trimap: `uint8 (H, W)`, 0 background, 128 unknown, 255 foreground.
        soft_mask: `float32 (H, W)` in [0, 1], the fallback.
        watch: receives warnings and progress, and may end the work.
        effort: how much time and memory may be spent.
        memory: bytes that may be allocated; None means all that is available.

    Raises:
        BadArray: an argument is not as described, or sizes differ.
        PictureTooLarge: the effort is "exact", and the memory does not hold the equations.
        Cancelled: by `watch`.
    """
    image = checked_image(image)
    trimap = checked_trimap(trimap, image.shape[:2])
    unknown = trimap == UNKNOWN
    known = (trimap == FOREGROUND).astype(np.float32)
    if soft_mask is None:
        return solve_unknown(image, unknown, known, effort=effort, memory=memory, watch=watch)
    soft_mask = checked_mask(soft_mask, image.shape[:2], "soft mask")
    # A weight of zero draws alpha nowhere; the prior is what remains where nothing is known.
    return solve_unknown(
        image,
        unknown,
        known,
        prior=soft_mask,
        prior_weight=np.zeros(unknown.shape, np.float32),
        effort=effort,
        memory=memory,
        watch=watch,
    )
