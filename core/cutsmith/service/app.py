"""`build_app`: the service as an ASGI application, for uvicorn, for Ray Serve and for tests."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from cutsmith.service import cutting, facts, other_apis, session_routes
from cutsmith.service.dialect import OURS, Dialect, Handler, endpoint, failed
from cutsmith.service.draining import drained_by_sigterm
from cutsmith.service.failures import MethodNotAllowed, NotFound
from cutsmith.service.guard import Guard
from cutsmith.service.jobs import routes as job_routes
from cutsmith.service.openapi import openapi
from cutsmith.service.service import Service
from cutsmith.service.settings import ENVIRONMENT, ServiceSettings

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from cutsmith.pipeline.loading import ModelPool
    from cutsmith.service.sessions import Sessions

logger = logging.getLogger(__name__)

_OURS: Sequence[tuple[str, str, Handler]] = (
    ("POST", "/v1/cut", cutting.cut),
    ("POST", "/v1/refine", cutting.refine),
    ("POST", "/v1/detections", cutting.detections),
    ("GET", "/v1/models", facts.models),
    ("POST", "/v1/sessions", session_routes.open_session),
    ("GET", "/v1/sessions/{session}", session_routes.session_facts),
    ("DELETE", "/v1/sessions/{session}", session_routes.close_session),
    ("POST", "/v1/sessions/{session}/mask", session_routes.session_mask),
    ("POST", "/v1/sessions/{session}/cut", session_routes.session_cut),
    ("POST", "/v1/sessions/{session}/refine", session_routes.session_refine),
    ("POST", "/v1/jobs", job_routes.open_job),
    ("GET", "/v1/jobs", job_routes.list_jobs),
    ("GET", "/v1/jobs/{job}", job_routes.job_state),
    ("DELETE", "/v1/jobs/{job}", job_routes.cancel_job),
    ("GET", "/v1/jobs/{job}/result", job_routes.job_result),
    ("GET", "/metrics", facts.metrics),
)
# They say nothing about anybody's pictures, and what watches the service has no key.
_OPEN: Sequence[tuple[str, str, Handler]] = (
    ("GET", "/healthz", facts.health),
    ("GET", "/readyz", facts.ready),
    ("GET", "/openapi.json", openapi),
)
_LAST_SECONDS = 10.0
_SWEEP_SECONDS = 60.0


def build_app(settings: ServiceSettings | None = None, pool: ModelPool | None = None) -> Starlette:
    """The service as an application. Its state `service` is the `Service`.

    Args:
        settings: what the operator decides; None for the defaults.
        pool: the models; None for this process's own.
    """
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.middleware import Middleware

    settings = settings or ServiceSettings()
    service = Service(settings, pool)

    def refused(path: str, error: Exception) -> Response:
        """What no route answers: it is told in the dialect of its path, and counted."""
        dialect = _dialect_of(path)
        response = failed(error, dialect)
        service.metrics.request(dialect.name, path, response.status_code, 0.0)
        return response

    async def told(request: Request, error: Exception) -> Response:
        return refused(request.url.path, _as_ours(error))

    app = Starlette(
        routes=_routes(service),
        middleware=[Middleware(Guard, settings=settings, failure=refused)],
        exception_handlers={HTTPException: told, Exception: told},
        lifespan=_lifespan(service),
    )
    app.state.service = service
    return app


def app_from_environment() -> Starlette:
    """The application for a worker process, which finds its settings in the environment."""
    return build_app(ServiceSettings.from_json(os.environ.get(ENVIRONMENT, "{}")))


def _routes(service: Service) -> list[BaseRoute]:
    from starlette.routing import Route

    from cutsmith.service.page.page_files import page_routes

    ours = [Route(path, endpoint(service, handler), methods=[method]) for method, path, handler in _OURS]
    opened = [
        Route(path, endpoint(service, handler, is_open=True), methods=[method]) for method, path, handler in _OPEN
    ]
    others = [
        Route(path, endpoint(service, handler, dialect), methods=[method])
        for method, path, handler, dialect in other_apis.ROUTES
    ]
    return [*ours, *opened, *others, *page_routes()]


def _dialect_of(path: str) -> Dialect:
    return next((each for start, each in other_apis.DIALECTS.items() if f"{path}/".startswith(start)), OURS)


def _as_ours(error: Exception) -> Exception:
    """What Starlette's router says, as an error of ours."""
    from starlette.exceptions import HTTPException

    if not isinstance(error, HTTPException):
        return error
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        return MethodNotAllowed("This address takes another method.", f"It takes {allowed}." if allowed else "",
                                allowed=allowed)  # fmt: skip
    return NotFound("There is nothing at this address.", "The address /openapi.json lists all there are.")


def _lifespan(service: Service) -> Callable[[Starlette], Any]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        threading.Thread(target=service.load, name="cutsmith-load", daemon=True).start()
        sweeping = asyncio.create_task(_sweep(service.sessions))
        service.jobs.start()
        with drained_by_sigterm(service, asyncio.get_running_loop()):
            yield
        sweeping.cancel()
        service.end()
        # What a job has under way is written, so that the next process has less to do.
        await asyncio.to_thread(service.jobs.join, _LAST_SECONDS)

    return lifespan


async def _sweep(sessions: Sessions) -> None:
    """Keep no picture on the disk for longer than promised, even if nobody comes any more."""
    while True:
        try:
            await asyncio.to_thread(sessions.forget_expired)
        except OSError as error:  # such as a disk that is gone for a while
            logger.warning("sessions that have ended cannot be removed: %s", error)
        await asyncio.sleep(_SWEEP_SECONDS)
