"""What the service says of itself: /v1/models, /healthz, /readyz, /metrics."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from cutsmith.service import output_fields, request_fields, words
from cutsmith.version import __version__

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from cutsmith.service.service import Service


async def models(service: Service, request: Request) -> Response:
    """GET /v1/models: the models, what is missing for words and clicks, and what the service offers."""
    from starlette.responses import JSONResponse

    return JSONResponse(await asyncio.to_thread(_models, service))


def _models(service: Service) -> dict[str, Any]:
    from cutsmith.options import OPTIONS
    from cutsmith.output import OUTPUT_OPTIONS
    from cutsmith.result.canvas.presets import presets
    from cutsmith.serving.jobs import run_job

    settings = service.settings
    told = dict(run_job("models", {}, {}, lambda stage, share: None).fields)
    missing = {name: None if error is None else words.told(error) for name, error in service.missing().items()}
    return {
        **told,
        **missing,
        "version": __version__,
        "presets": [{"name": name, "title": preset.title} for name, preset in presets().items()],
        "formats": list(OUTPUT_OPTIONS["format"].choices),
        "allow_url": settings.allow_url,
        "needs_key": settings.needs_key,
        "most_bytes": settings.most_bytes,
        "max_pixels": settings.max_pixels,
        "options": [
            {"name": name, "kind": option.kind, "help": option.help, "choices": list(option.choices)}
            for known, names in ((OPTIONS, request_fields.CLIENTS), (OUTPUT_OPTIONS, output_fields.CLIENTS))
            for name in names
            for option in (known[name],)
        ],
    }


async def health(service: Service, request: Request) -> Response:
    """GET /healthz: the process answers."""
    from starlette.responses import JSONResponse

    return JSONResponse({"status": "ok", "version": __version__})


async def ready(service: Service, request: Request) -> Response:
    """GET /readyz: 200 once the default model is loaded and while work is taken, else 503 with the reason."""
    from starlette.responses import JSONResponse

    waiting, running = service.runner.counts()
    told: dict[str, Any] = {"status": "ready", "waiting": waiting, "running": running}
    if service.is_ending:
        return JSONResponse({**told, "status": "ending"}, 503)
    if service.unready is not None:
        return JSONResponse({**told, "status": "not ready", "error": words.told(service.unready)}, 503)
    return JSONResponse(told)


async def metrics(service: Service, request: Request) -> Response:
    """GET /metrics, as Prometheus reads them."""
    from starlette.responses import Response

    data, kind = service.metrics.as_text()
    return Response(data, media_type=kind)
