"""/v1/cut, /v1/refine and /v1/detections: the engine's whole request over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING

from cutsmith.cures import set_option
from cutsmith.errors import BadOption
from cutsmith.picture import NamedBytes
from cutsmith.service import output_fields, request_fields
from cutsmith.service.answers import answer_of, with_stages
from cutsmith.service.failures import BodyTooLarge, FieldMissing, NotOffered
from cutsmith.service.forms import Fields, read_fields
from cutsmith.service.output_fields import BACKGROUND_IMAGE, AnswerWriting, writing_of
from cutsmith.service.request_fields import refuse_unknown, request_of
from cutsmith.serving.running import Report

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from cutsmith.picture import Source
    from cutsmith.request import Request as CutRequest
    from cutsmith.result.cutout import Cutout
    from cutsmith.service.service import Service

IMAGE, IMAGE_URL = "image", "image_url"
_OF_ANSWER = (*output_fields.CLIENTS, BACKGROUND_IMAGE)
CUT_FIELDS = (IMAGE, IMAGE_URL, *request_fields.CLIENTS, *_OF_ANSWER)
"""The fields of /v1/cut and /v1/refine, by name."""
DETECTION_FIELDS = (IMAGE, IMAGE_URL, *request_fields.CLIENTS)
"""The fields of /v1/detections, by name."""

_NAME = "the picture"

IsDropped = Callable[[], bool]


async def cut(service: Service, request: Request) -> Response:
    """POST /v1/cut."""
    fields = await fields_of(service, request)
    refuse_unknown(fields, CUT_FIELDS)
    data = await picture_data(service, fields)
    return await answer_cut(service, request, fields, lambda: NamedBytes(data, _NAME))


async def refine(service: Service, request: Request) -> Response:
    """POST /v1/refine."""
    fields = await fields_of(service, request)
    refuse_unknown(fields, CUT_FIELDS)
    data = await picture_data(service, fields)
    return await answer_refined(service, request, fields, lambda: NamedBytes(data, _NAME))


async def detections(service: Service, request: Request) -> Response:
    """POST /v1/detections."""
    from starlette.responses import JSONResponse

    from cutsmith.pipeline.find_detections import find_detections
    from cutsmith.result.as_json import detection_as_json

    fields = await fields_of(service, request)
    refuse_unknown(fields, DETECTION_FIELDS)
    data = await picture_data(service, fields)

    def work(report: Report, is_dropped: IsDropped) -> dict[str, object]:
        asked = request_of(fields, service.defaults)
        found = find_detections(NamedBytes(data, _NAME), None, asked, pool=service.pool, cancelled=is_dropped)
        return {
            "detections": [detection_as_json(each) for each in found.found],
            "width": found.picture.width,
            "height": found.picture.height,
            "warnings": list(found.warnings),
            "provenance": dict(found.provenance),
        }

    return JSONResponse(await service.work(request, work, "detections"))


async def answer_cut(service: Service, request: Request, fields: Fields, picture: Callable[[], Source]) -> Response:
    """Cut out what `picture` gives, as `fields` ask, in a thread of the queue."""
    from cutsmith.pipeline.cut_out import cut_out

    def cutout(asked: CutRequest, report: Report, is_dropped: IsDropped) -> Cutout:
        return cut_out(
            picture(), asked, pool=service.pool, on_stage=lambda stage: report(stage, 0.0), cancelled=is_dropped
        )

    return await _answered(service, request, fields, cutout, "cut")


async def answer_refined(service: Service, request: Request, fields: Fields, picture: Callable[[], Source]) -> Response:
    """Refine the mask of `fields` on what `picture` gives, in a thread of the queue.

    Raises:
        FieldMissing: there is no mask.
    """
    from cutsmith.pipeline.refine_mask import refine_mask

    if "mask" not in fields.names:
        raise FieldMissing("There is no mask to refine.", "Send it as the field mask, a gray picture.", option="mask")

    def cutout(asked: CutRequest, report: Report, is_dropped: IsDropped) -> Cutout:
        mask = asked.target.mask
        return refine_mask(
            picture(),
            mask,
            asked.updated({"mask": None}),
            pool=service.pool,
            on_stage=lambda stage: report(stage, 0.0),
            cancelled=is_dropped,
        )

    return await _answered(service, request, fields, cutout, "refine")


async def _answered(
    service: Service,
    request: Request,
    fields: Fields,
    cutout_of: Callable[[CutRequest, Report, IsDropped], Cutout],
    kind: str,
) -> Response:
    accept = request.headers.get("accept", "")

    def work(report: Report, is_dropped: IsDropped) -> Response:
        asked, writing = _asked(service, fields, accept)
        cutout = cutout_of(asked, report, is_dropped)
        began = perf_counter()
        response = answer_of(cutout, writing, accept)
        stages = {**cutout.seconds, "answer": perf_counter() - began}
        service.metrics.picture(stages, cutout.quality.verdict)
        response.headers["Server-Timing"] = with_stages(stages)
        return response

    return await service.work(request, work, kind)


def _asked(service: Service, fields: Fields, accept: str) -> tuple[CutRequest, AnswerWriting]:
    return one_of(fields, service), writing_of(fields, accept, service.settings.max_pixels)


def one_of(fields: Fields, service: Service) -> CutRequest:
    """The engine's request that `fields` make, for an answer with one result.

    Raises:
        BadOption: the objects were asked for apart.
        CutsmithError: as for `request_of`.
    """
    asked = request_of(fields, service.defaults)
    if asked.target.objects == "each":
        raise BadOption(
            "An answer has one result, but the objects were asked for apart.",
            set_option("objects", "all"),
            "A box of /v1/detections cuts one of them out.",
            option="objects",
        )
    return asked


async def fields_of(service: Service, request: Request) -> Fields:
    """The fields of `request`; errors as for `read_fields`."""
    return await read_fields(request, most_field_bytes=2 * service.settings.most_bytes)


async def picture_data(service: Service, fields: Fields) -> bytes:
    """The bytes of the picture that `fields` hold or name.

    Raises:
        FieldMissing: there is none.
        BodyTooLarge: it has more bytes than the service takes.
        NotOffered: it is an address, which this service does not fetch.
    """
    data = fields.upload(IMAGE)
    address = fields.text(IMAGE_URL)
    if data is not None and address:
        raise BadOption("A picture was given twice: as a file and as an address.", "Send one.", option=IMAGE_URL)
    if address:
        data = await fetched(service, address)
    if data is None:
        raise FieldMissing(
            "There is no picture.", "Send it as the field image: curl -F image=@photo.jpg ...", option=IMAGE
        )
    check_bytes(service, data)
    return data


def check_bytes(service: Service, data: bytes) -> None:
    """Refuse a file with more bytes than the operator allows.

    Raises:
        BodyTooLarge.
    """
    most = service.settings.most_bytes
    if len(data) > most:
        raise BodyTooLarge(f"A picture may have at most {most:,} bytes, but this one has {len(data):,}.")


async def fetched(service: Service, address: str, option: str = IMAGE_URL) -> bytes:
    """The bytes at `address`, which came in the field `option`, if the operator allows that.

    Raises:
        NotOffered: addresses are not fetched here.
        CutsmithError: as for `fetching.fetch.fetch`.
    """
    if not service.settings.allow_url:
        raise NotOffered(
            "This service fetches no addresses.",
            "Send the picture itself, or start the service with --allow-url.",
        )
    from cutsmith.service.fetching.in_threads import fetch_in_thread

    found = await fetch_in_thread(address, most_bytes=service.settings.most_bytes, option=option)
    return found.data
