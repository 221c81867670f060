"""/api/remove, as rembg's own server has it, so that its clients can move."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.errors import CutsmithError, NotInstalled
from cutsmith.picture import Picture, encode_mask
from cutsmith.result.canvas.laying import lay_in_own_frame
from cutsmith.result.canvas.own_frame import OwnFrame
from cutsmith.service import cutting
from cutsmith.service.answers import quality_headers, with_stages
from cutsmith.service.failures import FieldMissing
from cutsmith.service.forms import Fields
from cutsmith.service.pictures import read_picture
from cutsmith.service.rembg_fields import SAM, Wanted, wanted_of
from cutsmith.service.words import sentence
from cutsmith.serving.running import Report

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from starlette.requests import Request
    from starlette.responses import Response

    from cutsmith.request import Request as CutRequest
    from cutsmith.result.cutout import Cutout
    from cutsmith.service.service import Service

logger = logging.getLogger(__name__)

FILE, URL = "file", "url"
# In 8 bits, less is nothing.
_SEEN = 0.5 / 255

IsDropped = Callable[[], bool]


class RembgDialect:
    """rembg's way to tell of failures: {"detail": a sentence} (see `cutsmith.service.dialect.Dialect`)."""

    name = "rembg"

    def failure(self, error: Exception, status: int) -> Response:
        """The answer that tells of `error`. One that is no `CutsmithError` is a bug: it says no more than that."""
        from starlette.responses import JSONResponse

        told = "Internal Server Error"
        if isinstance(error, NotInstalled):
            # What mends it is for the operator, and names folders of this machine.
            logger.warning("a request needs what is not installed: %s", error)
            told = sentence(error.what)
        elif isinstance(error, CutsmithError):
            told = str(error)
        return JSONResponse({"detail": told}, status)


REMBG = RembgDialect()


async def remove_file(service: Service, request: Request) -> Response:
    """POST /api/remove: the picture is the form's `file`."""
    fields = _merged(request, await cutting.fields_of(service, request))
    data = fields.upload(FILE)
    if data is None:
        raise FieldMissing("There is no picture.", "Send it as the field file: curl -F file=@photo.jpg", option=FILE)
    cutting.check_bytes(service, data)
    return await _answered(service, request, fields, data)


async def remove_address(service: Service, request: Request) -> Response:
    """GET /api/remove: the picture lies at the query's `url`."""
    fields = _merged(request, Fields())
    address = fields.text(URL)
    if not address:
        raise FieldMissing("There is no picture.", "Give its address as url.", option=URL)
    data = await cutting.fetched(service, address, URL)
    return await _answered(service, request, fields, data)


def _merged(request: Request, fields: Fields) -> Fields:
    return replace(fields, values={**request.query_params, **fields.values})


async def _answered(service: Service, request: Request, fields: Fields, data: bytes) -> Response:
    wanted = wanted_of(fields, service.defaults)
    is_sam = fields.text("model") == SAM

    def work(report: Report, is_dropped: IsDropped) -> Response:
        from starlette.responses import Response

        picture = read_picture(data, "the picture", service.settings.max_pixels)
        asked = _request(service, wanted, picture, is_sam=is_sam)
        cutout = _matted(service, wanted, picture, asked, report, is_dropped)
        began = perf_counter()
        encoded = _encoded(cutout, wanted)
        stages = {**cutout.seconds, "answer": perf_counter() - began}
        service.metrics.picture(stages, cutout.quality.verdict)
        headers = {**quality_headers(cutout.quality), "Server-Timing": with_stages(stages)}
        return Response(encoded, headers=headers, media_type="image/png")

    return await service.work(request, work, "rembg")


def _request(service: Service, wanted: Wanted, picture: Picture, *, is_sam: bool) -> CutRequest:
    """The engine's request. What rembg does only where it is asked to, such as matting, is not done without."""
    options = dict(wanted.options)
    if is_sam and not options:
        options = {"points": ((picture.width / 2, picture.height / 2, 1),)}
    options["matting"] = "vitmatte" if wanted.vitmatte else "none"
    if not (wanted.clean_edges or wanted.alpha_matting or wanted.vitmatte):
        options["foreground"] = "none"
    if wanted.hard and not (wanted.alpha_matting or wanted.vitmatte):
        options["threshold"] = 0.5
    return service.defaults.updated(options).checked()


def _matted(
    service: Service, wanted: Wanted, picture: Picture, asked: CutRequest, report: Report, is_dropped: IsDropped
) -> Cutout:
    from cutsmith.pipeline.cut_out import cut_out
    from cutsmith.pipeline.find_mask import find_mask
    from cutsmith.pipeline.refine_mask import refine_mask

    watched: dict[str, Any] = {
        "pool": service.pool,
        "on_stage": lambda stage: report(stage, 0.0),
        "cancelled": is_dropped,
    }
    if not wanted.alpha_matting or wanted.vitmatte:
        return cut_out(picture, asked, **watched)
    soft_mask = find_mask(picture.for_models(), asked, pool=service.pool, cancelled=is_dropped).soft_mask
    trimap = trimap_of(soft_mask, wanted)
    is_solvable = {0, 255} <= set(np.unique(trimap).tolist())
    more = {"matting": "closed-form", "trimap": trimap} if is_solvable else {}
    without_target = {"box": None, "points": ()}
    return refine_mask(picture, soft_mask, asked.updated({**without_target, **more}), **watched)


def trimap_of(soft_mask: NDArray[np.float32], wanted: Wanted) -> NDArray[np.uint8]:
    """The trimap that rembg's thresholds make of a mask: uint8 (H, W) of 0, 128 and 255.

    What is surely inside, and surely outside, is eroded by a square of `erode_size`; the picture's edge erodes nothing
    of what is outside.
    """
    import cv2

    values = np.rint(soft_mask * 255)
    inside = (values > wanted.foreground_threshold).astype(np.uint8)
    outside = (values < wanted.background_threshold).astype(np.uint8)
    if wanted.erode_size:
        square = np.ones((wanted.erode_size, wanted.erode_size), np.uint8)
        inside = cv2.erode(inside, square, borderType=cv2.BORDER_CONSTANT, borderValue=0)
        outside = cv2.erode(outside, square, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    trimap = np.full(soft_mask.shape, 128, np.uint8)
    trimap[inside > 0] = 255
    trimap[outside > 0] = 0
    return trimap


def _encoded(cutout: Cutout, wanted: Wanted) -> bytes:
    if wanted.only_mask:
        return encode_mask(cutout.alpha, ".png", dpi=cutout.picture.dpi)
    picture = cutout.as_picture()
    if wanted.ground is not None:
        picture = lay_in_own_frame(cutout, OwnFrame()).on(wanted.ground.colour, wanted.ground.opacity)
    elif not (picture.alpha is None or wanted.clean_edges):
        # The old background, which is still there, would make the file many times as large.
        picture = replace(picture, pixels=picture.pixels * (picture.alpha >= _SEEN)[..., None])
    return replace(picture, warnings=()).encode(".png")
