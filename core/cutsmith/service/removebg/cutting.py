"""POST /v1.0/removebg."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from cutsmith.result.canvas.own_frame import shrunk_size
from cutsmith.result.canvas.resampling import resampled_picture
from cutsmith.segmentation.subject_in_box import NAME as SUBJECT_IN_BOX
from cutsmith.service.answers import JSON, wanted_form, with_stages
from cutsmith.service.cutting import fields_of
from cutsmith.service.pictures import read_picture
from cutsmith.service.removebg.answering import Original, answer_of
from cutsmith.service.removebg.sizes import most_cut
from cutsmith.service.removebg.sources import background_data, picture_data
from cutsmith.service.removebg.wanted import wanted_of
from cutsmith.serving.running import Report

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from cutsmith.geometry import Box
    from cutsmith.picture import Picture
    from cutsmith.request import Request as CutRequest
    from cutsmith.result.cutout import Cutout
    from cutsmith.service.removebg.wanted import Wanted
    from cutsmith.service.service import Service

IsDropped = Callable[[], bool]


async def removebg(service: Service, request: Request) -> Response:
    """POST /v1.0/removebg."""
    return await answer_removebg(service, request, size="preview")


async def answer_removebg(service: Service, request: Request, *, size: str) -> Response:
    """The answer to a request with the API's fields; `size` is that of the result where the client says none.

    Raises:
        Refused, BadForm: a field is wrong.
        CutsmithError: as for `cutsmith.cut_out` and `Service.work`.
    """
    fields = await fields_of(service, request)
    wanted = wanted_of(fields, size)
    data = await picture_data(service, fields)
    ground = await background_data(service, fields, has_colour=wanted.ground is not None)
    as_json = wanted_form(request.headers.get("accept", "")) == JSON
    job = _Job(service, wanted, data, ground, as_json)
    return await service.work(request, job.run, "removebg")


@dataclass(frozen=True)
class _Job:
    """What is done in a thread of the queue."""

    service: Service
    wanted: Wanted
    data: bytes
    ground: bytes | None
    as_json: bool

    def run(self, report: Report, is_dropped: IsDropped) -> Response:
        """The answer."""
        picture = self._read(self.data, "the image")
        behind = None if self.ground is None else self._read(self.ground, "the background image")
        original = Original(picture.width, picture.height)
        cutout = self._cutout(picture, report, is_dropped)
        began = perf_counter()
        response = answer_of(cutout, self.wanted, behind, original, as_json=self.as_json)
        stages = {**cutout.seconds, "answer": perf_counter() - began}
        self.service.metrics.picture(stages, cutout.quality.verdict)
        response.headers["Server-Timing"] = with_stages(stages)
        return response

    def _cutout(self, picture: Picture, report: Report, is_dropped: IsDropped) -> Cutout:
        from cutsmith.pipeline.cut_out import cut_out

        region = self.wanted.region.box(picture.width, picture.height)
        most_pixels = self.wanted.most_pixels(has_picture_behind=self.ground is not None)
        size, scale = shrunk_size(picture.width, picture.height, most_cut(most_pixels))
        return cut_out(
            resampled_picture(picture, size),
            self._request(region, scale),
            pool=self.service.pool,
            on_stage=lambda stage: report(stage, 0.0),
            cancelled=is_dropped,
        )

    def _request(self, region: Box | None, scale: float) -> CutRequest:
        """The engine's request: the operator's defaults, the model of the type, and the region as a box."""
        asked = self.service.defaults
        model = self.service.settings.types.get(self.wanted.type)
        if model is not None:
            asked = asked.updated({"model": model})
        if region is not None:
            box = tuple(each * scale for each in region)
            asked = asked.updated({"box": box, "segmenter": SUBJECT_IN_BOX})
        return asked

    def _read(self, data: bytes, name: str) -> Picture:
        return read_picture(data, name, self.service.settings.max_pixels)
