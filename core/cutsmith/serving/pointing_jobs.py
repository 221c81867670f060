"""Jobs for a picture that stays open: what was clicked on it, found by words, and how its cut-out will look."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.arrays import checked_mask
from cutsmith.options import OPTIONS
from cutsmith.pipeline.stages import IsCancelled
from cutsmith.request import Request
from cutsmith.serving.answers import Answer, answer_array
from cutsmith.serving.asked import LONGEST, PICTURE, Asked
from cutsmith.serving.open_pictures import OpenPicture
from cutsmith.serving.running import Report

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.pipeline.prompting import Part


SOFT_MASK = "soft_mask"


def _open(asked: Asked, report: Report, cancelled: IsCancelled) -> Answer:
    """Keep a picture open; -> its identity, and what a screen shows of it: uint8 (h, w, 3 or 4) in sRGB."""
    asked.end(fields=("max_pixels", LONGEST), arrays=("pixels", "icc"))
    opened = asked.pictures.keep(OpenPicture.of(secrets.token_urlsafe(16), asked.picture()))
    picture = opened.picture
    shown = opened.shown_picture(_size(opened, asked.longest()))
    alpha = [] if shown.alpha is None else [answer_array(shown.alpha, "uint8")]
    return Answer(
        {PICTURE: opened.identity, "width": picture.width, "height": picture.height},
        {"shown": np.dstack([shown.pixels, *alpha])},
    )


def _close(asked: Asked, report: Report, cancelled: IsCancelled) -> Answer:
    """Close an open picture."""
    asked.end(fields=(PICTURE,), arrays=())
    return Answer({"was_open": asked.pictures.close(asked.opened().identity)})


def _detect(asked: Asked, report: Report, cancelled: IsCancelled) -> Answer:
    """Find what words name in an open picture; -> its boxes, the most certain first."""
    from cutsmith.pipeline.find_detections import find_detections
    from cutsmith.result.as_json import notice_of

    found = find_detections(asked.opened().picture, request=asked.request(()), cancelled=cancelled)
    objects = [{"box": list(each.box), "label": each.label, "score": round(each.score, 4)} for each in found.found]
    notices = [notice_of(each).to_json() for each in found.warnings]
    return Answer({"objects": objects, "warnings": list(found.warnings), "notices": notices})


def _mask(asked: Asked, report: Report, cancelled: IsCancelled) -> Answer:
    """The soft mask of the parts that were pointed at, as a screen shows it: uint8 (h, w)."""
    from cutsmith.pipeline.point_at import point_at

    request, opened, parts = asked.request((), (LONGEST,)), asked.opened(), asked.parts()
    size = _size(opened, asked.longest())
    pointed = point_at(opened.image, parts, size, request, cancelled=cancelled)
    return Answer(
        {"predicted_iou": list(pointed.predicted_iou), "warnings": list(pointed.warnings)},
        {"mask": answer_array(pointed.soft_mask, "uint8")},
    )


def _preview(asked: Asked, report: Report, cancelled: IsCancelled) -> Answer:
    """The cut-out as a screen shows it: `alpha`, uint8 (h, w), and `colours` in sRGB, uint8 (h, w, 3).

    The subject is found once for the same target; a change of the edge finishes its mask again, at the screen's size.
    The array "soft_mask" is a mask that was found already, in place of a target.
    """
    import cv2

    from cutsmith.pipeline.refine_mask import refine_mask

    request, opened, parts = (
        asked.request(("mask", "selection"), (LONGEST,), arrays=(SOFT_MASK,)),
        asked.opened(),
        asked.parts(),
    )
    size = _size(opened, asked.longest())
    given = asked.optional_array(SOFT_MASK)
    if given is not None:
        whole = checked_mask(given, (opened.picture.height, opened.picture.width))
        soft_mask = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.float32)
    else:
        soft_mask = opened.shown_mask(
            _key_of(request, parts, size), lambda: _soft_mask(opened, request, parts, size, cancelled)
        )
    share = size[0] / opened.picture.width
    small = Request(finish=request.finish, runtime=request.runtime).updated(_scaled(request, share))
    cutout = refine_mask(
        opened.shown_picture(size), soft_mask, small, on_stage=lambda stage: report(stage, 0.5), cancelled=cancelled
    )
    return Answer({"share": share}, {"alpha": answer_array(cutout.alpha, "uint8"), "colours": cutout.foreground})


def _soft_mask(
    opened: OpenPicture, request: Request, parts: Sequence[Part], size: tuple[int, int], cancelled: IsCancelled
) -> NDArray[np.float32]:
    import cv2

    from cutsmith.pipeline.find_mask import find_mask
    from cutsmith.pipeline.point_at import point_at

    if parts:
        return point_at(opened.image, parts, size, request, cancelled=cancelled).soft_mask
    found = find_mask(opened.image, request, cancelled=cancelled).soft_mask
    return np.asarray(cv2.resize(found, size, interpolation=cv2.INTER_AREA), np.float32)


def _size(opened: OpenPicture, longest: int | None) -> tuple[int, int]:
    """(width, height) of what a screen shows of a picture whose longer side takes at most `longest` pixels."""
    width, height = opened.picture.width, opened.picture.height
    share = 1.0 if longest is None else min(1.0, longest / max(width, height))
    return max(round(width * share), 1), max(round(height * share), 1)


def _scaled(request: Request, share: float) -> dict[str, Any]:
    """The options in pixels of `request`, for a picture of `share` of the size."""
    scaled: dict[str, Any] = {}
    for name, option in OPTIONS.items():
        value = request.value(name)
        if not option.is_in_pixels or not value:
            continue
        if option.kind == "band":
            scaled[name] = tuple(max(round(each * share), 1 if each else 0) for each in value)
        else:
            scaled[name] = round(value * share) if option.kind == "whole" else value * share
    return scaled


def _key_of(request: Request, parts: Sequence[Part], size: tuple[int, int]) -> str:
    """What a soft mask depends on, as text."""
    told: dict[str, Any] = {"size": size, "parts": [repr(part) for part in parts]}
    for name, option in OPTIONS.items():
        value = request.value(name)
        if option.part not in ("target", "runtime"):
            continue
        told[name] = hashlib.sha256(value.tobytes()).hexdigest() if isinstance(value, np.ndarray) else repr(value)
    return json.dumps(told)


POINTING_JOBS: Mapping[str, Callable[[Asked, Report, IsCancelled], Answer]] = {
    "open": _open,
    "close": _close,
    "detect": _detect,
    "mask": _mask,
    "preview": _preview,
}
