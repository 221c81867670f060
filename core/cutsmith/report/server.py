"""Serves a batch's page on this machine alone, and writes what a person decides into the manifest at once."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cutsmith.batch.manifest import ManifestWriter
from cutsmith.errors import BadOption, CutsmithError
from cutsmith.report.answers import MOST_BYTES_SAID, Answer, denied, file_answer, refused, verdicts_answer
from cutsmith.report.page import policy, served_page
from cutsmith.report.places import input_path
from cutsmith.report.reading import Entry, read_batch
from cutsmith.report.verdicts import review_rows

_HOST = "127.0.0.1"
_TOKEN_BYTES = 24
_SECONDS_WITHOUT_A_WORD = 30


class ReviewServer:
    """The server of one batch. It listens on 127.0.0.1 as soon as it is made, and answers while `serve` runs.

    Attributes:
        address: the page's address; whoever knows it may look and decide.
        saved: how many verdicts were written into the manifest.
    """

    def __init__(self, folder: str | os.PathLike[str], port: int = 0) -> None:
        """Read the batch in `folder`, and listen on `port` (0: any that is free).

        Raises:
            BatchMissing, BadManifest: there is no batch. OutputRefused: the manifest cannot be written.
            BadOption: the port is taken, or may not be used.
        """
        self._batch = read_batch(folder)
        self._writer = ManifestWriter(folder)
        self._lock = threading.Lock()
        self.saved = 0
        self._token = secrets.token_urlsafe(_TOKEN_BYTES)
        try:
            self._server = _Server((_HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            self._writer.close()
            raise BadOption(
                f"Port {port} cannot be used: {getattr(error, 'strerror', None) or 'it is none'}.",
                "Leave the port out to take any that is free.",
                option="port",
            ) from error
        self._server.answering = self
        self.port: int = self._server.server_address[1]
        self.address = f"http://{_HOST}:{self.port}/{self._token}/"

    def serve(self) -> None:
        """Answer until `stop` is called from another thread, or an exception (Ctrl+C) ends it."""
        self._server.serve_forever(poll_interval=0.2)

    def stop(self) -> None:
        """End `serve`."""
        self._server.shutdown()

    def close(self) -> None:
        """Free the port, and flush the manifest to the disk."""
        self._server.server_close()
        self._writer.close()

    def answer(self, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """What is answered to a request; `body` is None for one that only reads."""
        path = path.partition("?")[0]
        no = denied(path, headers, port=self.port, token=self._token, posts=body is not None)
        if no is not None:
            return no
        name = path.removeprefix(f"/{self._token}/")
        if body is not None:
            if name != "verdicts":
                return refused(HTTPStatus.NOT_FOUND)
            return verdicts_answer(body, self._save)
        if name == "":
            return self._page()
        return file_answer(self._batch, name)

    def _page(self) -> Answer:
        """The page as the manifest is now: a batch that still runs has new rows."""
        try:
            self._batch = batch = read_batch(self._batch.folder)
            page = served_page(batch, _addresses)
        except CutsmithError as error:
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", str(error).encode())
        return Answer(HTTPStatus.OK, "text/html; charset=utf-8", page, policy(served=True))

    def _save(self, told: list[Mapping[str, Any]]) -> int:
        rows = review_rows(self._batch, told)
        with self._lock:
            for row in rows:
                self._writer.append(row)
            self.saved += len(rows)
        return len(rows)


def _addresses(entry: Entry) -> tuple[str | None, str | None]:
    """The server's addresses; none for an input that is not on this machine."""
    is_here = input_path(entry.result) is not None
    return f"pictures/{entry.identity}-input" if is_here else None, f"pictures/{entry.identity}-output"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # there it would let another program take the port too
    answering: ReviewServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no fault of the program's."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "cutsmith"
    sys_version = ""
    timeout = _SECONDS_WITHOUT_A_WORD

    def do_GET(self) -> None:
        """Answer a request that only reads."""
        self._answer(self.server.answering.answer(self.path, _by_name(self.headers), None))

    def do_POST(self) -> None:
        """Answer a request that decides."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            return self._last_answer(HTTPStatus.LENGTH_REQUIRED)
        if int(length) > MOST_BYTES_SAID:
            return self._last_answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = self.rfile.read(int(length))
        return self._answer(self.server.answering.answer(self.path, _by_name(self.headers), body))

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the address holds the word that opens the page."""

    def _last_answer(self, status: HTTPStatus) -> None:
        """Refuse a request whose body is not read, so that the connection cannot go on."""
        self.close_connection = True
        self._answer(refused(status))

    def _answer(self, answer: Answer) -> None:
        with contextlib.ExitStack() as stack:
            if isinstance(answer.body, Path):
                try:
                    stream = stack.enter_context(answer.body.open("rb"))
                except OSError:
                    return self._answer(refused(HTTPStatus.NOT_FOUND))
                length = os.fstat(stream.fileno()).st_size
            else:
                stream, length = None, len(answer.body)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(length))
            self.send_header("Content-Security-Policy", answer.policy)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Referrer-Policy", "no-referrer")
            self.send_header("Cross-Origin-Resource-Policy", "same-origin")
            self.send_header("Cache-Control", "no-store" if stream is None else "private, max-age=60")
            if answer.save and isinstance(answer.body, Path):
                name = quote(os.fsencode(answer.body.name), safe="")
                self.send_header("Content-Disposition", f"attachment; filename*=UTF-8''{name}")
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            if isinstance(answer.body, bytes):
                self.wfile.write(answer.body)
            elif stream is not None:
                # A file that grows meanwhile must not send more than was said.
                remaining = length
                while remaining and (piece := stream.read(min(remaining, 1 << 20))):
                    self.wfile.write(piece)
                    remaining -= len(piece)
                self.close_connection = self.close_connection or remaining > 0
        return None


def _by_name(headers: Any) -> Mapping[str, str]:
    """The headers by their usual names. One that is given twice counts as neither: proxies and we might differ."""
    names = ("Host", "Origin", "Sec-Fetch-Site", "Content-Type")
    found = {name: headers.get_all(name, []) for name in names}
    return {name: values[0] if len(values) == 1 else "" for name, values in found.items() if values}
