"""/openapi.json: the API's own description, made of the declarations of the options and of the routes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cutsmith.options import OPTIONS
from cutsmith.output import OUTPUT_OPTIONS
from cutsmith.request_json import schema_of
from cutsmith.service import output_fields, request_fields
from cutsmith.service.mask_preview import LEAST, LONGEST, MOST
from cutsmith.service.output_fields import BACKGROUND_IMAGE, MEDIA_TYPES
from cutsmith.version import __version__

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from cutsmith.service.service import Service

_FILE = {"type": "string", "format": "binary"}
_FORMS = ("multipart/form-data", "application/json")
_ERROR = {"description": "Why not: type, what, remedy, cures.", "content": {"application/json": {
    "schema": {"type": "object", "properties": {"error": {"type": "object"}}, "required": ["error"]}}}}  # fmt: skip
_STATUSES = ("400", "401", "403", "404", "408", "413", "415", "422", "429", "501", "503")
_PICTURE = {"image": {**_FILE, "description": "The picture's file; in JSON its Base64."}, "image_url": {
    "type": "string", "description": "Its address instead, where the operator allows that."}}  # fmt: skip
_SESSION = {"name": "session", "in": "path", "required": True, "schema": {"type": "string"}}
_JOB = {"name": "job", "in": "path", "required": True, "schema": {"type": "string"}}


async def openapi(service: Service, request: Request) -> Response:
    """GET /openapi.json."""
    from starlette.responses import JSONResponse

    return JSONResponse(description())


def description() -> dict[str, Any]:
    """The API as OpenAPI 3.1 describes one."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cutsmith",
            "version": __version__,
            "description": "Cuts subjects out of pictures. /v1 has all that the engine can do, /v1.0 is remove.bg's "
            "API, and /api/remove rembg's. Every picture comes with X-Uncertainty-Score.",
        },
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
        },
        "security": [{}, {"key": []}],
        "paths": {**_of_pictures(), **_of_sessions(), **_of_jobs(), **_of_others(), **_of_the_service()},
    }


def _of_pictures() -> dict[str, Any]:
    cut, options = {**_PICTURE, **_option_fields(), **_output_fields()}, {**_PICTURE, **_option_fields()}
    return {
        "/v1/cut": {"post": _operation("Cut a picture out", cut, _pictures(), ("image",))},
        "/v1/refine": {"post": _operation("Refine a given mask", cut, _pictures(), ("image", "mask"))},
        "/v1/detections": {"post": _operation("Find what words name", options, _json("Boxes"), ("image", "text"))},
    }


def _of_sessions() -> dict[str, Any]:
    facts = _json("The session, its picture's size, and for how long it stays")
    target, cut = _option_fields(), {**_option_fields(), **_output_fields()}
    at = {"parameters": [_SESSION]}
    what = "The longer side of the mask, at most; the picture's own size without."
    longest = {LONGEST: {"type": "integer", "minimum": LEAST, "maximum": MOST, "description": what}}
    mask = {"200": {"description": "The soft mask, before matting", "content": {"image/png": {"schema": _FILE}}}}
    pointed = _operation("The mask of what is pointed at", {**target, **longest}, mask)
    return {
        "/v1/sessions": {"post": _operation("Upload a picture for clicks", _PICTURE, {"201": facts["200"]}, ())},
        "/v1/sessions/{session}": {
            **at,
            "get": _operation("Look at a session", {}, facts),
            "delete": _operation("End a session", {}, {"204": {"description": "It is forgotten."}}),
        },
        "/v1/sessions/{session}/mask": {**at, "post": pointed},
        "/v1/sessions/{session}/cut": {**at, "post": _operation("Cut the session's picture out", cut, _pictures())},
        "/v1/sessions/{session}/refine": {
            **at,
            "post": _operation("Refine a mask of the session's picture", cut, _pictures(), ("mask",)),
        },
    }


def _of_jobs() -> dict[str, Any]:
    fields = {
        "images": {"type": "array", "items": _FILE, "description": "The pictures' files."},
        "zip": {**_FILE, "description": "Or all of them in one zip."},
        "webhook": {"type": "string", "description": "Is called when the job is done, where the operator allows that."},
        **_option_fields(),
        **_output_fields(),
    }
    facts = _json("The job's state, and how many of its pictures are done")
    archive = {"200": {"description": "Results, manifest.csv and report.html", "content": {
        "application/zip": {"schema": _FILE}}}}  # fmt: skip
    at = {"parameters": [_JOB]}
    return {
        "/v1/jobs": {
            "get": _operation("List the jobs", {}, _json("The jobs")),
            "post": _operation("Cut many pictures out", fields, {"202": facts["200"]}, kinds=("multipart/form-data",)),
        },
        "/v1/jobs/{job}": {
            **at,
            "get": _operation("Look at a job", {}, facts),
            "delete": _operation("Cancel a job and forget it", {}, {"204": {"description": "It is forgotten."}}),
        },
        "/v1/jobs/{job}/result": {**at, "get": _operation("Fetch a job's results", {}, archive)},
    }


def _of_others() -> dict[str, Any]:
    note = "Fields, headers and errors are those of that API; docs/service.md lists what differs."
    return {
        path: {method: {"summary": summary, "description": note, "responses": {"200": {"description": "As there"}}}}
        for path, method, summary in (
            ("/v1.0/removebg", "post", "remove.bg's API: cut a picture out"),
            ("/v1.0/account", "get", "remove.bg's API: the account, which costs nothing here"),
            ("/v1.0/improve", "post", "remove.bg's API: send in a picture that went wrong"),
            ("/api/remove", "post", "rembg's API: cut a picture out; GET takes an address"),
            ("/api/removebg", "post", "carvekit's API: cut a picture out"),
            ("/api/account", "get", "carvekit's API: the account"),
            ("/api/admin/config", "get", "carvekit's API: its configuration, which is not told here"),
        )
    }


def _of_the_service() -> dict[str, Any]:
    told = (
        ("/v1/models", "Models, presets, formats, and what is missing for words and clicks"),
        ("/healthz", "Whether the process answers"),
        ("/readyz", "Whether the models are loaded"),
        ("/metrics", "Counters for Prometheus"),
    )
    return {path: {"get": {"summary": summary, "responses": _json(summary)}} for path, summary in told}


def _option_fields() -> dict[str, Any]:
    planes = {name: {**_FILE, "description": OPTIONS[name].help} for name in request_fields.PLANES}
    return {**{name: schema_of(OPTIONS[name]) for name in request_fields.CLIENTS}, **planes}


def _output_fields() -> dict[str, Any]:
    behind = {BACKGROUND_IMAGE: {**_FILE, "description": "A picture to put behind the subject."}}
    return {**{name: schema_of(OUTPUT_OPTIONS[name]) for name in output_fields.CLIENTS}, **behind}


def _operation(
    summary: str,
    fields: Mapping[str, Any],
    answers: Mapping[str, Any],
    required: Iterable[str] = (),
    kinds: Iterable[str] = _FORMS,
) -> dict[str, Any]:
    errors = dict.fromkeys(_STATUSES, _ERROR)
    told: dict[str, Any] = {"summary": summary, "responses": {**answers, **errors}}
    if fields:
        schema = {"type": "object", "properties": dict(fields), "additionalProperties": False}
        if required:
            schema["required"] = list(required)
        told["requestBody"] = {"content": {kind: {"schema": schema} for kind in kinds}}
    return told


def _pictures() -> dict[str, Any]:
    headers = {
        "X-Uncertainty-Score": {"schema": {"type": "number"}, "description": "In [0, 1]; -1 where it is not known."},
        "X-Quality-Verdict": {"schema": {"enum": ["accept", "review"]}},
        "X-Quality-Reasons": {"schema": {"type": "string"}, "description": "Why, percent-encoded."},
    }
    kinds = [*MEDIA_TYPES.values(), "application/json", "multipart/form-data", "multipart/mixed"]
    content = {kind: {"schema": _FILE if kind.startswith("image/") else {"type": "object"}} for kind in kinds}
    return {"200": {"description": "The cut-out", "headers": headers, "content": content}}


def _json(what: str) -> dict[str, Any]:
    return {"200": {"description": what, "content": {"application/json": {"schema": {"type": "object"}}}}}
