"""The APIs of others that the service speaks too, so that their clients can move: routes, and the form of failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cutsmith.service import carvekit_dialect
from cutsmith.service.carvekit_dialect import CARVEKIT
from cutsmith.service.dialect import Dialect, Handler
from cutsmith.service.rembg_dialect import REMBG, remove_address, remove_file
from cutsmith.service.removebg.account import account
from cutsmith.service.removebg.cutting import removebg
from cutsmith.service.removebg.dialect import REMOVEBG
from cutsmith.service.removebg.improving import improve

ROUTES: Sequence[tuple[str, str, Handler, Dialect]] = (
    ("POST", "/v1.0/removebg", removebg, REMOVEBG),
    ("GET", "/v1.0/account", account, REMOVEBG),
    ("POST", "/v1.0/improve", improve, REMOVEBG),
    ("POST", "/api/removebg", carvekit_dialect.removebg, CARVEKIT),
    ("GET", "/api/account", account, CARVEKIT),
    ("GET", "/api/admin/config", carvekit_dialect.config, CARVEKIT),
    ("POST", "/api/remove", remove_file, REMBG),
    ("GET", "/api/remove", remove_address, REMBG),
)
DIALECTS: Mapping[str, Dialect] = {"/v1.0/": REMOVEBG, "/api/remove/": REMBG, "/api/": CARVEKIT}
"""The start of a path, with a slash behind it -> the dialect in which its failures are told."""
