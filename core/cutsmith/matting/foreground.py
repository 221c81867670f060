"""Image and alpha -> the subject's own colours, with the old background taken out of the edges.

A half-transparent pixel shows a mixture, I = alpha F + (1 - alpha) B. Stored as it is, it leaves a rim in the colour of
the old background; F is what belongs in a cut-out. How it is estimated is in `multilevel` and `blur_fusion`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.arrays import Pixel, checked_image, checked_mask
from cutsmith.errors import BadOption, shown
from cutsmith.matting.blur_fusion import blur_fusion
from cutsmith.matting.multilevel import multilevel
from cutsmith.matting.regions import grown
from cutsmith.options import OPTIONS, Foreground, what_is_wanted

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Colours reach this far, in pixels, under the transparent surroundings, so that scaling down to a tenth, or a game
# engine's texture filter, mixes the subject's own colour into the edge. Beyond it they are 0.
EDGE_REACH = 16


def estimate_foreground(
    image: NDArray[Pixel], alpha: NDArray[np.float32], method: Foreground = OPTIONS["foreground"].default
) -> NDArray[Pixel]:
    """The subject's own, straight colours: (H, W, 3) of `image`'s dtype, a new array.

    Where alpha rounds to 1 in the image's depth, the colours are the image's, bit for bit. Between, they are estimated
    so that alpha F + (1 - alpha) B explains the image. Where alpha rounds to 0 they are the estimated colour up to
    `EDGE_REACH` pixels from the subject and 0 beyond, so that the removed background is not in the file.

    Args:
        image: `uint8` or `uint16 (H, W, 3)`; 16 bits stay 16 bits.
        alpha: `float32 (H, W)` in [0, 1], straight.
        method: "multilevel" (closer to the truth); "blur-fusion"; "none" gives a copy of the image, background and all.

    Raises:
        BadArray: `image` or `alpha` is not as described, or their sizes differ.
        BadOption: there is no such method.
    """
    if must_be := what_is_wanted(OPTIONS["foreground"], method):
        raise BadOption("", option="foreground", found=shown(method), wanted=must_be)
    image = checked_image(image)
    alpha = checked_mask(alpha, image.shape[:2], "alpha")
    if method == "none":
        return image.copy()
    opaque = _opaque(alpha, image.dtype)
    wanted = grown(_shown(alpha, image.dtype), EDGE_REACH) & ~opaque
    if method == "multilevel":
        return multilevel(image, alpha, wanted, opaque)
    return blur_fusion(image, alpha, wanted, opaque)


def with_own_colours(
    estimated: NDArray[Pixel], image: NDArray[Pixel], alpha: NDArray[np.float32], own_alpha: NDArray[np.float32]
) -> NDArray[Pixel]:
    """`estimated` foreground, changed in place, for an `image` with an alpha of its own: one that was cut out before.

    Where such a picture is half transparent, its straight colours contain no background that could be taken out: its
    transparency is the reason why the mask is undecided there. So a pixel keeps its own colour as far as its own
    transparency explains the mask's, (1 - `own_alpha`) / (1 - `alpha`), and takes the estimate for the rest.

    Args:
        estimated, image: (H, W, 3) of one dtype.
        alpha: float32 (H, W) in [0, 1], the mask by which `estimated` was estimated.
        own_alpha: float32 (H, W) in [0, 1], the image's.
    """
    rows, columns = np.nonzero((own_alpha > 0) & (own_alpha < 1) & (alpha < 1))
    explained = np.minimum((1 - own_alpha[rows, columns]) / (1 - alpha[rows, columns]), 1)[:, None]
    from_estimate = estimated[rows, columns] * (1 - explained)
    mixed = from_estimate + image[rows, columns] * explained
    estimated[rows, columns] = np.rint(mixed).astype(estimated.dtype)
    return estimated


def _opaque(alpha: NDArray[np.float32], dtype: np.dtype[Any]) -> NDArray[np.bool_]:
    """Where alpha rounds to 1 in `dtype`."""
    opaque: NDArray[np.bool_] = alpha >= 1 - 0.5 / np.iinfo(dtype).max
    return opaque


def _shown(alpha: NDArray[np.float32], dtype: np.dtype[Any]) -> NDArray[np.bool_]:
    """Where alpha does not round to 0 in `dtype`."""
    shown: NDArray[np.bool_] = alpha > 0.5 / np.iinfo(dtype).max
    return shown
