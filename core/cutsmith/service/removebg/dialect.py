"""Every failure in the API's form: {"errors": [{"title", "code", "detail"}]}."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cutsmith.errors import (
    CutsmithError,
    FormatExtraMissing,
    NotInstalled,
    OutputFormatUnsupported,
    PictureError,
    PictureFormatUnsupported,
    PictureTooLarge,
    PictureTooSmall,
    SubjectNotFound,
    UnknownModel,
    UsageError,
)
from cutsmith.service.failures import (
    BodyTooLarge,
    BodyTooSlow,
    FieldMissing,
    ForeignOrigin,
    KeyMissing,
    KeyUnknown,
    MethodNotAllowed,
    NotFound,
    NotOffered,
    TooManyRequests,
    WrongHost,
    WrongMediaType,
)
from cutsmith.service.removebg.refusal import Refused
from cutsmith.service.words import sentence
from cutsmith.serving.queue import QueueFull

if TYPE_CHECKING:
    from starlette.responses import Response

logger = logging.getLogger(__name__)

INTERNAL = "internal_error"

_NOT_INSTALLED = "Something that this needs is not installed here"

# The first that fits counts. None keeps the title that the error brings, and the status that it has elsewhere.
_CODES: tuple[tuple[type[Exception], str, int | None, str | None], ...] = (
    (BodyTooLarge, "file_too_large", 400, "File too large"),
    (PictureTooLarge, "resolution_too_high", 400, "Image resolution too high"),
    (PictureTooSmall, "invalid_dimensions", 400, "Invalid image dimensions"),
    (PictureFormatUnsupported, "invalid_file_type", 400, "Invalid file type"),
    (FormatExtraMissing, "invalid_file_type", 400, "Invalid file type"),
    (PictureError, "failed_to_read_image", 400, "Failed to read image"),
    (SubjectNotFound, "unknown_foreground", 400, "Could not identify foreground in image"),
    (FieldMissing, "missing_source", 400, "No image given"),
    (WrongMediaType, "missing_source", 400, "No image given"),
    (OutputFormatUnsupported, "invalid_format", 400, "The format cannot hold the result"),
    (KeyMissing, "auth_failed", 403, "Missing API Key"),
    (KeyUnknown, "auth_failed", 403, "Invalid API Key"),
    (ForeignOrigin, "auth_failed", 403, None),
    (TooManyRequests, "rate_limit_exceeded", None, "Rate limit exceeded"),
    (QueueFull, "rate_limit_exceeded", None, "Rate limit exceeded"),
    (NotFound, "not_found", None, "Not found"),
    (MethodNotAllowed, "method_not_allowed", None, "Method not allowed"),
    (BodyTooSlow, "request_timeout", None, "Request timeout"),
    (WrongHost, "wrong_host", None, None),
    (NotOffered, "not_offered", None, None),
    (NotInstalled, "not_installed", None, _NOT_INSTALLED),
    # Clients name no models here: the operator's table of types does.
    (UnknownModel, "not_installed", 501, _NOT_INSTALLED),
    (UsageError, "invalid_request", 400, "Invalid request"),
    (CutsmithError, "unavailable", None, "Service unavailable"),
)


class RemoveBgDialect:
    """remove.bg's way to tell of failures (see `cutsmith.service.dialect.Dialect`)."""

    name = "removebg"

    def failure(self, error: Exception, status: int) -> Response:
        """The answer that tells of `error`. One that is no `CutsmithError` is a bug: it says no more than that."""
        from starlette.responses import JSONResponse

        status, told = told_of(error, status)
        return JSONResponse({"errors": [told]}, status)


def told_of(error: Exception, status: int) -> tuple[int, dict[str, str]]:
    """(status, {"title", "code", "detail"}) of `error`, which has `status` in the service's own dialect."""
    if isinstance(error, Refused):
        return 400, {"title": error.what, "code": error.code, "detail": error.remedy}
    for kind, code, its_status, title in _CODES:
        if isinstance(error, kind):
            assert isinstance(error, CutsmithError)
            if title == _NOT_INSTALLED:
                # What is missing, and where it was looked for, is for the operator.
                logger.warning("a request needs what is not installed: %s", error)
                return its_status or status, {"title": title, "code": code, "detail": "Tell the service's operator."}
            detail = error.remedy if title is None else f"{sentence(error.what)}\n{error.remedy}".strip()
            return its_status or status, {"title": title or error.what, "code": code, "detail": detail}
    detail = "The service failed in a way that nobody foresaw. Its log tells more."
    return status, {"title": "Internal server error", "code": INTERNAL, "detail": detail}


REMOVEBG = RemoveBgDialect()
