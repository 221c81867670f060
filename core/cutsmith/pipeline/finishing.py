"""The second half of a cut: soft mask -> alpha -> mask edits -> the subject's own colours."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.options import Finish
    from cutsmith.picture import Picture
    from cutsmith.pipeline.stages import Run
    from cutsmith.pipeline.subject import Subject
    from cutsmith.protocols import MattingModel
    from cutsmith.request import Request


class Finished(NamedTuple):
    """Alpha, float32 (H, W); colours, (H, W, 3) of the picture's depth; and what provenance tells of matting."""

    alpha: NDArray[np.float32]
    colours: NDArray[np.uint8] | NDArray[np.uint16]
    told: Mapping[str, str]


class Matted(NamedTuple):
    """Alpha, float32 (H, W), and what provenance tells of it."""

    alpha: NDArray[np.float32]
    told: Mapping[str, str] = MappingProxyType({})


def finished(
    picture: Picture,
    image: NDArray[np.uint8],
    subject: Subject,
    request: Request,
    run: Run,
    *,
    is_given: bool = False,
    network: MattingModel | None = None,
) -> Finished:
    """Alpha and colours of `subject`, as `request` asks for them; `image` is `picture` as the models see it.

    Traces of doubt that a model or matting has far from the subject are removed. A mask that the user has given
    (`is_given`) is neither's: without matting, all of it counts. `network` is what a neural matting runs.
    """
    finish = request.finish
    with run.stage("matting"):
        alpha, told = _alpha(image, subject, request, run, network)
        if finish.matting != "none" or not is_given:
            from cutsmith.matting.stray_alpha import without_strays

            alpha = without_strays(alpha)
        alpha = edited(alpha, finish)
    with run.stage("foreground"):
        from cutsmith.matting.foreground import estimate_foreground, with_own_colours

        colours = estimate_foreground(picture.pixels, alpha, finish.foreground)
        if picture.alpha is None:
            return Finished(alpha, colours, told)
        colours = with_own_colours(colours, picture.pixels, alpha, picture.alpha)
        return Finished(alpha * picture.alpha, colours, told)


def edited(alpha: NDArray[np.float32], finish: Finish) -> NDArray[np.float32]:
    """`alpha`, float32 (H, W) in [0, 1], after the edits that `finish` asks for; the same array if there are none."""
    from cutsmith.matting.mask_edits import edited_mask, hardened

    if finish.harden or finish.threshold is not None:
        alpha = hardened(alpha, harden=finish.harden, threshold=finish.threshold)
    if finish.mask_offset or finish.mask_blur or finish.invert:
        alpha = edited_mask(alpha, offset=finish.mask_offset, blur=finish.mask_blur, invert=finish.invert)
    return alpha


def _alpha(
    image: NDArray[np.uint8], subject: Subject, request: Request, run: Run, network: MattingModel | None
) -> Matted:
    finish = request.finish
    trimap = None
    if finish.trimap is not None:
        from cutsmith.matting.trimap import checked_trimap

        trimap = checked_trimap(finish.trimap, image.shape[:2], run)
    if finish.matting == "none":
        return Matted(subject.soft_mask)
    soft_mask = subject.soft_mask if subject.uncut is None or trimap is not None else subject.uncut
    trust = 1.0
    if finish.matting == "auto" and trimap is None:
        from cutsmith.pipeline.gate import trust_in

        trust = trust_in(soft_mask, subject.looks)
    if not trust:
        return Matted(subject.soft_mask, {"matting_used": "the mask itself: it is too undecided for matting"})
    from cutsmith.matting.loading import load_matter
    from cutsmith.matting.stray_alpha import without_strays

    if trimap is None:
        # Before matting too, which would take them for a prior; so a mask gives the same in one step and in two.
        soft_mask = without_strays(soft_mask)
    matter = load_matter(
        "closed-form" if finish.matting == "auto" else finish.matting,
        finish.band,
        effort=finish.matting_effort,
        memory=request.matting_bytes,
        network=network,
    )
    alpha = matter.alpha(image, soft_mask, trimap=trimap, watch=run)
    if trust < 1:
        alpha -= soft_mask
        alpha *= np.float32(trust)
        alpha += soft_mask
    if subject.inside is not None:
        alpha[~subject.inside] = 0
    if finish.matting != "auto":
        return Matted(alpha)
    return Matted(alpha, {"matting_used": "closed-form" if trust == 1 else f"closed-form, {trust:.0%}; the mask else"})
