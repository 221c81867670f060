"""Uvicorn's protocol, which hangs up on clients that take too long over a request's headers.

Without this, a client that sends a byte of a header every minute holds its connection for ever.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from cutsmith.service.settings import ENVIRONMENT, ServiceSettings


class TimedProtocol(H11Protocol):
    """One connection."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._header_seconds = ServiceSettings.from_json(os.environ.get(ENVIRONMENT, "{}")).header_seconds
        self._headers_end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first request's headers are awaited from now."""
        super().connection_made(transport)
        self._await_headers()

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._headers_end is None and self.conn.trailing_data[0]:
            # The next request of this connection has begun, and is not whole.
            self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_headers(self) -> None:
        self._headers_end = self.loop.call_later(self._header_seconds, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._headers_end is not None:
            self._headers_end.cancel()
            self._headers_end = None

    def _hang_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
