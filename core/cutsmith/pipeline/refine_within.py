"""`refine_within()` refines a part of a mask: a lock of hair, and nothing else of a large picture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.arrays import checked_mask
from cutsmith.errors import BadArray
from cutsmith.geometry import box_of_mask
from cutsmith.picture import Picture
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

    Time and memory go with the part, not with the picture.

    Args:
        picture: what the mask is of.
        mask: (H, W) of bool, uint8 or float in [0, 1].
        within: the same form: 1 where the refined mask is taken, 0 where the given one stays, between them a mixture.
        request: as for `cutsmith.refine_mask`; a trimap has the size of the picture.
        pool, on_stage, on_progress, cancelled: as for `cutsmith.refine_mask`.

    Raises:
        BadArray: an array has another size, or `within` is empty. Others as for `cutsmith.refine_mask`.
    """
    size = (picture.height, picture.width)
    given, share = checked_mask(mask, size), checked_mask(within, size, "within")
    box = box_of_mask(share > 0)
    if box is None:
        raise BadArray("Nothing is selected: the part to refine is empty.", "Select what is to be refined.")
    rows, columns = box.grow(_AROUND).clip(picture.width, picture.height).slices()
    part = replace(
        picture,
        pixels=np.ascontiguousarray(picture.pixels[rows, columns]),
        alpha=None if picture.alpha is None else np.ascontiguousarray(picture.alpha[rows, columns]),
    )
    trimap = request.finish.trimap
    own = request if trimap is None else request.updated({"trimap": np.asarray(trimap)[rows, columns]})
    refined = refine_mask(
        part,
        np.ascontiguousarray(given[rows, columns]),
        own,
        pool=pool,
        on_stage=on_stage,
        on_progress=on_progress,
        cancelled=cancelled,
    )
    own_alpha = None if request.finish.subject_alone else picture.alpha
    whole, weight = np.array(given) if own_alpha is None else given * own_alpha, share[rows, columns]
    before = whole[rows, columns]
    whole[rows, columns] = np.where(weight > 0, before + (refined.alpha - before) * weight, before)
    colours = np.array(picture.pixels)
    colours[rows, columns] = refined.foreground
    return replace(refined, picture=picture, alpha=whole, foreground=colours, soft_mask=np.array(given))
