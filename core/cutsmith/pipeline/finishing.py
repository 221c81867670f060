"""The second half of the way: soft mask -> alpha -> the subject's own colours, and what each stage took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from cutsmith.errors import BadOption

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.matting.trimap import Band
    from cutsmith.picture import Picture
    from cutsmith.pipeline.stages import Clock
    from cutsmith.pipeline.subjects import Subject

MATTING_METHODS = ("none", "closed-form")
FOREGROUND_METHODS = ("blur-fusion", "multilevel", "none")
Matting = Literal["none", "closed-form"]
Foreground = Literal["blur-fusion", "multilevel", "none"]


def check_options(matting: str, band: tuple[int, int] | None, foreground: str) -> None:
    """Refuse options that no picture could be cut out with.

    Raises:
        BadOption: unknown method, or a band that is negative or given without matting.
    """
    if matting not in MATTING_METHODS:
        raise BadOption(f"--matting {matting}: wanted one of {', '.join(MATTING_METHODS)}.")
    if foreground not in FOREGROUND_METHODS:
        raise BadOption(f"--foreground {foreground}: wanted one of {', '.join(FOREGROUND_METHODS)}.")
    band_of(band)
    if band is not None and matting == "none":
        raise BadOption("--band is for a matting method, and none was asked for.", "Add --matting closed-form")


def finishing_options(matting: str, band: tuple[int, int] | None, foreground: str) -> dict[str, str]:
    """What provenance says of the options."""
    options = {"matting": matting, "foreground": foreground}
    if matting != "none":
        reach = band_of(band)
        options["band"] = f"{reach.inner},{reach.outer}"
    return options


def finished(
    picture: Picture,
    image: NDArray[np.uint8],
    subject: Subject,
    clock: Clock,
    *,
    matting: str,
    band: tuple[int, int] | None,
    foreground: Foreground,
    trimap: NDArray[np.uint8] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.uint8] | NDArray[np.uint16]]:
    """Alpha (H, W) and colours (H, W, 3) of `subject`.

    `image` is what the models see of `picture`; a `trimap` stands in for the one that `band` would make.
    """
    with clock.stage("matting"):
        subject_alpha = _alpha(image, subject, matting, band, trimap)
    with clock.stage("foreground"):
        from cutsmith.matting.foreground import estimate_foreground, with_own_colours

        colours = estimate_foreground(picture.pixels, subject_alpha, foreground)
        if picture.alpha is None:
            return subject_alpha, colours
        colours = with_own_colours(colours, picture.pixels, subject_alpha, picture.alpha)
        return subject_alpha * picture.alpha, colours


def _alpha(
    image: NDArray[np.uint8],
    subject: Subject,
    matting: str,
    band: tuple[int, int] | None,
    trimap: NDArray[np.uint8] | None,
) -> NDArray[np.float32]:
    if matting == "none":
        return subject.soft_mask
    from cutsmith.matting.closed_form import ClosedFormMatter, closed_form_alpha

    if trimap is not None:
        return closed_form_alpha(image, trimap, subject.soft_mask)
    alpha = ClosedFormMatter(band_of(band)).alpha(image, subject.soft_mask if subject.uncut is None else subject.uncut)
    if subject.inside is not None:
        alpha[~subject.inside] = 0
    return alpha


def band_of(band: tuple[int, int] | None) -> Band:
    """The band that (inner, outer) names; None gives the default.

    Raises:
        BadOption: see `cutsmith.matting.trimap.Band`.
    """
    from cutsmith.matting.trimap import Band

    return Band() if band is None else Band(*band)
