"""A socket whose whole talk has one deadline, one end for its bytes, and stops when it is cancelled.

A timeout of a socket counts anew with every piece that arrives, so that a server which sends a byte now and then could
hold a connection for days.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from time import monotonic
from typing import Any

from cutsmith.errors import Cancelled
from cutsmith.service.fetching.failures import FetchTooLarge, FetchTooSlow

_LOOK = 0.25
"""Seconds between two looks at whether the caller cancelled."""

IsCancelled = Callable[[], bool]


class Patience:
    """How long something may take in all.

    Args:
        seconds: from now on.
        is_cancelled: whether the caller does not want it any more.
        option: the field that the web address came in, for the error.
    """

    def __init__(self, seconds: float, is_cancelled: IsCancelled | None, option: str) -> None:
        self._seconds = seconds
        self._ends = monotonic() + seconds
        self._is_cancelled = is_cancelled
        self._option = option

    def left(self) -> float:
        """Seconds that are left, more than 0.

        Raises:
            FetchTooSlow: none are left.
            Cancelled: the caller cancelled.
        """
        if self._is_cancelled is not None and self._is_cancelled():
            raise Cancelled("The call was cancelled.")
        left = self._ends - monotonic()
        if left <= 0:
            raise FetchTooSlow(
                f"The server of {self._option} did not answer in full within {self._seconds:g} seconds.",
                option=self._option,
            )
        return left

    def next_wait(self) -> float:
        """Seconds to wait before the next look. Raises as `left`."""
        return min(self.left(), _LOOK)


class TimedSocket:
    """What `http.client` needs of a socket, around a connected one.

    Args:
        connected: a TCP socket, or one of TLS after its handshake.
        patience: for all that is sent and received.
        option: the field that the web address came in, for the error.
        most_bytes: that may be received.
    """

    def __init__(self, connected: socket.socket, patience: Patience, option: str, most_bytes: int) -> None:
        self._socket = connected
        self._patience = patience
        self._option = option
        self._most_bytes = most_bytes

    def sendall(self, data: Any) -> None:
        """Send `data`. Raises as `Patience.left`, and OSError."""
        self._socket.settimeout(self._patience.left())
        try:
            self._socket.sendall(data)
        except TimeoutError:
            self._patience.left()
            raise

    def makefile(self, mode: str) -> io.BufferedReader:
        """The stream of what is received."""
        return io.BufferedReader(_Received(self))

    def close(self) -> None:
        """Nothing: `http.client` closes a connection before the answer's body is read. Its owner ends it."""

    def end(self) -> None:
        """Close the connection."""
        self._socket.close()

    def receive_into(self, buffer: Any) -> int:
        """Put what arrives next into `buffer`; returns the number of bytes, 0 at the end.

        Raises:
            FetchTooSlow, Cancelled: as `Patience.left`.
            FetchTooLarge: more bytes came than may be received.
            OSError: the connection broke.
        """
        while True:
            self._socket.settimeout(self._patience.next_wait())
            try:
                count = self._socket.recv_into(buffer)
                break
            except TimeoutError:
                continue
        self._most_bytes -= count
        if self._most_bytes < 0:
            raise FetchTooLarge(f"The server of {self._option} sends too much.", option=self._option)
        return count


class _Received(io.RawIOBase):
    """The socket's bytes as a stream."""

    def __init__(self, source: TimedSocket) -> None:
        self._source = source

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill `buffer`, or a part of it."""
        return self._source.receive_into(buffer)
