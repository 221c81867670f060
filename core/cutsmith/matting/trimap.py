"""Soft mask -> trimap: which pixels are surely subject, surely background, or left to matting.

The band of unknown pixels is where the soft mask itself is undecided, and a few pixels around that. Wider bands make
closed-form matting worse, not better, because every known pixel helps it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.arrays import checked_mask, checked_plane
from cutsmith.cures import give
from cutsmith.errors import BadArray, BadOption, must_be
from cutsmith.options import DEFAULT_BAND, OPTIONS, what_is_wanted

if TYPE_CHECKING:
    from numpy.typing import NDArray

BACKGROUND = 0
UNKNOWN = 128
FOREGROUND = 255

SURELY_NOT, SURE = 0.05, 0.95
"""Up to which probability a pixel is surely background, and from which on it is surely foreground."""


@dataclass(frozen=True)
class Band:
    """How far the unknown region reaches, in pixels (Euclidean): whole numbers, 0 or more.

    `inner` is the reach into the sure foreground (an erosion of it), `outer` into the sure background (a dilation of
    everything else).

    Raises:
        BadOption: a value is negative or not a whole number.
    """

    inner: int = DEFAULT_BAND
    outer: int = DEFAULT_BAND

    def __post_init__(self) -> None:
        option = OPTIONS["band"]
        if wanted := what_is_wanted(option, (self.inner, self.outer)):
            raise BadOption(
                "", give("band", option.example), option="band", found=f"{self.inner},{self.outer}", wanted=wanted
            )


def trimap_from_soft_mask(
    soft_mask: NDArray[np.float32], band: Band | None = None, low: float = SURELY_NOT, high: float = SURE
) -> NDArray[np.uint8]:
    """The trimap of a soft mask: `uint8 (H, W)`, 0 background, 128 unknown, 255 foreground.

    Unknown are the pixels with `low` < p < `high`, those with p >= `high` that have a pixel below `high` within
    `band.inner` pixels, and those with p <= `low` that have a pixel above `low` within `band.outer` pixels. So a hard
    mask, which is undecided nowhere, gets its band too. Distances are Euclidean, between the centres of pixels: 3 means
    3 in every direction. Whatever lies beyond the picture's edge counts as neither.

    Args:
        soft_mask: `float32 (H, W)` in [0, 1], 1 = subject; bool and uint8 (0-255) are taken too.
        band: the band's reach in pixels; `Band()` where None.
        low: probabilities up to this one are background, in [0, `high`).
        high: probabilities from this one on are foreground, in (`low`, 1].

    Raises:
        BadArray: `soft_mask` is not as described.
        BadOption: the range is not 0 <= `low` < `high` <= 1.
    """
    band = Band() if band is None else band
    if not 0 <= low < high <= 1:
        raise BadOption(
            f"The uncertain range must be 0 <= low < high <= 1, but got low {low:g} and high {high:g}.",
            "The defaults are 0.05 and 0.95.",
        )
    soft_mask = checked_mask(soft_mask, name="soft mask")
    sure_foreground = soft_mask >= high
    sure_background = soft_mask <= low
    trimap = np.full(soft_mask.shape, UNKNOWN, np.uint8)
    trimap[_eroded(sure_foreground, band.inner)] = FOREGROUND
    trimap[_eroded(sure_background, band.outer)] = BACKGROUND
    return trimap


def checked_trimap(trimap: NDArray[Any], shape: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """A trimap that was handed in, as `uint8 (H, W)` of 0, 128 and 255.

    Integers may be 0 / 128 (or 127) / 255, and floats 0 / 0.5 / 1, which leave nothing to guess. `shape`, where given,
    is the (H, W) that it must have.

    Raises:
        BadArray: any other dtype, shape or value.
    """
    trimap = checked_plane(trimap, "trimap", shape)
    if np.issubdtype(trimap.dtype, np.floating):
        background, unknown, foreground = trimap == 0, trimap == 0.5, trimap == 1
        wanted = "0, 0.5 and 1"
    elif np.issubdtype(trimap.dtype, np.integer):
        background, unknown, foreground = trimap == 0, (trimap == 128) | (trimap == 127), trimap == 255
        wanted = "0, 128 and 255"
    else:
        raise _refused(
            "of dtype uint8 (0 / 128 / 255)",
            str(trimap.dtype),
            "Make a trimap of a soft mask with cutsmith.matting.trimap.trimap_from_soft_mask.",
        )
    understood = background | unknown | foreground
    if not understood.all():
        strangers = np.unique(trimap[~understood])
        listed = ", ".join(f"{value:g}" for value in strangers[:5]) + (", ..." if strangers.size > 5 else "")
        raise _refused(
            f"made of {wanted}",
            f"{int(np.count_nonzero(~understood))} other values: {listed}",
            "Was it resized smoothly, or saved as JPEG? Use nearest-neighbour interpolation and PNG.",
        )
    checked = np.full(trimap.shape, UNKNOWN, np.uint8)
    checked[background] = BACKGROUND
    checked[foreground] = FOREGROUND
    return checked


def _refused(wanted: str, found: str, advice: str) -> BadArray:
    return BadArray(must_be("The trimap", wanted, found), advice, option="trimap", found=found, wanted=wanted)


def _eroded(region: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    """The pixels of `region`, bool (H, W), that are more than `radius` pixels from every pixel outside it."""
    if radius == 0 or region.all() or not region.any():
        return region
    import cv2

    # The exact Euclidean distance costs the same for every radius, and no kernel can sit half a pixel off.
    distance = cv2.distanceTransform(region.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # Squared distances are whole numbers: the half keeps float32 roots from deciding at the rim.
    eroded: NDArray[np.bool_] = distance * distance > radius * radius + 0.5
    return eroded
