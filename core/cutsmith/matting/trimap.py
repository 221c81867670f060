"""Soft mask -> trimap: which pixels are surely subject, surely background, or left to matting.

The band of unknown pixels is where the soft mask itself is undecided, and a few pixels around that. Wider bands make
closed-form matting worse, not better, because every known pixel helps it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cutsmith.arrays import checked_mask, checked_plane
from cutsmith.cures import give
from cutsmith.errors import BadArray, BadOption, must_be
from cutsmith.matting.strips import in_strips
from cutsmith.options import DEFAULT_BAND, OPTIONS, what_is_wanted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.protocols import Watch

BACKGROUND = 0
UNKNOWN = 128
FOREGROUND = 255

SURELY_NOT, SURE = 0.05, 0.95
"""Up to which probability a pixel is surely background, and from which on it is surely foreground."""

_ROUNDING = 0.02
"""How far a value may be from one of a trimap's three levels and still be that level, in a range of 1.

Half precision, JPEG and nodes that scale by 254 or 256 leave 0.49 and 0.51 for unknown.
"""

BAND_SIZE = 1024
"""The long side, in pixels, up to which the default band is `DEFAULT_BAND` pixels."""

_log = logging.getLogger(__name__)


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


def default_band(shape: tuple[int, int]) -> Band:
    """The band of a picture of `shape` (H, W) if none is asked for.

    It is 3 pixels up to a long side of 1024 pixels and grows in proportion above, so that a preview and the full size
    leave the same region to matting. A band that was asked for is taken literally, in pixels of the picture.
    """
    reach = round(DEFAULT_BAND * max(max(shape) / BAND_SIZE, 1))
    return Band(reach, reach)


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
        band: the band's reach in pixels, literally; `default_band` of the mask's size where None.
        low: probabilities up to this one are background, in [0, `high`).
        high: probabilities from this one on are foreground, in (`low`, 1].

    Raises:
        BadArray: `soft_mask` is not as described.
        BadOption: the range is not 0 <= `low` < `high` <= 1.
    """
    if not 0 <= low < high <= 1:
        raise BadOption(
            f"The uncertain range must be 0 <= low < high <= 1, but got low {low:g} and high {high:g}.",
            "The defaults are 0.05 and 0.95.",
        )
    soft_mask = checked_mask(soft_mask, name="soft mask")
    band = default_band(soft_mask.shape) if band is None else band
    sure_foreground = soft_mask >= high
    sure_background = soft_mask <= low
    trimap = np.full(soft_mask.shape, UNKNOWN, np.uint8)
    trimap[_eroded(sure_foreground, band.inner)] = FOREGROUND
    trimap[_eroded(sure_background, band.outer)] = BACKGROUND
    return trimap


class Snapped(NamedTuple):
    """A trimap that was handed in, as it was understood.

    Attributes:
        trimap: uint8 (H, W) of 0, 128 and 255.
        warning: how many pixels had another value, and what they were taken for; "" if none had.
    """

    trimap: NDArray[np.uint8]
    warning: str


def checked_trimap(
    trimap: NDArray[Any], shape: tuple[int, int] | None = None, watch: Watch | None = None
) -> NDArray[np.uint8]:
    """A trimap that was handed in, as `uint8 (H, W)` of 0, 128 and 255.

    Integers are 0 / 128 (or 127) / 255, and floats 0 / 0.5 / 1, each up to 2% of the range off. Values between these,
    which soft brushes and smooth resizing make, are snapped to the nearest of the three, and to unknown halfway;
    `watch`, or the log without one, is warned of them.

    Args:
        trimap: integers in 0-255 or floats in 0-1, (H, W).
        shape: the (H, W) that it must have; None for any.
        watch: receives the warning.

    Raises:
        BadArray: another dtype, shape or range; NaN; or the labels 0, 1, 2, whose meaning would be a guess.
    """
    snapped = snapped_trimap(trimap, shape)
    if snapped.warning:
        (_log.warning if watch is None else watch.warn)(snapped.warning)
    return snapped.trimap


def snapped_trimap(trimap: NDArray[Any], shape: tuple[int, int] | None = None) -> Snapped:
    """What `checked_trimap` does, for callers that tell the warning themselves, or not at all.

    Raises:
        BadArray: as there.
    """
    trimap = checked_plane(trimap, "trimap", shape)
    if np.issubdtype(trimap.dtype, np.floating):
        most, wanted = 1.0, "0, 0.5 and 1"
    elif np.issubdtype(trimap.dtype, np.integer):
        most, wanted = 255.0, "0, 128 and 255"
    else:
        raise _refused(
            "of dtype uint8 (0 / 128 / 255)",
            str(trimap.dtype),
            "Make a trimap of a soft mask with cutsmith.matting.trimap.trimap_from_soft_mask.",
        )
    beyond = ~((trimap >= 0) & (trimap <= most))
    if beyond.any():
        strangers = _listed(trimap[beyond])
        found = f"{int(np.count_nonzero(beyond))} values outside 0 to {most:g}: {strangers}"
        raise _refused(f"made of {wanted}", found, "Scale it to that range, without NaN: integers to 255, floats to 1.")
    if most == 255 and 0 < trimap.max() <= 2:
        raise _refused(
            f"made of {wanted}",
            f"the values {_listed(trimap)}",
            "If they are labels, write 0 for background, 128 for unknown and 255 for foreground.",
        )
    snapped = np.full(trimap.shape, UNKNOWN, np.uint8)
    snapped[trimap < most / 4] = BACKGROUND
    snapped[trimap > most * 3 / 4] = FOREGROUND
    # How far each value is from the nearest of 0, the middle and the most.
    off = np.abs(trimap.astype(np.float32) - np.float32(most / 2))
    np.minimum(off, np.float32(most / 2) - off, out=off)
    return Snapped(snapped, _told(snapped[off > most * _ROUNDING], wanted))


def _told(snapped: NDArray[np.uint8], wanted: str) -> str:
    """The warning about pixels that were `snapped` to these levels; "" for none."""
    if not snapped.size:
        return ""
    names = {BACKGROUND: "background", UNKNOWN: "unknown", FOREGROUND: "foreground"}
    counts = {name: int(np.count_nonzero(snapped == level)) for level, name in names.items()}
    taken = ", ".join(f"{count} as {name}" for name, count in counts.items() if count)
    pixels = "pixel" if snapped.size == 1 else "pixels"
    return f"The trimap has {snapped.size} {pixels} with a value between {wanted}: {taken}."


def _listed(values: NDArray[Any]) -> str:
    """The first of the different `values`."""
    different = np.unique(values)
    return ", ".join(f"{value:g}" for value in different[:5]) + (", ..." if different.size > 5 else "")


def _refused(wanted: str, found: str, advice: str) -> BadArray:
    return BadArray(must_be("The trimap", wanted, found), advice, option="trimap", found=found, wanted=wanted)


def _eroded(region: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    """The pixels of `region`, bool (H, W), that are more than `radius` pixels from every pixel outside it."""
    if radius == 0 or region.all() or not region.any():
        return region
    import cv2

    def eroded(strip: NDArray[np.bool_]) -> NDArray[np.bool_]:
        if strip.all():
            return strip
        # The exact Euclidean distance costs the same for every radius, and no kernel can sit half a pixel off.
        distance = cv2.distanceTransform(strip.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        # Squared distances are whole numbers: the half keeps float32 roots from deciding at the rim.
        inside: NDArray[np.bool_] = distance * distance > radius * radius + 0.5
        return inside

    return in_strips(region, radius + 1, eroded)
