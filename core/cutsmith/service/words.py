"""What clients are told of an error: what concerns them, and nothing of the server's files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cutsmith.errors import CutsmithError, NotInstalled
from cutsmith.options import OPTIONS
from cutsmith.service.request_fields import CLIENTS

if TYPE_CHECKING:
    from cutsmith.cures import Cure


def told(error: CutsmithError) -> dict[str, Any]:
    """`error` as JSON, with the cures that a client, or the operator whom it asks, can use."""
    cures = [cure for cure in error.cures if _concerns_clients(cure, error)]
    return {
        **error.to_json(),
        "what": sentence(error.what),
        "remedy": "\n  ".join(map(str, cures)),
        "cures": [cure.to_json() for cure in cures],
    }


def sentence(what: str) -> str:
    """`what` with a capital where it begins with the picture's name, which is "the picture" here."""
    return f"T{what[1:]}" if what.startswith("the ") else what


def _concerns_clients(cure: Cure, error: CutsmithError) -> bool:
    if cure.option in OPTIONS and cure.option not in CLIENTS:
        return False  # what only the operator decides, such as the limit of pixels
    # What is missing comes with the command that mends it; advice beside it names the folders that were searched.
    return not (isinstance(error, NotInstalled) and cure.action == "advise")
