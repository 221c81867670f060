"""The second half of a cut: soft mask -> alpha -> mask edits -> the subject's own colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.options import Finish
    from cutsmith.picture import Picture
    from cutsmith.pipeline.stages import Run
    from cutsmith.pipeline.subjects import Subject


def finished(
    picture: Picture, image: NDArray[np.uint8], subject: Subject, finish: Finish, run: Run, *, is_given: bool = False
) -> tuple[NDArray[np.float32], NDArray[np.uint8] | NDArray[np.uint16]]:
    """Alpha (H, W) and colours (H, W, 3) of `subject`; `image` is `picture` as the models see it.

    Traces of doubt that a model or matting has far from the subject are removed. A mask that the user has given
    (`is_given`) is neither's: without matting, all of it counts.
    """
    with run.stage("matting"):
        alpha = _alpha(image, subject, finish, run)
        if finish.matting != "none" or not is_given:
            from cutsmith.matting.stray_alpha import without_strays

            alpha = without_strays(alpha)
        alpha = edited(alpha, finish)
    with run.stage("foreground"):
        from cutsmith.matting.foreground import estimate_foreground, with_own_colours

        colours = estimate_foreground(picture.pixels, alpha, finish.foreground)
        if picture.alpha is None:
            return alpha, colours
        colours = with_own_colours(colours, picture.pixels, alpha, picture.alpha)
        return alpha * picture.alpha, colours


def edited(alpha: NDArray[np.float32], finish: Finish) -> NDArray[np.float32]:
    """`alpha`, float32 (H, W) in [0, 1], after the edits that `finish` asks for; the same array if there are none."""
    from cutsmith.matting.mask_edits import edited_mask, hardened

    if finish.harden or finish.threshold is not None:
        alpha = hardened(alpha, harden=finish.harden, threshold=finish.threshold)
    if finish.mask_offset or finish.mask_blur or finish.invert:
        alpha = edited_mask(alpha, offset=finish.mask_offset, blur=finish.mask_blur, invert=finish.invert)
    return alpha


def _alpha(image: NDArray[np.uint8], subject: Subject, finish: Finish, run: Run) -> NDArray[np.float32]:
    trimap = None
    if finish.trimap is not None:
        from cutsmith.matting.trimap import checked_trimap

        trimap = checked_trimap(finish.trimap, image.shape[:2])
    if finish.matting == "none":
        return subject.soft_mask
    from cutsmith.matting.loading import load_matter

    soft_mask = subject.soft_mask if subject.uncut is None or trimap is not None else subject.uncut
    alpha = load_matter(finish.matting, finish.band).alpha(image, soft_mask, trimap=trimap, watch=run)
    if subject.inside is not None:
        alpha[~subject.inside] = 0
    return alpha
