"""Uvicorn's protocol, which hangs up on clients that take too long over a request's headers, or over an answer.

Without this, a client that sends a byte of a header every minute holds its connection for ever, and one that asks for a
large picture and reads nothing holds that in memory.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from cutsmith.service.settings import ENVIRONMENT, ServiceSettings

_LEAST_TAKEN = 32_768
"""Bytes of an answer that a client must take in the time that a body may take to arrive."""


class TimedProtocol(H11Protocol):
    """One connection."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        told = ServiceSettings.from_json(os.environ.get(ENVIRONMENT, "{}"))
        self._header_seconds, self._answer_seconds = told.header_seconds, told.body_seconds
        self._headers_end: asyncio.TimerHandle | None = None
        self._next_look: asyncio.TimerHandle | None = None
        self._untaken = 0

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
        self._stop_looking()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client takes an answer more slowly than it is written."""
        super().pause_writing()
        self._look_later()

    def resume_writing(self) -> None:
        """The client has taken nearly all."""
        super().resume_writing()
        self._stop_looking()

    def _await_headers(self) -> None:
        self._headers_end = self.loop.call_later(self._header_seconds, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._headers_end is not None:
            self._headers_end.cancel()
            self._headers_end = None

    def _look_later(self) -> None:
        self._untaken = self.transport.get_write_buffer_size()
        self._next_look = self.loop.call_later(self._answer_seconds, self._look)

    def _look(self) -> None:
        if self._untaken - self.transport.get_write_buffer_size() < _LEAST_TAKEN:
            self.transport.abort()  # close() would wait until the client has read all
        else:
            self._look_later()

    def _stop_looking(self) -> None:
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None

    def _hang_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
