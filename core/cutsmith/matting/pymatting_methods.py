"""Closed form, KNN and learning-based matting by pymatting (extra `[pymatting]`), for comparison with our own.

A. Levin, D. Lischinski, Y. Weiss, "A Closed-Form Solution to Natural Image Matting", PAMI 2008; Q. Chen, D. Li, C.-K.
Tang, "KNN Matting", PAMI 2013; Y. Zheng, C. Kambhamettu, "Learning Based Digital Matting", ICCV 2009. They see the
crops around the unknown pixels and nothing else, because pymatting pays for each pixel that it is shown. For methods
whose links reach two pixels, that leaves the answer as it is. KNN links a pixel to those of like colour anywhere:
here, anywhere in its crop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cutsmith.arrays import checked_image, checked_mask
from cutsmith.cures import advise, set_option
from cutsmith.errors import PictureTooLarge
from cutsmith.machine.memory import available_memory
from cutsmith.matting.compilation import import_pymatting
from cutsmith.matting.crops import Crop, crops_around_unknown
from cutsmith.matting.kept_parts import alpha_without_loss
from cutsmith.matting.thin_parts import REACH
from cutsmith.matting.trimap import FOREGROUND, UNKNOWN, Band, checked_trimap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.protocols import Watch

_log = logging.getLogger(__name__)

MOST_ITERATIONS = 2000
# Around the unknown pixels KNN needs known ones of like colour; learning-based matting has none of these.
_KNN_MARGIN = 16
_UNDECIDED = 0.5


class Method(NamedTuple):
    """One of pymatting's methods.

    Attributes:
        title: for people.
        function: its name in pymatting.
        margin: how far a crop reaches beyond its unknown pixels.
        bytes_per_pixel: peak memory for each pixel of a crop.
        bytes_per_unknown: more for each unknown one, whose preconditioner grows with the width of the region.
        tolerance: the residual, relative to the right-hand side, at which conjugate gradients stop.
    """

    title: str
    function: str
    margin: int
    bytes_per_pixel: int
    bytes_per_unknown: int = 0
    tolerance: float = 1e-7


# Closed form against the converged answer: the worst pixel is off by 0.66 at 1e-4, 0.001 at 1e-6, 1e-4 at 1e-7 and 5e-6
# at 1e-8, which is less than half a level of 16-bit alpha. Its memory was measured with narrow and wide bands, that of
# the others at 0.45 megapixels.
METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "pymatting-cf": Method("pymatting's closed form", "estimate_alpha_cf", REACH, 550, 2100, 1e-8),
        "knn": Method("KNN matting", "estimate_alpha_knn", _KNN_MARGIN, 3150),
        "lbdm": Method("Learning-based matting", "estimate_alpha_lbdm", REACH, 2480),
    }
)
"""Each method by its name among the choices of the option `matting`."""


class PymattingMatter:
    """Soft mask -> alpha by one of `METHODS` in a band around the mask's edge (`protocols.Matter`)."""

    def __init__(self, method: str, band: Band | None = None) -> None:
        self.method = METHODS[method]
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

        `trimap` replaces the one that the band makes, and what it knows stays exactly 0 or 1. `watch` receives
        warnings, and may end the work. Where there is nothing to solve, the soft mask itself is the alpha.

        Raises:
            BadArray: an argument is not as described, or sizes differ.
            PictureTooLarge: the available memory does not hold the equations.
            NotInstalled: pymatting cannot be imported.
        """
        image = checked_image(image)
        soft_mask = checked_mask(soft_mask, image.shape[:2], "soft mask")
        if trimap is not None:
            return _alpha(self.method, image, checked_trimap(trimap, image.shape[:2]), soft_mask, watch)

        def solve(trimap: NDArray[np.uint8]) -> NDArray[np.float32]:
            return _alpha(self.method, image, trimap, soft_mask, watch)

        return alpha_without_loss(soft_mask, self.band, solve)


def _alpha(
    method: Method,
    image: NDArray[Any],
    trimap: NDArray[np.uint8],
    soft_mask: NDArray[np.float32],
    watch: Watch | None,
) -> NDArray[np.float32]:
    """Alpha, float32 (H, W) in [0, 1]; exactly 0 and 1 where the trimap knows it, the mask where nothing is solved."""
    alpha: NDArray[np.float32] = (trimap == FOREGROUND).astype(np.float32)
    unknown = trimap == UNKNOWN
    alpha[unknown] = soft_mask[unknown]
    if not unknown.any() or unknown.all() or min(trimap.shape) < 2 * REACH - 1:
        return alpha
    crops, constants = crops_around_unknown(trimap, method.margin)
    np.copyto(alpha, constants, where=~np.isnan(constants))
    _refuse_what_memory_does_not_hold(method, crops)
    for crop in crops:
        solved = _solved(method, image[crop.slices], crop, watch)
        if solved is not None:
            np.copyto(alpha[crop.slices], solved, where=crop.unknown)
    return alpha


def _solved(method: Method, image: NDArray[Any], crop: Crop, watch: Watch | None) -> NDArray[np.float32] | None:
    """Alpha (h, w) in the crop, of which `image` are the pixels; None, after a warning, where it cannot be solved."""
    pymatting = import_pymatting(watch)
    if watch is not None:
        watch.check()

    def between_iterations(*_: object) -> None:
        if watch is not None:
            watch.check()

    colours = image.astype(np.float64) / np.iinfo(image.dtype).max
    trimap = np.where(crop.unknown, _UNDECIDED, crop.foreground)
    estimate: Callable[..., Any] = getattr(pymatting, method.function)
    settings = {"rtol": method.tolerance, "maxiter": MOST_ITERATIONS, "callback": between_iterations}
    try:
        alpha = estimate(colours, trimap, cg_kwargs=settings)
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
        f"{method.title} found no solution in x {columns.start}-{columns.stop}, y {rows.start}-{rows.stop} "
        f"({reason}): the mask is left there as it was."
    )
    (_log.warning if watch is None else watch.warn)(warning)
    return None


def _refuse_what_memory_does_not_hold(method: Method, crops: list[Crop]) -> None:
    """Raise `PictureTooLarge` where the largest crop needs more memory than there is."""
    if not crops:
        return
    needs = [
        crop.unknown.size * method.bytes_per_pixel + int(np.count_nonzero(crop.unknown)) * method.bytes_per_unknown
        for crop in crops
    ]
    largest = int(np.argmax(needs))
    need, available = needs[largest], available_memory()
    if need <= available:
        return
    height, width = crops[largest].unknown.shape
    raise PictureTooLarge(
        f"{method.title} of a region of {width} x {height} pixels needs about {need / 1e9:.1f} GB of memory, but "
        f"{available / 1e9:.1f} GB are available.",
        set_option("matting", "closed-form", text="A method that needs less"),
        advise("Or take a smaller picture."),
    )
