"""`refine_within()` refines a part of a mask: a lock of hair, and nothing else of a large picture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.arrays import checked_mask, checked_plane
from cutsmith.errors import BadArray
from cutsmith.geometry import box_of_mask
from cutsmith.matting.trimap import default_band
from cutsmith.picture import Picture
from cutsmith.pipeline.prompting import subject_alone
from cutsmith.pipeline.refine_mask import refine_mask
from cutsmith.request import Request

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.pipeline.loading import ModelPool
    from cutsmith.pipeline.stages import IsCancelled, OnProgress, OnStage
    from cutsmith.result.cutout import Cutout

_AROUND = 64
"""Pixels around the part that are looked at, too: the colours beside an edge are what tells it."""


def refine_within(
    picture: Picture,
    mask: NDArray[np.generic],
    within: NDArray[np.generic],
    request: Request,
    *,
    pool: ModelPool | None = None,
    on_stage: OnStage | None = None,
    on_progress: OnProgress | None = None,
    cancelled: IsCancelled | None = None,
) -> Cutout:
    """Refine `mask` as `cutsmith.refine_mask` does, but only `within`; elsewhere it stays as it is.

    Time and memory go with the part, not with the picture. `auto` solves in closed form: whoever selects a part has
    said that matting is wanted there.

    Args:
        picture: what the mask is of.
        mask: (H, W) of bool, uint8 or float in [0, 1].
        within: the same form: 1 where the refined mask is taken, 0 where the given one stays, between them a mixture.
        request: as for `cutsmith.refine_mask`; a trimap has the size of the picture.
        pool, on_stage, on_progress, cancelled: as for `cutsmith.refine_mask`.

    Raises:
        BadArray: an array has another size, or `within` is empty. Others as for `cutsmith.refine_mask`.
    """
    picture = picture.without_hidden_colours()
    if request.finish.subject_alone:
        picture = subject_alone(picture)
    size = (picture.height, picture.width)
    given, share = checked_mask(mask, size), checked_mask(within, size, "within")
    box = box_of_mask(share > 0)
    if box is None:
        raise BadArray("Nothing is selected: the part to refine is empty.", "Select what is to be refined.")
    band = default_band(size)
    rows, columns = box.grow(max(_AROUND, 4 * band.outer)).clip(picture.width, picture.height).slices()
    part = replace(
        picture,
        pixels=np.ascontiguousarray(picture.pixels[rows, columns]),
        alpha=None if picture.alpha is None else np.ascontiguousarray(picture.alpha[rows, columns]),
    )
    own = request
    if request.finish.trimap is not None:
        own = own.updated({"trimap": checked_plane(np.asarray(request.finish.trimap), "trimap", size)[rows, columns]})
    elif request.finish.band is None and request.finish.matting != "none" and part.pixels.shape != picture.pixels.shape:
        # As wide as for the whole picture: a part alone would be taken for a small one.
        own = own.updated({"band": (band.inner, band.outer)})
    if request.finish.matting == "auto":
        # The gate judges whole masks, and here a person has said where matting is to be trusted.
        own = own.updated({"matting": "closed-form"})
    refined = refine_mask(
        part,
        np.ascontiguousarray(given[rows, columns]),
        own,
        pool=pool,
        on_stage=on_stage,
        on_progress=on_progress,
        cancelled=cancelled,
    )
    whole, weight = np.array(given) if picture.alpha is None else given * picture.alpha, share[rows, columns]
    before = whole[rows, columns]
    whole[rows, columns] = np.where(weight > 0, before + (refined.alpha - before) * weight, before)
    colours = np.array(picture.pixels)
    # Where the refined mask is empty there are no colours of the subject.
    taken = (weight > 0) & (refined.alpha > 0)
    colours[rows, columns][taken] = refined.foreground[taken]
    return replace(refined, picture=picture, alpha=whole, foreground=colours, soft_mask=np.array(given))
