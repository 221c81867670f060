"""The APIs of others that the service speaks too, so that their clients can move: routes, and the form of failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cutsmith.service.dialect import Dialect, Handler
from cutsmith.service.removebg.account import account
from cutsmith.service.removebg.cutting import removebg
from cutsmith.service.removebg.dialect import REMOVEBG
from cutsmith.service.removebg.improving import improve

ROUTES: Sequence[tuple[str, str, Handler, Dialect]] = (
    ("POST", "/v1.0/removebg", removebg, REMOVEBG),
    ("GET", "/v1.0/account", account, REMOVEBG),
    ("POST", "/v1.0/improve", improve, REMOVEBG),
)
DIALECTS: Mapping[str, Dialect] = {"/v1.0/": REMOVEBG}
"""The start of a path -> the dialect in which its failures are told; the first that fits counts."""
