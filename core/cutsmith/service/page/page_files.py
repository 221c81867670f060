"""The page's files as routes: from the package, under a policy that lets the page load nothing from elsewhere."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER = Path(__file__).parent / "files"
_INDEX = "page.html"
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        # Pictures that were dropped and results are blobs of the page's own.
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""The Content-Security-Policy of the page and of its files."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Asked for anew each time, and answered with 304: a page never runs with the files of another version.
    "Cache-Control": "no-cache",
}
"""What every file of the page is sent with, beside its type and its ETag."""


class PageFile(NamedTuple):
    """One file of the page: its bytes, its media type, and an ETag that changes with the bytes."""

    data: bytes
    kind: str
    tag: str


@cache
def page_files() -> dict[str, PageFile]:
    """Every file of the page, by its name; read once."""
    return {path.name: _read(path) for path in sorted(_FOLDER.iterdir()) if path.suffix in _KINDS}


def _read(path: Path) -> PageFile:
    data = path.read_bytes()
    return PageFile(data, _KINDS[path.suffix], f'"{hashlib.sha256(data).hexdigest()[:32]}"')


def page_routes() -> list[Route]:
    """The routes of the page: `/`, and one under `/page/` for each of its files. Other names are no route of ours."""
    named = [_route(f"/page/{name}", file) for name, file in page_files().items() if name != _INDEX]
    return [_route("/", page_files()[_INDEX]), *named]


def _route(address: str, file: PageFile) -> Route:
    async def answer(request: Request) -> Response:
        headers = {**HEADERS, "ETag": file.tag}
        if file.tag in _tags(request.headers.get("If-None-Match", "")):
            return Response(status_code=304, headers=headers)
        return Response(file.data, media_type=file.kind, headers=headers)

    return Route(address, answer, methods=["GET"])


def _tags(told: str) -> list[str]:
    """The ETags that a client has; a proxy that packs answers marks them as weak."""
    return [each.strip().removeprefix("W/") for each in told.split(",")]
