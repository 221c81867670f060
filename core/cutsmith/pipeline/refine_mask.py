"""`refine_mask()` turns a given mask into alpha and the subject's own colours, without a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np

from cutsmith.arrays import checked_mask
from cutsmith.cures import leave_out
from cutsmith.errors import BadArray, BadOption
from cutsmith.machine.cancelling import awaited, started
from cutsmith.matting.loading import WITH_NETWORK
from cutsmith.picture import Picture
from cutsmith.pipeline.finishing import finished
from cutsmith.pipeline.loading import ModelPool, Models, load_matting_network
from cutsmith.pipeline.prompting import subject_alone
from cutsmith.pipeline.stages import IsCancelled, OnProgress, OnStage, Run
from cutsmith.pipeline.subject import Subject
from cutsmith.request import Options, Request, given_request
from cutsmith.result.cutout import Cutout
from cutsmith.version import SOFTWARE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.picture import Source
    from cutsmith.protocols import MattingModel


def refine_mask(
    source: Source,
    mask: NDArray[np.generic] | None = None,
    /,
    request: Request | None = None,
    *,
    models: Models | None = None,
    pool: ModelPool | None = None,
    on_stage: OnStage | None = None,
    on_progress: OnProgress | None = None,
    cancelled: IsCancelled | None = None,
    **options: Unpack[Options],
) -> Cutout:
    """Cut out the area that `mask` marks, and refine its edge. The mask may be painted or come from any program.

    Args:
        source: as for `cutsmith.cut_out`.
        mask: (H, W) of bool, uint8 or float in [0, 1], 1 = subject, at the size of the upright picture.
        request: all options as one object; without it, all have their defaults.
        models: as for `cutsmith.cut_out`; only its `matting_network` is used.
        pool: as for `cutsmith.cut_out`; only a neural matting loads a model.
        on_stage: as for `cutsmith.cut_out`; the stages are "read", "matting" and "foreground", and "load"
            before "matting" where that is neural.
        on_progress: as for `cutsmith.cut_out`.
        cancelled: as for `cutsmith.cut_out`.
        **options: `matting`, `band`, `foreground`, the edits of the mask and `max_pixels`, as for `cutsmith.cut_out`;
            `trimap`, (H, W), uint8 of 0 (background), 128 (unknown), 255 (foreground) or float of 0, 0.5, 1, replaces
            `band`: matting solves for its unknown pixels, and keeps `mask` where they cannot be solved.

    An empty mask is allowed, and gives an empty alpha.

    Raises:
        PictureError: the picture cannot be read.
        BadArray: the size, dtype or values of mask or trimap are wrong.
        BadOption: the value of an option is wrong, or an option says what to look for.
        NotInstalled: weights, an engine or an extra are missing.
        Cancelled: `cancelled` returned true.
    """
    others = dict(options)
    given = others.pop("mask", None) if mask is None else mask
    if given is None:
        raise BadArray("There is no mask to refine.", option="mask")
    wanted = given_request(request).updated(others)
    if wanted.is_prompted:
        name = wanted.prompts[0]
        raise BadOption(
            f"A given mask says what is cut out, but {name} was given beside it.", leave_out(name), option=name
        )
    finish = wanted.checked().finish
    run = Run(on_stage, cancelled, on_progress=on_progress)
    with run.stage("read"):
        picture = Picture.of(source, max_pixels=wanted.runtime.max_pixels).without_hidden_colours()
        if finish.subject_alone:
            picture = subject_alone(picture)
        image = picture.for_models()
    soft_mask = np.array(checked_mask(given, (picture.height, picture.width)))  # the caller's array stays the caller's
    network: MattingModel | None = None
    told: tuple[str, ...] = ()
    if finish.matting in WITH_NETWORK:
        with run.stage("load"):
            network, told = awaited(started(lambda: load_matting_network(wanted, models, pool)))
    subject = Subject(soft_mask)
    alpha, colours, matting_told = finished(picture, image, subject, wanted, run, is_given=True, network=network)
    seen_by = network.provenance() if network is not None else {}
    provenance = {"software": SOFTWARE, "mask": "given", **seen_by, **wanted.provenance(), **matting_told}
    warnings = (*picture.warnings, *told, *run.warnings)
    return Cutout(picture, alpha, colours, soft_mask, provenance, warnings, run.seconds)
