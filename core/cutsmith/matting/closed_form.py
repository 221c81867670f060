"""Closed-form matting: alpha in the unknown region of a trimap, from local colour lines.

A. Levin, D. Lischinski, Y. Weiss, "A Closed-Form Solution to Natural Image Matting", PAMI 2008, solved by pymatting
(incomplete Cholesky and conjugate gradients). pymatting pays about 500 bytes for each pixel that it is shown, known
or not; so it is shown the crops around the unknown pixels and nothing else, which leaves the answer as it is: an
unknown pixel is linked to the pixels at most `REACH` rows and columns away, and to nothing beyond.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.arrays import Pixel, checked_image, checked_mask
from cutsmith.cures import advise, set_option
from cutsmith.errors import PictureTooLarge
from cutsmith.machine.memory import available_memory
from cutsmith.matting.compilation import import_pymatting
from cutsmith.matting.crops import Crop, crops_around_unknown
from cutsmith.matting.kept_parts import keep_faint_parts, with_isolated_ridges, with_lost_ridges
from cutsmith.matting.thin_parts import REACH
from cutsmith.matting.trimap import FOREGROUND, UNKNOWN, Band, checked_trimap, trimap_from_soft_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.protocols import Watch

_log = logging.getLogger(__name__)

# The residual, relative to the right-hand side, at which conjugate gradients stop. Measured on photographs against the
# converged answer, the worst pixel is off by 0.66 at 1e-4, 0.001 at 1e-6, 1e-4 at 1e-7 (pymatting's default) and 5e-6
# at 1e-8, which is less than half a level of 16-bit alpha (7.6e-6). The preconditioner is what costs: the last
# step from 1e-7 takes some three iterations more, a few per cent of the time.
RELATIVE_TOLERANCE = 1e-8

# Photographs take 5 to 30 iterations; a system that is not solved by then would go on for many minutes.
MOST_ITERATIONS = 1000

# Peak memory of one solve: the Laplacian of every pixel of the crop, known ones too, and the equations of the unknown
# pixels with their preconditioner, which grows with the width of the region. Measured: 540 bytes for each pixel of the
# crop with a narrow band; up to 2100 more for each unknown pixel. The upper ends, so that no process is killed.
BYTES_PER_CROP_PIXEL = 550
BYTES_PER_UNKNOWN_PIXEL = 2100

# Wide regions fill up the preconditioner: 200,000 pixels that hang together took 15 to 55 s, 60,000 about 2 s.
LONG_WAIT_PIXELS = 150_000

# Alpha of an unknown pixel that cannot be solved when there is no soft mask to fall back to.
_UNDECIDED = 0.5


class ClosedFormMatter:
    """Soft mask -> alpha by closed-form matting in a band around the mask's edge (`protocols.Matter`)."""

    def __init__(self, band: Band | None = None) -> None:
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

        `trimap` replaces the one that the band makes; `watch` receives warnings, and may end the work.

        Pixels outside the band are exactly 0 or 1. Where the trimap has nothing unknown, no foreground or no
        background, there is nothing to solve, and the soft mask itself is the alpha.

        Raises:
            BadArray: `image` or `soft_mask` is not as described, or their sizes differ.
            PictureTooLarge: the available memory does not hold the equations.
            NotInstalled: pymatting cannot be imported.
        """
        if trimap is not None:
            return closed_form_alpha(image, trimap, soft_mask, watch)
        image = checked_image(image)
        soft_mask = checked_mask(soft_mask, image.shape[:2], "soft mask")
        trimap = with_isolated_ridges(trimap_from_soft_mask(soft_mask, self.band), soft_mask)
        known = trimap[trimap != UNKNOWN]
        if known.size == 0 or (known == known[0]).all():
            return soft_mask.copy()
        alpha = closed_form_alpha(image, trimap, soft_mask, watch)
        again = with_lost_ridges(trimap, alpha, soft_mask, self.band)
        if again is not None:
            np.copyto(alpha, closed_form_alpha(image, again.trimap, soft_mask, watch), where=again.around)
        keep_faint_parts(alpha, soft_mask, trimap, self.band)
        return alpha


def closed_form_alpha(
    image: NDArray[Pixel],
    trimap: NDArray[np.uint8],
    soft_mask: NDArray[np.float32] | None = None,
    watch: Watch | None = None,
) -> NDArray[np.float32]:
    """Straight alpha, `float32 (H, W)` in [0, 1]; exactly 0 and 1 where the trimap knows it.

    Unknown pixels that are linked only to foreground are 1, and only to background 0: the equations give that. Where
    there is no solution (a trimap with nothing known, a picture less than 3 pixels high or wide, or a solver that does
    not converge, of which `watch` is warned), the soft mask is used, or 0.5 without one.

    Args:
        image: `uint8` or `uint16 (H, W, 3)`, sRGB as it is.
        trimap: `uint8 (H, W)`, 0 background, 128 unknown, 255 foreground.
        soft_mask: `float32 (H, W)` in [0, 1], the fallback.
        watch: receives warnings, and may end the work between two iterations.

    Raises:
        BadArray: an argument is not as described, or sizes differ.
        PictureTooLarge: the available memory does not hold the equations of the largest crop.
        NotInstalled: pymatting cannot be imported.
    """
    image = checked_image(image)
    trimap = checked_trimap(trimap, image.shape[:2])
    if soft_mask is not None:
        soft_mask = checked_mask(soft_mask, image.shape[:2], "soft mask")
    alpha: NDArray[np.float32] = (trimap == FOREGROUND).astype(np.float32)
    unknown = trimap == UNKNOWN
    if not unknown.any():
        return alpha
    alpha[unknown] = _UNDECIDED if soft_mask is None else soft_mask[unknown]
    if unknown.all() or min(trimap.shape) < 2 * REACH - 1:
        return alpha

    crops, constants = crops_around_unknown(trimap, REACH)
    np.copyto(alpha, constants, where=~np.isnan(constants))
    _refuse_what_memory_does_not_hold(crops)
    for crop in crops:
        solved = _solved(image[crop.slices], crop, watch)
        if solved is not None:
            np.copyto(alpha[crop.slices], solved, where=crop.unknown)
    return alpha


def _solved(image: NDArray[Any], crop: Crop, watch: Watch | None) -> NDArray[np.float32] | None:
    """Alpha (H, W) in the crop, of which `image` are the pixels; None, after a warning, where it cannot be solved."""
    pymatting = import_pymatting(watch)
    if watch is not None:
        watch.check()
    undecided = int(np.count_nonzero(crop.unknown))
    if undecided >= LONG_WAIT_PIXELS:
        _log.warning("The mask is undecided at %d pixels that hang together: this may take a minute.", undecided)

    def between_iterations(*_: object) -> None:
        if watch is not None:
            watch.check()

    colours = image.astype(np.float64) / np.iinfo(image.dtype).max
    # 0.5 marks the unknown for pymatting; others' unknown pixels are out of reach and count as known.
    trimap = np.where(crop.unknown, 0.5, crop.foreground)
    try:
        alpha = pymatting.estimate_alpha_cf(
            colours,
            trimap,
            cg_kwargs={"rtol": RELATIVE_TOLERANCE, "maxiter": MOST_ITERATIONS, "callback": between_iterations},
        )
    except ValueError as error:
        # This is how pymatting says that the preconditioner or the iteration failed.
        reason = str(error)
    else:
        if np.isfinite(alpha).all():
            solved: NDArray[np.float32] = np.clip(alpha, 0, 1).astype(np.float32)
            return solved
        reason = "the solution is not finite"
    rows, columns = crop.slices
    warning = (
        f"Closed-form matting found no solution in x {columns.start}-{columns.stop}, y {rows.start}-{rows.stop} "
        f"({reason}): the mask is left there as it was."
    )
    if watch is None:
        _log.warning(warning)
    else:
        watch.warn(warning)
    return None


def _refuse_what_memory_does_not_hold(crops: list[Crop]) -> None:
    """Raise `PictureTooLarge` where the largest crop needs more memory than there is."""
    if not crops:
        return
    needs = [
        crop.unknown.size * BYTES_PER_CROP_PIXEL + int(np.count_nonzero(crop.unknown)) * BYTES_PER_UNKNOWN_PIXEL
        for crop in crops
    ]
    largest = int(np.argmax(needs))
    available = available_memory()
    if needs[largest] <= available:
        return
    height, width = crops[largest].unknown.shape
    raise PictureTooLarge(
        f"Closed-form matting of a region of {width} x {height} pixels needs about {needs[largest] / 1e9:.1f} GB of "
        f"memory, but {available / 1e9:.1f} GB are available.",
        set_option("matting", "none", text="To keep the mask as it is"),
        advise("Or take a smaller picture."),
    )
