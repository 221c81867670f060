"""/v1/jobs: many pictures uploaded as one job; its state; its results as a zip; its end."""

from __future__ import annotations

import asyncio
import secrets
import time
from time import monotonic
from typing import TYPE_CHECKING

from cutsmith.batch.inputs import find_inputs
from cutsmith.errors import PictureNotFound
from cutsmith.service import output_fields, request_fields
from cutsmith.service.failures import BadForm, ClientGone, FieldMissing, JobNotDone, NotFound
from cutsmith.service.jobs.archive import Limits, unpack
from cutsmith.service.jobs.folder import JobFolder, new_identity
from cutsmith.service.jobs.store import JobRecord
from cutsmith.service.jobs.upload import IMAGES, ZIP, JobUpload, receive
from cutsmith.service.jobs.webhooks import told_of
from cutsmith.service.jobs.work import checked_fields
from cutsmith.service.output_fields import BACKGROUND_IMAGE
from cutsmith.service.request_fields import refuse_unknown
from cutsmith.serving.queue import QueueFull

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from cutsmith.service.service import Service

WEBHOOK = "webhook"
"""The field of the address that is told once the job has ended."""
FILES = (*request_fields.PLANES, BACKGROUND_IMAGE)
"""The fields that are files, beside the pictures."""
JOB_FIELDS = (IMAGES, ZIP, WEBHOOK, *request_fields.CLIENTS, *output_fields.CLIENTS, BACKGROUND_IMAGE)
"""All fields of a request for a job, by name."""

_MOST_LEFT_OUT = 100
_PATIENCE = 5.0
"""Seconds that a client who cancels a running job waits until it is gone."""
_LOOK = 0.1


async def open_job(service: Service, request: Request) -> Response:
    """POST /v1/jobs."""
    from starlette.responses import JSONResponse

    desk, owner = service.jobs, _owner(request)
    if desk.uploads + await asyncio.to_thread(desk.store.open_count) >= service.settings.most_jobs:
        raise _too_many(service)
    job = new_identity()
    folder = desk.folder_of(job)
    desk.uploads += 1
    try:
        upload = await _received(service, request, folder)
        record, left_out = await asyncio.to_thread(_prepared, service, job, owner, upload, folder)
        if not await asyncio.to_thread(desk.store.add, record, service.settings.most_jobs):
            raise _too_many(service)
    except BaseException:  # a cancelled task, too, must leave nothing behind
        await asyncio.to_thread(folder.remove)
        raise
    finally:
        desk.uploads -= 1
    desk.wake()
    told = {"job": job, "state": record.state, "pictures": record.pictures, "left_out": left_out}
    return JSONResponse(told, 202, headers={"Location": f"/v1/jobs/{job}"})


async def list_jobs(service: Service, request: Request) -> Response:
    """GET /v1/jobs: the jobs of the key, the newest first."""
    from starlette.responses import JSONResponse

    records = await asyncio.to_thread(service.jobs.store.of_owner, _owner(request))
    return JSONResponse({"jobs": list(map(told_of, records))})


async def job_state(service: Service, request: Request) -> Response:
    """GET /v1/jobs/{job}."""
    from starlette.responses import JSONResponse

    return JSONResponse(told_of(await _found(service, request)))


async def job_result(service: Service, request: Request) -> Response:
    """GET /v1/jobs/{job}/result: the zip."""
    from starlette.responses import FileResponse

    record = await _found(service, request)
    result = service.jobs.folder_of(record.job).result
    if record.state != "done":
        why = "failed, and has none" if record.state == "failed" else f"is {record.state}"
        raise JobNotDone(f"There is no result: the job {why}.", f"GET /v1/jobs/{record.job} tells how far it is.")
    if not result.is_file():
        raise NotFound("The result of this job is there no more.")
    return FileResponse(result, media_type="application/zip", filename=f"cut-outs-{record.job}.zip")


async def cancel_job(service: Service, request: Request) -> Response:
    """DELETE /v1/jobs/{job}: end it, and forget it with all it has. A running one takes a moment."""
    from starlette.responses import JSONResponse, Response

    record = await _found(service, request)
    until = monotonic() + _PATIENCE
    is_gone = await asyncio.to_thread(service.jobs.cancel, record.job)
    while not is_gone and monotonic() < until:
        await asyncio.sleep(_LOOK)
        is_gone = await asyncio.to_thread(service.jobs.store.find, record.job) is None
    if is_gone:
        return Response(status_code=204)
    return JSONResponse({"job": record.job, "state": "cancelled"}, 202)


async def _received(service: Service, request: Request, folder: JobFolder) -> JobUpload:
    """The form of `request`, with its pictures in `folder`."""
    from starlette.requests import ClientDisconnect

    await asyncio.to_thread(folder.make)
    kind = request.headers.get("content-type", "")
    try:
        upload = await receive(kind, request.stream(), folder, _limits(service), FILES)
    except ClientDisconnect as error:
        raise ClientGone from error
    if not (upload.pictures or upload.has_zip):
        raise FieldMissing(
            "There are no pictures.",
            "Send files as the field images, once for each, or a zip as the field zip.",
            option=IMAGES,
        )
    return upload


def _prepared(
    service: Service, job: str, owner: str, upload: JobUpload, folder: JobFolder
) -> tuple[JobRecord, list[str]]:
    """The job, checked and ready to be done, and the names of files that are no pictures. Runs in a thread."""
    refuse_unknown(upload.fields, JOB_FIELDS)
    webhook = upload.fields.text(WEBHOOK)
    if webhook:
        from cutsmith.service.fetching.webhook import check_webhook

        check_webhook(webhook, service.settings.allow_webhooks)
    checked_fields(upload.fields, service.defaults)
    names = list(upload.pictures)
    if upload.has_zip:
        names = unpack(folder.archive, folder.inputs, _limits(service))
        folder.archive.unlink()
    folder.write_fields(upload.fields)
    try:
        found = find_inputs([str(folder.inputs)], []).found
    except PictureNotFound as error:
        raise BadForm(f"None of the files is a picture: {', '.join(names[:3])}.", option=IMAGES) from error
    pictures = {each.source for each in found}
    left_out = [name for name in names if str(folder.inputs / name) not in pictures]
    record = JobRecord(
        job, owner, "waiting", False, len(found), created=time.time(), webhook=webhook, event=secrets.token_hex(16)
    )
    return record, left_out[:_MOST_LEFT_OUT]


def _limits(service: Service) -> Limits:
    settings = service.settings
    return Limits(settings.most_job_pictures, settings.most_bytes, settings.most_job_bytes)


def _too_many(service: Service) -> QueueFull:
    return QueueFull(f"{service.settings.most_jobs} jobs have not ended yet, which is as many as may.", "Ask later.")


async def _found(service: Service, request: Request) -> JobRecord:
    """The job that the path names.

    Raises:
        NotFound: there is none, or it belongs to another key.
    """
    record = await asyncio.to_thread(service.jobs.store.find, request.path_params["job"])
    if record is None or record.owner != _owner(request):
        raise NotFound("There is no such job, or none any more.")
    return record


def _owner(request: Request) -> str:
    return str(getattr(request.state, "who", ""))
