"""`refine_mask()`: a mask that somebody made -> alpha and the subject's own colours; no model runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cutsmith.picture import DEFAULT_MAX_PIXELS, Picture
from cutsmith.pipeline.finishing import Foreground, Matting, check_options, finished, finishing_options
from cutsmith.pipeline.stages import Clock, OnStage
from cutsmith.pipeline.subjects import Subject
from cutsmith.result.cutout import Cutout
from cutsmith.segmentation.prompts import checked_mask
from cutsmith.version import __version__

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.pipeline.cut_out import Source


def refine_mask(
    source: Source,
    mask: NDArray[np.generic],
    *,
    trimap: NDArray[np.generic] | None = None,
    matting: Matting = "closed-form",
    band: tuple[int, int] | None = None,
    foreground: Foreground = "blur-fusion",
    max_pixels: int = DEFAULT_MAX_PIXELS,
    on_stage: OnStage | None = None,
) -> Cutout:
    """Cut out what `mask` marks, painted by hand or made by any program, with its edge refined.

    Args:
        source: as for `cutsmith.cut_out`.
        mask: (H, W) of bool, uint8 or float in [0, 1], 1 = subject, at the size of the upright picture.
        trimap: (H, W), uint8 of 0 (background), 128 (unknown), 255 (foreground) or float of 0, 0.5, 1; where it is
            given, it says what matting solves for, instead of `band`; `mask` is what stays where it cannot be solved.
        matting: as for `cutsmith.cut_out`; "none" takes the mask for alpha.
        band: as for `cutsmith.cut_out`: how far the unknown band reaches to both sides of the mask's edge.
        foreground: as for `cutsmith.cut_out`.
        max_pixels: a picture with more is refused before it is decoded.
        on_stage: as for `cutsmith.cut_out`; the stages are "read", "matting" and "foreground".

    An empty mask is no error: it gives an empty alpha.

    Raises:
        PictureError: the picture cannot be read.
        BadArray: mask or trimap have another size, dtype or other values.
        BadOption: see `cutsmith.cut_out`.
    """
    check_options(matting, band, foreground)
    clock = Clock(on_stage)
    with clock.stage("read"):
        picture = source if isinstance(source, Picture) else Picture.read(source, max_pixels=max_pixels)
        image = picture.srgb()
    soft_mask = checked_mask(mask, picture.width, picture.height)
    if trimap is not None:
        from cutsmith.matting.trimap import checked_trimap

        trimap = checked_trimap(trimap, soft_mask.shape)
    alpha, colours = finished(
        picture,
        image,
        Subject(soft_mask),
        clock,
        matting=matting,
        band=band,
        foreground=foreground,
        trimap=trimap,
    )
    provenance = {
        "software": f"Cutsmith {__version__}",
        "mask": "given",
        **finishing_options(matting, band, foreground),
    }
    if trimap is not None and matting != "none":
        provenance["trimap"] = "given"
        del provenance["band"]
    return Cutout(picture, alpha, colours, soft_mask, provenance, picture.warnings, clock.seconds)
