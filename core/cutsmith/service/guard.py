"""What every request goes through, whatever its route: Host, origin, the body's size and time, headers, the log."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cutsmith.errors import CutsmithError
from cutsmith.service.failures import BodyTooLarge, BodyTooSlow, ForeignOrigin, TooMuchAtOnce, WrongHost

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from cutsmith.service.settings import ServiceSettings

access_logger = logging.getLogger("cutsmith.service.access")

# Whoever knows a session's name may use it.
_SESSION = re.compile(r"^(/v1/sessions/)[^/]+")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
# A body carries more than its file: other fields, the parts' own headers, and a third more as Base64.
_BESIDE_THE_FILE = 1_000_000
_BASE64 = 4 / 3

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cache-Control": "no-store",
}
"""On every answer that does not say otherwise itself."""

Failure = Callable[[str, Exception], "Response"]
"""The answer that tells of an error, in the form that fits the path."""


class Guard:
    """ASGI middleware around all routes.

    Args:
        app: what is guarded.
        settings: the service's.
        failure: tells of what the guard refuses.
    """

    def __init__(self, app: ASGIApp, settings: ServiceSettings, failure: Failure) -> None:
        self._app = app
        self._settings = settings
        self._failure = failure
        self._hosts = {name.lower() for name in settings.host_names}
        self._held = _Held(settings.most_held_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = monotonic()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_security_headers(message.get("headers", ()))
            await send(message)

        try:
            refused = self._refused(scope)
            if refused is not None:
                await self._failure(scope["path"], refused)(scope, receive, watched)
                return
            path = scope["path"]
            # A job's pictures go to the disk as they come.
            held = _Held(self._settings.most_job_bytes) if _is_job(path) else self._held
            body = _Body(receive, self._most_bytes(path), self._body_seconds(path), held)
            try:
                await self._app(scope, body.receive, watched)
            finally:
                held.let_go(body.taken)
        finally:
            _log(scope, status, monotonic() - began)

    def _refused(self, scope: Scope) -> CutsmithError | None:
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value)
        hosts = headers.get(b"host", [])
        host = hosts[0].decode("latin-1").lower() if len(hosts) == 1 else ""
        if not self._is_known(host):
            return WrongHost(
                "The Host header names no host that this service is known by.",
                "Start the service with --host-name NAME to allow another.",
            )
        origins = headers.get(b"origin", [])
        if any(not _is_same(origin.decode("latin-1"), host) for origin in origins):
            return ForeignOrigin("Another web site sent this request, and the service answers only its own page.")
        if any(site not in (b"same-origin", b"none") for site in headers.get(b"sec-fetch-site", [])):
            # People may be led to the page; any other address would do work for somebody who cannot see the answer.
            is_link = scope["path"] == "/" and headers.get(b"sec-fetch-mode") == [b"navigate"]
            if not is_link:
                return ForeignOrigin("Another web site sent this request, and the service answers only its own page.")
        lengths = headers.get(b"content-length", [])
        most = self._most_bytes(scope["path"])
        if any(length.isdigit() and int(length[:20]) > most for length in lengths):
            return too_large(most)
        return None

    def _is_known(self, host: str) -> bool:
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        if not name:
            return False
        # Who must show a key cannot be somebody's browser that was led here by another name.
        if name in _LOOPBACK or name in self._hosts or (self._settings.needs_key and not self._hosts):
            return True
        return name == self._settings.host.lower() or name == f"[{self._settings.host.lower()}]"

    def _body_seconds(self, path: str) -> float:
        """For a job's many pictures as much more than for one as they may have more bytes."""
        seconds, settings = self._settings.body_seconds, self._settings
        return seconds * max(settings.most_job_bytes / settings.most_bytes, 1.0) if _is_job(path) else seconds

    def _most_bytes(self, path: str) -> int:
        if _is_job(path):
            return self._settings.most_job_bytes
        return int(self._settings.most_bytes * _BASE64) + _BESIDE_THE_FILE


def _is_job(path: str) -> bool:
    return path.rstrip("/") == "/v1/jobs"


def too_large(most: int) -> BodyTooLarge:
    """The error for a body of more than `most` bytes."""
    return BodyTooLarge(f"The request may have at most {most:,} bytes, but has more.", "Send a smaller file.")


class _Held:
    """The bytes of all bodies under way together: a queue with a limit comes only after they have been read."""

    def __init__(self, most_bytes: int) -> None:
        self._left = most_bytes

    def take(self, count: int) -> None:
        """Hold `count` bytes more. They count until `let_go`, even where they are refused.

        Raises:
            TooMuchAtOnce: that is more than may be held.
        """
        self._left -= count
        if self._left < 0:
            raise TooMuchAtOnce("Too many pictures are being sent at once.", "Ask again later.")

    def let_go(self, count: int) -> None:
        """Hold `count` bytes less."""
        self._left += count


class _Body:
    """The body of a request, counted and timed while it arrives. Attribute: taken: the bytes that have come."""

    def __init__(self, receive: Receive, most_bytes: int, seconds: float, held: _Held) -> None:
        self._receive = receive
        self._held = held
        self.taken = 0
        self._most = most_bytes
        self._seconds = seconds
        self._ends: float | None = None
        self._is_whole = False

    async def receive(self) -> Message:
        """The next piece.

        Raises:
            BodyTooLarge, BodyTooSlow, TooMuchAtOnce: the app tells of it in its dialect.
        """
        if self._is_whole:
            return await self._receive()  # until the client hangs up
        if self._ends is None:
            self._ends = monotonic() + self._seconds
        try:
            async with asyncio.timeout(max(self._ends - monotonic(), 0)):
                message = await self._receive()
        except TimeoutError as error:
            raise BodyTooSlow(
                f"The request's body must arrive within {self._seconds:g} seconds, but did not.", "Send it faster."
            ) from error
        if message["type"] != "http.request":
            return message
        count = len(message.get("body", b""))
        self.taken += count
        self._held.take(count)
        if self.taken > self._most:
            raise too_large(self._most)
        self._is_whole = not message.get("more_body", False)
        return message


def _is_same(origin: str, host: str) -> bool:
    try:
        return urlsplit(origin).netloc.lower() == host
    except ValueError:
        return False


def _with_security_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    given = list(headers)
    names = {name.lower() for name, _ in given}
    more = (
        (name.lower().encode(), value.encode())
        for name, value in SECURITY_HEADERS.items()
        if name.lower().encode() not in names
    )
    return [*given, *more]


def _log(scope: Scope, status: int, seconds: float) -> None:
    """One line of JSON, without what was sent: neither pictures, nor keys, nor the query, nor a session's name."""
    told: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "client": (scope.get("client") or ("",))[0],
        "method": scope["method"],
        "path": _SESSION.sub(r"\1...", scope["path"])[:200],
        "status": status,
        "seconds": round(seconds, 4),
    }
    if who := scope.get("state", {}).get("who"):
        told["who"] = who
    access_logger.info("%s", json.dumps(told))
