"""Picture and soft mask -> alpha of the one subject that the mask names."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.arrays import checked_image, checked_mask
from cutsmith.cures import advise, set_option
from cutsmith.errors import PictureTooLarge
from cutsmith.machine.memory import available_memory
from cutsmith.matting.bimatting.frame import matted_frame
from cutsmith.matting.trimap import BACKGROUND, FOREGROUND, UNKNOWN, Band, checked_trimap, trimap_from_soft_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.matting.bimatting.network import BiMattingNetwork
    from cutsmith.protocols import Watch

_log = logging.getLogger(__name__)

# How far the network may decide, as shares of the longer side: into the mask's sure subject, whose edge it redraws, and
# out of it, where hair reaches that the mask has lost. Beyond that, other people begin.
_INWARD, _OUTWARD = 0.01, 0.02
_LEAST_PIXELS = 2
# The share of a part of the mask that the network must confirm; else that part is no person to it.
_CONFIRMED = 0.5
# At the peak, beside picture and mask: alpha, trimap, the parts' numbers, distances to the mask's edge.
# Measured: 12 for 100 million pixels.
BYTES_PER_PIXEL = 16


class BiMattingMatter:
    """Soft mask -> alpha by BiMatting (`protocols.Matter`).

    The network mattes all people of a picture and asks for no mask. So its alpha counts around the mask's edge and
    where the mask is undecided; far inside the mask alpha is 1, and far outside it 0, where other people may be. A part
    of the mask that the network does not see as a person, such as a cat, keeps the soft mask, with a warning.
    """

    def __init__(self, network: BiMattingNetwork) -> None:
        """`network` must be in its evaluation mode."""
        self.network = network

    def alpha(
        self,
        image: NDArray[np.uint8],
        soft_mask: NDArray[np.float32],
        *,
        trimap: NDArray[np.uint8] | None = None,
        watch: Watch | None = None,
    ) -> NDArray[np.float32]:
        """Straight alpha, float32 (H, W) in [0, 1], of `image`, uint8 (H, W, 3), sRGB.

        Args:
            image: uint8 (H, W, 3); uint16 is taken too.
            soft_mask: float32 (H, W) in [0, 1]: names the subject, and is the alpha where the network sees no person.
            trimap: uint8 (H, W) of 0, 128 and 255: what is known is kept exactly, and alpha is the network's elsewhere.
            watch: receives warnings, and may end the work.

        Raises:
            BadArray: an argument is not as described, or sizes differ.
            PictureTooLarge: the available memory does not hold the planes of a picture of this size.
            ModelUnusable: the network gives values that are not numbers.
            DeviceOutOfMemory: the device does not hold the network's features.
            Cancelled: `watch` says so.
        """
        image = checked_image(image)
        size = image.shape[:2]
        soft_mask = checked_mask(soft_mask, size, "soft mask")
        _refuse_what_memory_does_not_hold(size)
        trimap = bimatting_trimap(soft_mask) if trimap is None else checked_trimap(trimap, size)
        unknown = trimap == UNKNOWN
        if not unknown.any():
            known: NDArray[np.float32] = (trimap == FOREGROUND).astype(np.float32)
            return known
        if watch is not None:
            watch.check()
        alpha, _ = matted_frame(self.network, image, watch=watch)
        _keep_what_is_no_person(alpha, soft_mask, trimap, watch)
        alpha[trimap == BACKGROUND] = 0
        alpha[trimap == FOREGROUND] = 1
        return alpha


def bimatting_trimap(soft_mask: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The trimap, uint8 (H, W), of `soft_mask`, float32 (H, W) in [0, 1], with a band that scales with the picture."""
    longer = max(soft_mask.shape)
    inner, outer = (max(_LEAST_PIXELS, round(share * longer)) for share in (_INWARD, _OUTWARD))
    return trimap_from_soft_mask(soft_mask, Band(inner, outer))


def _keep_what_is_no_person(
    alpha: NDArray[np.float32], soft_mask: NDArray[np.float32], trimap: NDArray[np.uint8], watch: Watch | None
) -> None:
    """Put the soft mask in the place of `alpha` in those parts of the subject that the network does not confirm."""
    import cv2

    count, parts = cv2.connectedComponents((trimap != BACKGROUND).view(np.uint8), connectivity=8)
    named, confirmed = np.zeros(count), np.zeros(count)
    # A few rows at a time: bincount makes float64 of its weights.
    for top in range(0, len(alpha), 256):
        rows = slice(top, top + 256)
        part, weight = parts[rows].ravel(), soft_mask[rows].ravel()
        named += np.bincount(part, weight, count)
        confirmed += np.bincount(part, weight * alpha[rows].ravel(), count)
    unseen = confirmed < _CONFIRMED * named
    unseen[0] = False
    if not unseen.any():
        return
    np.copyto(alpha, soft_mask, where=unseen[parts])
    share = float(named[unseen].sum() / max(float(named[1:].sum()), 1e-9))
    warning = (
        f"BiMatting mattes people, and sees none in {max(1, round(100 * share))}% of the subject: the mask is left "
        "there as it was."
    )
    if watch is None:
        _log.warning(warning)
    else:
        watch.warn(warning)


def _refuse_what_memory_does_not_hold(size: tuple[Any, ...]) -> None:
    """Raise `PictureTooLarge` where the planes of a picture of `size` need more memory than there is."""
    height, width = size
    needed, available = height * width * BYTES_PER_PIXEL, available_memory()
    if needed <= available:
        return
    raise PictureTooLarge(
        f"BiMatting of a picture of {width} x {height} pixels needs about {needed / 1e9:.1f} GB of memory, but "
        f"{available / 1e9:.1f} GB are available.",
        set_option("matting", "none", text="To keep the mask as it is"),
        advise("Or take a smaller picture."),
    )
