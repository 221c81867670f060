"""Which trimap a method of matting solves for a soft mask, where nobody has painted one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cutsmith.options import WITH_BAND, WITH_EFFORT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.matting.trimap import Band
    from cutsmith.options import Matting


def solved_trimap(soft_mask: NDArray[np.float32], matting: Matting, band: Band | None = None) -> NDArray[np.uint8]:
    """The band around the edge of `soft_mask` that `matting` solves, as a trimap: uint8 (H, W) of 0, 128 and 255.

    Thin parts that the mask is sure of are kept besides. For "none", it is what closed form would solve.

    Args:
        soft_mask: float32 (H, W) in [0, 1].
        matting: the method.
        band: that is asked for; None leaves it to the method.
    """
    if matting in WITH_EFFORT or matting == "none":
        from cutsmith.matting.closed_form.matter import closed_form_trimap

        return closed_form_trimap(soft_mask, band)
    if matting in WITH_BAND:
        from cutsmith.matting.trimap import Band, trimap_from_soft_mask

        return trimap_from_soft_mask(soft_mask, Band() if band is None else band)
    from cutsmith.matting.bimatting.matter import bimatting_trimap

    return bimatting_trimap(soft_mask)
