"""GET /v1.0/account: there is nothing to pay here, and clients that look at their credits first find enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from cutsmith.service.service import Service

_PLENTY = 1_000_000


async def account(service: Service, request: Request) -> Response:
    """GET /v1.0/account."""
    from starlette.responses import JSONResponse

    # The total is the sum of the three, as clients expect it.
    credits = {"total": _PLENTY, "subscription": 0, "payg": 0, "enterprise": _PLENTY}
    return JSONResponse({"data": {"attributes": {"credits": credits, "api": {"free_calls": _PLENTY, "sizes": "all"}}}})
