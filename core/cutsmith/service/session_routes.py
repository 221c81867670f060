"""/v1/sessions: a picture uploaded once, then clicks on it, each answered by its mask."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from cutsmith.service import request_fields
from cutsmith.service.answers import with_stages
from cutsmith.service.cutting import (
    CUT_FIELDS,
    IMAGE,
    IMAGE_URL,
    IsDropped,
    answer_cut,
    answer_refined,
    fields_of,
    one_of,
    picture_data,
)
from cutsmith.service.failures import NotFound
from cutsmith.service.forms import Fields
from cutsmith.service.mask_preview import LONGEST, encode_preview, longest_of
from cutsmith.service.request_fields import refuse_unknown
from cutsmith.serving.running import Report

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from cutsmith.service.service import Service
    from cutsmith.serving.open_pictures import OpenPicture

_WITHOUT_IMAGE = tuple(name for name in CUT_FIELDS if name not in (IMAGE, IMAGE_URL))


async def open_session(service: Service, request: Request) -> Response:
    """POST /v1/sessions."""
    from starlette.responses import JSONResponse

    fields = await fields_of(service, request)
    refuse_unknown(fields, (IMAGE, IMAGE_URL))
    data = await picture_data(service, fields)

    def work(report: Report, is_dropped: IsDropped) -> OpenPicture:
        return service.sessions.open(data, service.settings.max_pixels)

    session = await service.work(request, work, "session")
    return JSONResponse(_told(service, session), 201)


async def session_facts(service: Service, request: Request) -> Response:
    """GET /v1/sessions/{session}."""
    from starlette.responses import JSONResponse

    session = await service.work(request, lambda report, is_dropped: _found(service, request), "session")
    return JSONResponse(_told(service, session))


async def close_session(service: Service, request: Request) -> Response:
    """DELETE /v1/sessions/{session}."""
    from starlette.responses import Response

    if not service.sessions.forget(request.path_params["session"]):
        raise NotFound("There is no such session.")
    return Response(status_code=204)


async def session_mask(service: Service, request: Request) -> Response:
    """POST /v1/sessions/{session}/mask: the soft mask of what is pointed at, as a gray PNG."""
    fields = await fields_of(service, request)
    refuse_unknown(fields, (*request_fields.CLIENTS, LONGEST))
    return await service.work(
        request, lambda report, is_dropped: _mask_answer(service, request, fields, is_dropped), "mask"
    )


async def session_cut(service: Service, request: Request) -> Response:
    """POST /v1/sessions/{session}/cut."""
    fields = await fields_of(service, request)
    refuse_unknown(fields, _WITHOUT_IMAGE)
    return await answer_cut(service, request, fields, lambda: _found(service, request).picture)


async def session_refine(service: Service, request: Request) -> Response:
    """POST /v1/sessions/{session}/refine."""
    fields = await fields_of(service, request)
    refuse_unknown(fields, _WITHOUT_IMAGE)
    return await answer_refined(service, request, fields, lambda: _found(service, request).picture)


def _mask_answer(service: Service, request: Request, fields: Fields, is_dropped: IsDropped) -> Response:
    from starlette.responses import Response

    from cutsmith.pipeline.find_mask import find_mask

    session = _found(service, request)
    asked, longest = one_of(fields, service), longest_of(fields)
    began = perf_counter()
    found = find_mask(session.image, asked, pool=service.pool, cancelled=is_dropped)
    seen = perf_counter()
    data = encode_preview(found.soft_mask, longest)
    headers = {"Server-Timing": with_stages({"mask": seen - began, "answer": perf_counter() - seen})}
    if found.objects and found.objects[0].predicted_iou is not None:
        headers["X-Predicted-IoU"] = f"{found.objects[0].predicted_iou:.4f}"
    return Response(data, headers=headers, media_type="image/png")


def _found(service: Service, request: Request) -> OpenPicture:
    return service.sessions.find(request.path_params["session"], service.settings.max_pixels)


def _told(service: Service, session: OpenPicture) -> dict[str, object]:
    return {
        "session": session.identity,
        "width": session.picture.width,
        "height": session.picture.height,
        "expires_in": service.sessions.seconds,
        "has_sam2": service.missing()["no_sam2"] is None,
    }
