"""Pictures that are cut out already: their own transparency is the answer, and no model has to guess it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cutsmith.cures import give
from cutsmith.errors import Notice, SubjectNotFound
from cutsmith.picture.transparency import hidden, is_cut_out, is_surrounded
from cutsmith.pipeline.finishing import edited
from cutsmith.result.cutout import Cutout
from cutsmith.version import SOFTWARE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.picture import Picture
    from cutsmith.pipeline.loading import Models
    from cutsmith.pipeline.stages import Run
    from cutsmith.request import Request

_PROVENANCE = {"alpha": "the picture's own"}
_CUT_OUT_ALREADY = "The picture is cut out already: its own transparency is used, and no model has looked at it."
_FOUND_NOTHING = "The model found no subject: the picture's own transparency is used instead."
_A_PART = give("box", "40,60,300,420", text="To cut out a part of it")


def is_own_cutout(picture: Picture) -> bool:
    """Whether the transparency of `picture` already cuts a subject out.

    Raises:
        SubjectNotFound: all of it is transparent.
    """
    if picture.alpha is None:
        return False
    if hidden(picture.alpha).all():
        raise SubjectNotFound(
            f"{picture.source} is wholly transparent: there is nothing to cut out.",
            "Was a layer hidden when the picture was exported?",
            best_probability=0.0,
            threshold=0.5,
        )
    return is_cut_out(picture.alpha)


def may_stand_in(picture: Picture) -> bool:
    """Whether the transparency of `picture` is a better answer than none, where a model finds nothing in it."""
    return picture.alpha is not None and is_surrounded(picture.alpha)


def own_cutout(picture: Picture, shown: Picture, request: Request, run: Run, models: Models | None = None) -> Cutout:
    """The cut-out that `picture` is already: its own alpha, after the edits of `request`, and its own colours.

    Args:
        picture: has alpha.
        shown: `picture`, or for a mask beside it the same without alpha.
        request: its finish says how alpha is edited; matting has nothing to do.
        run: times the stages.
        models: those that have looked at the picture and found nothing; None if none has.
    """
    from cutsmith.matting.foreground import estimate_foreground

    assert picture.alpha is not None, "only a picture with alpha is a cut-out"
    visible = ~hidden(picture.alpha)
    own = picture.alpha if shown.alpha is not None else visible.astype(np.float32)
    with run.stage("matting"):
        alpha: NDArray[np.float32] = np.where(visible, edited(own, request.finish), np.float32(0))
    with run.stage("foreground"):
        # Beyond the edge's surroundings no colours stay.
        colours = estimate_foreground(shown.pixels, visible.astype(np.float32), request.finish.foreground)
    told = Notice(_FOUND_NOTHING if models else _CUT_OUT_ALREADY, _A_PART)
    warnings = (*picture.warnings, told, *(models.warnings if models else ()), *run.warnings)
    seen_by = models.provenance() if models else {}
    provenance = {"software": SOFTWARE, **seen_by, **_PROVENANCE, **request.provenance()}
    return Cutout(shown, alpha, colours, own, provenance, warnings, run.seconds)
