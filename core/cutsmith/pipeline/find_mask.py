"""`find_mask()` finds the soft mask of what a request points at, without finishing it: for clicks, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cutsmith.machine.cancelling import awaited, started
from cutsmith.pipeline.loading import ModelPool, load_models
from cutsmith.pipeline.prompting import check_target
from cutsmith.pipeline.stages import IsCancelled, Run
from cutsmith.pipeline.subjects import find_subjects

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.options import Objects
    from cutsmith.pipeline.subject import Subject
    from cutsmith.request import Request


def find_mask(
    image: NDArray[np.uint8],
    request: Request,
    *,
    pool: ModelPool | None = None,
    cancelled: IsCancelled | None = None,
) -> Subject:
    """The subject of `request` in `image`, before matting: its soft mask is float32 (H, W) in [0, 1].

    SAM 2 keeps what it computed of the same pixels, so a further click costs its decoder alone.

    Args:
        image: uint8 (H, W, 3) sRGB.
        request: what to find; the options of `Finish` have no effect, and objects are never apart.
        pool: as for `cutsmith.cut_out`.
        cancelled: as for `cutsmith.cut_out`.

    Raises:
        UsageError, NotInstalled, SubjectNotFound, Cancelled: as `cutsmith.cut_out`.
    """
    wanted = request.checked()
    check_target(wanted.target, image.shape[1], image.shape[0])
    run = Run(cancelled=cancelled)
    with run.stage("load"):
        models = awaited(started(lambda: load_models(wanted.updated({"matting": "none", "band": None}), pool=pool)))
    # One mask is wanted, so objects are never taken apart.
    objects: Objects = "best" if wanted.target.objects == "best" else "all"
    (subject,) = find_subjects(models, image, wanted, "the picture", run, objects=objects)
    return subject
