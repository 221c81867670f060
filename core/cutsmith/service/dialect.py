"""The form of answers, and the endpoint around each route: who may, how long it takes, and how a failure is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from cutsmith.errors import CutsmithError
from cutsmith.service.failures import (
    ClientGone,
    MethodNotAllowed,
    ServiceEnding,
    TooManyRequests,
    retry_after,
    status_of,
)
from cutsmith.service.words import told

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from cutsmith.service.service import Service

logger = logging.getLogger(__name__)

CLIENT_GONE = 499
"""What the log and the metrics say of a request whose client hung up; nobody gets it as an answer."""


class Dialect(Protocol):
    """The form in which an API tells of failures."""

    @property
    def name(self) -> str:
        """For metrics, such as "removebg"."""

    def failure(self, error: Exception, status: int) -> Response:
        """The answer that tells of `error`. One that is no `CutsmithError` is a bug: it says no more than that."""


class CutsmithDialect:
    """Our own: {"error": {"type", "what", "remedy", ...}}."""

    name = "cutsmith"

    def failure(self, error: Exception, status: int) -> Response:
        """The answer that tells of `error`."""
        from starlette.responses import JSONResponse

        if isinstance(error, CutsmithError):
            return JSONResponse({"error": told(error)}, status)
        what = "The service failed in a way that nobody foresaw. Its log tells more."
        return JSONResponse({"error": {"type": "InternalError", "what": what, "remedy": "", "cures": []}}, status)


OURS = CutsmithDialect()

Handler = Callable[["Service", "Request"], Awaitable["Response"]]


def endpoint(
    service: Service, handler: Handler, dialect: Dialect = OURS, *, is_open: bool = False
) -> Callable[[Request], Awaitable[Response]]:
    """`handler` as a route's endpoint.

    Args:
        service: what the routes share.
        handler: answers; what it raises becomes an answer in the form of `dialect`.
        dialect: the form of failures.
        is_open: whether it needs no key and counts for no rate, such as /healthz.
    """

    async def answer(request: Request) -> Response:
        began = monotonic()
        allowance: dict[str, str] = {}
        try:
            if not is_open:
                allowance = dict(service.admit(request))
            response = await handler(service, request)
        except ClientGone:
            response = nobody_hears()
        except asyncio.CancelledError:
            if not service.is_ending:
                raise
            # The server has waited for long enough. The answer is the last that this task does.
            response = failed(ServiceEnding("The service has ended.", "Ask again in a moment."), dialect)
        except Exception as error:  # noqa: BLE001 - every failure becomes an answer; a bug is logged in full
            response = failed(error, dialect)
        for name, value in allowance.items():
            response.headers.setdefault(name, value)
        service.metrics.request(dialect.name, request.url.path, response.status_code, monotonic() - began)
        return response

    return answer


def failed(error: Exception, dialect: Dialect) -> Response:
    """The answer that tells of `error` in the form of `dialect`."""
    status = status_of(error)
    if status == 500:
        logger.error("a request failed", exc_info=error)
    response = dialect.failure(error, status)
    if (seconds := retry_after(error)) is not None:
        response.headers["Retry-After"] = str(seconds)
    if isinstance(error, TooManyRequests):
        response.headers.update(error.headers)
    if isinstance(error, MethodNotAllowed) and error.allowed:
        response.headers["Allow"] = error.allowed
    if status in (408, 413):
        # What is left of the body is not read, so the connection cannot go on.
        response.headers["Connection"] = "close"
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def nobody_hears() -> Response:
    """The answer to a client that has hung up."""
    from starlette.responses import Response

    return Response(status_code=CLIENT_GONE)
