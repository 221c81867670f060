"""A home folder of its own, tiny models, and a server on this machine that can misbehave as real ones do."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cutsmith.models import download
from cutsmith.models.entry import Entry, SalientSpec

CONTENT = hashlib.shake_128(b"weights").digest(600_000)


@dataclass
class WeightsServer:
    """What the server has and how it behaves; what it was asked is kept in `asked`."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    etag: str = '"1"'
    lengths: bool = True  # whether Content-Length is told
    content_type: str | None = None
    errors: list[int] = field(default_factory=list)  # answered first, one a request
    cut_after: list[int] = field(default_factory=list)  # bytes after which a connection breaks, one a request
    pause: float = 0.0  # seconds before each 16 KB
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def ranges_asked(self) -> list[str | None]:
        return [headers.get("range") for _, headers in self.asked]


class _Handler(BaseHTTPRequestHandler):
    behaviour: WeightsServer

    def do_GET(self):
        have = self.behaviour
        have.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
        if have.errors:
            self.send_error(have.errors.pop(0))
            return
        content = have.files.get(self.path.partition("?")[0].lstrip("/"))
        if content is None:
            self.send_error(404)
            return
        start = self._start(content)
        if start is None:
            return
        body = content[start:]
        broken = have.cut_after.pop(0) if have.cut_after else None
        self.send_header("ETag", have.etag)
        if have.lengths:
            self.send_header("Content-Length", str(len(body)))
        if have.content_type is not None:
            self.send_header("Content-Type", have.content_type)
        self.end_headers()
        self._send(body if broken is None else body[:broken])
        self.close_connection = True

    def _start(self, content):
        wanted = self.headers.get("Range")
        validator = self.headers.get("If-Range")
        if not (wanted and self.behaviour.ranges and validator in (None, self.behaviour.etag)):
            self.send_response(200)
            return 0
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        if start >= len(content):
            self.send_error(416)
            return None
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        return start

    def _send(self, body):
        for position in range(0, len(body), 16384):
            time.sleep(self.behaviour.pause)
            try:
                self.wfile.write(body[position : position + 16384])
            except OSError:  # the client was killed
                return

    def log_message(self, *_):
        pass


@pytest.fixture
def server() -> Iterator[WeightsServer]:
    behaviour = WeightsServer(files={"tiny.onnx": CONTENT})
    handler = type("Handler", (_Handler,), {"behaviour": behaviour})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        behaviour.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield behaviour
        http.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with nothing in it, and no waiting between attempts."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in ("CUTSMITH_MODELS", "U2NET_HOME", "REMBG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "CUTSMITH_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "FIRST_PAUSE", 0.01)
    return folder


@pytest.fixture
def content() -> bytes:
    return CONTENT


@pytest.fixture
def spoilt() -> bytes:
    """As many bytes as `content`, one of them another."""
    return CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])


@pytest.fixture
def tiny_entry():
    """Makes a catalogue entry for `CONTENT`; keywords replace its fields."""

    def make(*urls: str, **changes: Any) -> Entry:
        fields: dict[str, Any] = {
            "name": "tiny",
            "title": "Tiny",
            "filename": "tiny.onnx",
            "urls": urls,
            "npm": None,
            "size": len(CONTENT),
            "md5": hashlib.md5(CONTENT).hexdigest(),
            "sha256": None,
            "licence": "MIT",
            "commercial_use": True,
            "origin": "these tests",
            "note": "",
            "spec": SalientSpec(32, (0.5, 0.5, 0.5), (1.0, 1.0, 1.0), "maximum", "none", 0),
        }
        return Entry(**{**fields, **changes})

    return make
