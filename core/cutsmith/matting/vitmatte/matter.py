"""Soft mask or trimap -> alpha by ViTMatte, in crops of the network's size around the unknown pixels.

J. Yao, X. Wang, S. Yang, B. Wang, "ViTMatte: Boosting image matting with pre-trained plain vision transformers",
Information Fusion 2024. The network gives the coverage alone; colours are cleaned afterwards, as for every matting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.arrays import checked_image, checked_mask
from cutsmith.matting.kept_parts import alpha_without_loss
from cutsmith.matting.trimap import BACKGROUND, FOREGROUND, UNKNOWN, Band, checked_trimap
from cutsmith.matting.vitmatte.windows import windows_over

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.protocols import MattingNetwork, Watch


class ViTMatteMatter:
    """Soft mask -> alpha by ViTMatte in a band around the mask's edge (`protocols.Matter`)."""

    def __init__(self, network: MattingNetwork, band: Band | None = None) -> None:
        self.network = network
        self.band = Band() if band is None else band

    def alpha(
        self,
        image: NDArray[np.uint8],
        soft_mask: NDArray[np.float32],
        *,
        trimap: NDArray[np.uint8] | None = None,
        watch: Watch | None = None,
    ) -> NDArray[np.float32]:
        """Straight alpha, `float32 (H, W)` in [0, 1], of `image`, `uint8 (H, W, 3)`.

        `trimap` replaces the one that the band makes, and what it knows stays exactly 0 or 1. `watch` may end the work
        between two crops. Without a trimap, parts thinner than the band of which the mask is sure survive. Where there
        is no foreground or no background, nothing can be told apart, and the soft mask is the alpha of the unknown.

        Raises:
            BadArray: an argument is not as described, or sizes differ.
            ModelUnusable: the network gives values that are not finite, or of another shape.
        """
        image = checked_image(image)
        soft_mask = checked_mask(soft_mask, image.shape[:2], "soft mask")
        if trimap is not None:
            return vitmatte_alpha(image, checked_trimap(trimap, image.shape[:2]), soft_mask, self.network, watch)

        def solve(trimap: NDArray[np.uint8]) -> NDArray[np.float32]:
            return vitmatte_alpha(image, trimap, soft_mask, self.network, watch)

        return alpha_without_loss(soft_mask, self.band, solve)


def vitmatte_alpha(
    image: NDArray[Any],
    trimap: NDArray[np.uint8],
    soft_mask: NDArray[np.float32],
    network: MattingNetwork,
    watch: Watch | None = None,
) -> NDArray[np.float32]:
    """Straight alpha, `float32 (H, W)` in [0, 1]; exactly 0 and 1 where the trimap knows it.

    Args:
        image: `uint8` or `uint16 (H, W, 3)`, sRGB.
        trimap: `uint8 (H, W)`, 0 background, 128 unknown, 255 foreground.
        soft_mask: `float32 (H, W)` in [0, 1], for the unknown pixels where there is no foreground or no background.
        network: solves one crop at a time.
        watch: may end the work between two crops.
    """
    unknown = trimap == UNKNOWN
    is_foreground = trimap == FOREGROUND
    if not (is_foreground.any() and (trimap == BACKGROUND).any()):
        return np.where(unknown, soft_mask, is_foreground.astype(np.float32))
    alpha = np.zeros(trimap.shape, np.float32)
    windows = list(windows_over(unknown, network.input_size))
    for number, window in enumerate(windows):
        if watch is not None:
            watch.check()
            watch.progress(number / len(windows))
        alpha[window.slices] += window.weight * network.alpha(image[window.slices], trimap[window.slices])
    if watch is not None:
        watch.check()
    # The weights add up to 1 but for rounding.
    np.clip(alpha, 0, 1, out=alpha)
    np.copyto(alpha, is_foreground, where=~unknown)
    return alpha
