"""Servers of the tests' own, which may misbehave, and resolvers that say what they are told."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

Answering = Callable[[socket.socket], None]


class Server:
    """Listens on 127.0.0.1 and a free port, and answers each connection with `answer`.

    Attributes: requests: the heads and first bytes of all that came.
    """

    def __init__(self, answer: Answering | bytes, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"):
        self._answer = answer
        self._tls = tls
        self._socket = socket.create_server((host, 0))
        self.port: int = self._socket.getsockname()[1]
        self.requests: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        # Without this, a thread in accept() would go on to take connections.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        # The client may hang up at any moment, or refuse the certificate.
        with contextlib.suppress(OSError), connection:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            request = b""
            while b"\r\n\r\n" not in request and (piece := connection.recv(65536)):
                request += piece
            head, _, body = request.partition(b"\r\n\r\n")
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    while len(body) < int(line.partition(b":")[2]) and (piece := connection.recv(65536)):
                        body += piece
            self.requests.append(head + b"\r\n\r\n" + body)
            if isinstance(self._answer, bytes):
                connection.sendall(self._answer)
            else:
                self._answer(connection)
            connection.close()


@contextlib.contextmanager
def serving(answer: Answering | bytes, **more: Any) -> Iterator[Server]:
    server = Server(answer, **more)
    try:
        yield server
    finally:
        server.close()


def answer(body: bytes = b"picture", status: str = "200 OK", *headers: str) -> bytes:
    length = () if any(each.lower().startswith("transfer-encoding") for each in headers) else (len(body),)
    lines = [f"HTTP/1.1 {status}", *(f"Content-Length: {each}" for each in length), *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def dripping(first: bytes, piece: bytes, connection: socket.socket) -> None:
    """Sends `first`, and then `piece` again and again, slowly."""
    connection.sendall(first)
    while True:
        time.sleep(0.05)
        connection.sendall(piece)


class Names:
    """A resolver: each name with its answers, one after the other; the last one stays.

    Attributes: asked: the names that were looked up.
    """

    def __init__(self, **answers: list[list[str]]) -> None:
        self._answers = {name.replace("_", "."): list(each) for name, each in answers.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, type: int = 0) -> list[tuple[Any, ...]]:
        self.asked.append(host)
        if host not in self._answers:
            raise socket.gaierror(-2, "Name or service not known")
        rest = self._answers[host]
        told = rest.pop(0) if len(rest) > 1 else rest[0]
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, type, 6, "", (each, port)) for each in told]


def is_loopback(address: Any) -> bool:
    """Lets a test reach its own server, and nothing else."""
    return ip_address(str(address)).is_loopback
