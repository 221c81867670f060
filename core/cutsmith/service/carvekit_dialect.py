"""/api/removebg, /api/account and /api/admin/config, as carvekit's server has them: remove.bg's API elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cutsmith.service.failures import NotOffered
from cutsmith.service.removebg.cutting import answer_removebg
from cutsmith.service.removebg.dialect import RemoveBgDialect

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from cutsmith.service.service import Service


class CarvekitDialect(RemoveBgDialect):
    """carvekit's failures: {"errors": [{"title"}]}, to which remove.bg's code and detail are added."""

    name = "carvekit"


CARVEKIT = CarvekitDialect()


async def removebg(service: Service, request: Request) -> Response:
    """POST /api/removebg: without a size, the result is as large as the picture, as in carvekit."""
    return await answer_removebg(service, request, size="full")


async def config(service: Service, request: Request) -> Response:
    """GET /api/admin/config: carvekit shows its administrator the settings, keys included. This service does not.

    Raises:
        NotOffered: always.
    """
    raise NotOffered("This service tells nobody its settings.", "Its operator sees them where it was started.")
