"""Soft mask -> alpha: two regimes, one for crisp edges and one for hair, and the mask where it knows better.

The mask takes part in the equations as a prior that is the heavier the surer it is. Crisp edges are solved at the
picture's size. Hair is solved twice at half the size, each time from the mean of the mask and the last answer,
and brought to the picture's size by local linear models of the colours: a network sees hair as a haze, which is too
wide for one solution at full size to clear. Where the answer contradicts what the mask is sure of, the mask stays:
colours that subject and background share mislead matting there, in slots and holes above all.

How the numbers were found, and what was tried beside them: docs/decisions.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from cutsmith.machine.cancelling import check
from cutsmith.matting.closed_form.edge_width import adaptive_band, edge_width, scale_of
from cutsmith.matting.closed_form.reduced_size import local_linear_upsample
from cutsmith.matting.regions import grown
from cutsmith.matting.strips import in_strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

EPSILON = 1e-6
"""Regularises the Laplacian. A trimap of a person is solved with 1e-7, the paper's; a prior allows for more."""

# The prior's weight by how sure the mask is, c = |2p - 1|: _LEAST + _DOUBTFUL c^2 + _SURE c^8. The last is for hair;
# crisp edges, of which a network knows more than colours can tell, have up to ten times as much.
_LEAST, _DOUBTFUL, _SURE = 1e-6, 3e-4, 3e-3
_CRISP_FACTOR = 10.0
# From which width of edge on hair begins, and over how many more it takes over; both in pixels of `edge_width`.
_CRISP_UP_TO, _CRISP_FADE = 1.5, 1.5
_HAIR_FROM, _HAIR_FADE = 2.5, 1.5
_WIDEST = 20.0
_SMOOTHING = 4.0  # standard deviation, in pixels
_SEAM = 16  # pixels
_HAIR_PASSES = 2
_HAIR_SCALE = 0.5
_LEAST_HAIR = 0.02  # of the band; less is a corner
# Where what the mask is so sure of differs from the answer by this much on average, the mask begins to stay, or stays.
_SURE_FROM = 0.9
_DOUBT_FROM, _REFUSED_FROM = 0.2, 0.5
_NEIGHBOURHOOD = 25  # pixels


class Solve(Protocol):
    """Solves the closed-form equations of one picture; `cutsmith.matting.closed_form.solve` with its limits bound."""

    def __call__(
        self,
        image: NDArray[np.uint8],
        unknown: NDArray[np.bool_],
        known: NDArray[np.float32],
        *,
        prior: NDArray[np.float32],
        prior_weight: NDArray[np.float32],
        epsilon: float,
    ) -> NDArray[np.float32]:
        """Alpha, float32 (H, W)."""


def alpha_from_soft_mask(
    image: NDArray[np.uint8],
    soft_mask: NDArray[np.float32],
    solve: Solve,
    unknown: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:
    """Alpha, float32 (H, W) in [0, 1]; outside the band it is the soft mask.

    Args:
        image: uint8 (H, W, 3).
        soft_mask: float32 (H, W) in [0, 1].
        solve: the solver.
        unknown: bool (H, W), what is solved for; None takes the adaptive band.
    """
    width = edge_width(soft_mask)
    if unknown is None:
        unknown = adaptive_band(soft_mask, width)
    if not unknown.any():
        return soft_mask.copy()
    check()
    width = _smooth(width)
    is_hair = np.clip((width - _HAIR_FROM) / _HAIR_FADE, 0, 1)
    is_hair[~unknown] = 0
    alpha = soft_mask.copy()
    is_crisp = unknown & (is_hair < 1)
    crisp = soft_mask
    if is_crisp.any():
        # Hair around it is solved along, so that no seam depends on a guess.
        crisp = _crisp(image, soft_mask, unknown & grown(is_crisp, _SEAM), width, solve)
    if np.count_nonzero(is_hair) > _LEAST_HAIR * np.count_nonzero(unknown):
        hair = _hair(image, soft_mask, grown(is_hair > 0, _SEAM), solve)
        is_hair *= _agreement(hair, soft_mask, unknown)
        blended = crisp + is_hair * (hair - crisp)
    else:
        blended = crisp
    check()
    trusted = _agreement(blended, soft_mask, unknown)
    np.copyto(alpha, soft_mask + trusted * (blended - soft_mask), where=unknown)
    return np.clip(alpha, 0, 1, out=alpha)


def _smooth(width: NDArray[np.float32]) -> NDArray[np.float32]:
    import cv2

    spread = _SMOOTHING * scale_of(width.shape)

    def blurred(strip: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.GaussianBlur(np.minimum(strip, np.float32(_WIDEST)), (0, 0), spread), np.float32)

    # OpenCV's kernel reaches four standard deviations.
    return in_strips(width, round(4 * spread) + 1, blurred)


def _prior_weight(soft_mask: NDArray[np.float32], factor: NDArray[np.float32] | float = 1.0) -> NDArray[np.float32]:
    sure = np.abs(2 * soft_mask - 1)
    sure *= sure
    weight: NDArray[np.float32] = (
        np.float32(_LEAST) + np.float32(_DOUBTFUL) * sure + np.float32(_SURE) * factor * sure**4
    )
    return weight


def _decided(soft_mask: NDArray[np.float32]) -> NDArray[np.float32]:
    return (soft_mask > 0.5).astype(np.float32)


def _crisp(
    image: NDArray[np.uint8],
    soft_mask: NDArray[np.float32],
    unknown: NDArray[np.bool_],
    width: NDArray[np.float32],
    solve: Solve,
) -> NDArray[np.float32]:
    """One pass at the picture's own size."""
    factor = np.float32(_CRISP_FACTOR) ** np.clip(1 - (width - _CRISP_UP_TO) / _CRISP_FADE, 0, 1)
    check()
    weight = _prior_weight(soft_mask, factor)
    solved = solve(image, unknown, _decided(soft_mask), prior=soft_mask, prior_weight=weight, epsilon=EPSILON)
    return np.where(unknown, solved, soft_mask)


def _hair(
    image: NDArray[np.uint8], soft_mask: NDArray[np.float32], region: NDArray[np.bool_], solve: Solve
) -> NDArray[np.float32]:
    """Two passes at half the size, in the `region` of hair."""
    import cv2

    height, width = soft_mask.shape
    size = (max(round(width * _HAIR_SCALE), 3), max(round(height * _HAIR_SCALE), 3))
    small_image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    guess = soft_mask
    for _ in range(_HAIR_PASSES):
        check()
        band = adaptive_band(guess, edge_width(guess)) & region
        unknown = cv2.resize(band.view(np.uint8).astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
        prior = cv2.resize(guess, size, interpolation=cv2.INTER_AREA)
        solved = solve(
            small_image, unknown, _decided(prior), prior=prior, prior_weight=_prior_weight(prior), epsilon=EPSILON
        )
        hair = local_linear_upsample(small_image, solved, image)
        guess = (hair + soft_mask) * np.float32(0.5)
    return hair


def _agreement(
    alpha: NDArray[np.float32], soft_mask: NDArray[np.float32], unknown: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """How far `alpha` may be trusted, float32 (H, W): 0 where it contradicts what the mask is sure of all around."""
    import cv2

    side = 2 * round(_NEIGHBOURHOOD * scale_of(alpha.shape) / 2) + 1
    check()
    sure = (unknown & (np.abs(2 * soft_mask - 1) > _SURE_FROM)).astype(np.float32)
    difference = sure * np.abs(alpha - soft_mask)
    check()
    mean = np.asarray(cv2.boxFilter(difference, -1, (side, side)), np.float32)
    check()
    mean /= cv2.boxFilter(sure, -1, (side, side)) + np.float32(4 / side**2)
    trust: NDArray[np.float32] = np.clip((_REFUSED_FROM - mean) / (_REFUSED_FROM - _DOUBT_FROM), 0, 1)
    return trust
