"""The process that listens: it ends well, hangs up on who takes too long, and refuses to be open to all."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import requests

from cutsmith.errors import BadOption
from cutsmith.service.server import listening_socket
from cutsmith.service.settings import ServiceSettings
from tests.core.service.conftest import png, red_picture
from tests.core.service.servers import server_in_a_thread, serving


@pytest.fixture
def settings(red_network, tmp_path) -> ServiceSettings:
    return ServiceSettings(
        folder=tmp_path / "service", runtime={"model": str(red_network)}, header_seconds=1.5, body_seconds=1.5
    )


def connection(address: str) -> socket.socket:
    host, port = address.removeprefix("http://").rstrip("/").rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=20)


def rest_of(stream: socket.socket) -> bytes:
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := stream.recv(1 << 16):
            data += piece
    return data


def test_a_hundred_slow_clients_keep_nobody_out_and_are_hung_up_on(settings, photo_bytes) -> None:
    with server_in_a_thread(settings) as address:
        slow = [connection(address) for _ in range(100)]
        for number, each in enumerate(slow):
            head = b"POST /v1/cut HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            if number % 2:  # headers that end, and a body that does not come
                head += b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 5000\r\n\r\n--x\r\n"
            each.sendall(head)
        began = time.monotonic()
        answer = requests.post(f"{address}v1/cut", files={"image": photo_bytes}, timeout=20)
        assert answer.status_code == 200
        answers = [rest_of(each) for each in slow]
        assert time.monotonic() - began < 15
        for number, each in enumerate(answers):
            assert (b" 408 " in each.split(b"\r\n")[0]) if number % 2 else each == b""
        for each in slow:
            each.close()


def test_headers_that_trickle_in_a_later_request_are_hung_up_on_too(settings) -> None:
    with server_in_a_thread(settings) as address, connection(address) as stream:
        stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"200 OK" in stream.recv(1 << 16)
        stream.sendall(b"GET /healthz HTTP/1.1\r\nHost:")
        began = time.monotonic()
        rest_of(stream)
        assert 1 < time.monotonic() - began < 10


def asked_for_a_large_answer(address: str, photo_bytes: bytes) -> socket.socket:
    fields = {"background": "white", "canvas": "3000x3000", "format": "bmp"}
    body = requests.Request("POST", "http://x/", files={"image": photo_bytes}, data=fields).prepare()
    stream = connection(address)
    head = f"POST /v1/cut HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body.body)}\r\n"
    stream.sendall(f"{head}Content-Type: {body.headers['Content-Type']}\r\n\r\n".encode() + body.body)
    assert stream.recv(12) == b"HTTP/1.1 200"
    return stream


@pytest.mark.slow
def test_who_asks_for_an_answer_and_does_not_read_it_is_hung_up_on(settings, photo_bytes) -> None:
    with server_in_a_thread(settings) as address:
        with asked_for_a_large_answer(address, photo_bytes) as stream:
            time.sleep(2.5 * settings.body_seconds)
            assert len(rest_of(stream)) < 20_000_000, "what the kernel had taken, and no more"
        with asked_for_a_large_answer(address, photo_bytes) as stream:  # slow, but steady
            size = 12
            for pause in [settings.body_seconds / 8] * 24:
                time.sleep(pause)
                size += len(stream.recv(1 << 18))
            size += len(rest_of(stream))
        assert size > 27_000_000


def test_endless_headers_are_refused(settings) -> None:
    with server_in_a_thread(settings) as address, connection(address) as stream:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            stream.sendall(b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 100) for n in range(5000)))
        assert b" 400 " in rest_of(stream).split(b"\r\n")[0] + b" 400 "


def test_a_client_that_hangs_up_leaves_no_work_behind(settings, photo_bytes) -> None:
    body = requests.Request("POST", "http://x/", files={"image": photo_bytes}).prepare()
    with server_in_a_thread(settings) as address:
        for _ in range(5):
            with connection(address) as stream:
                head = f"POST /v1/cut HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body.body)}\r\n"
                stream.sendall(f"{head}Content-Type: {body.headers['Content-Type']}\r\n\r\n".encode() + body.body)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            told = requests.get(f"{address}readyz", timeout=20).json()
            if (told["waiting"], told["running"]) == (0, 0):
                break
            time.sleep(0.05)
        assert (told["waiting"], told["running"]) == (0, 0)


def test_a_port_that_is_taken_is_told() -> None:
    with listening_socket("127.0.0.1", 0) as taken, pytest.raises(BadOption, match="cannot listen on"):
        listening_socket("127.0.0.1", taken.getsockname()[1])


def serve(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cutsmith", "serve", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_to_be_reached_by_others_it_wants_keys(red_network, tmp_path, host) -> None:
    done = serve("--host", host, "--model", str(red_network), "--keys", str(tmp_path / "keys.json"))
    assert done.returncode == 2
    assert "every request needs a key, and there is none yet" in done.stderr
    assert "cutsmith serve keys add" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--rate", "many"), "rate"),
        (("--type", "person"), "TYPE=MODEL"),
        (("--model", "nothing-like-it"), "nothing-like-it"),
    ],
)
def test_a_wrong_option_is_told_before_anything_is_served(arguments, told) -> None:
    done = serve("--port", "0", *arguments)
    assert done.returncode in (2, 3)
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_finishes_what_runs_and_refuses_what_comes(red_network, tmp_path, workers) -> None:
    photo = png(
        np.random.default_rng(5).integers(0, 40, (2400, 3200, 3), np.uint8) + red_picture(size=(2400, 3200)) // 2
    )
    with serving(tmp_path / "service", "--model", str(red_network), "--workers", workers) as server:
        got: dict[str, requests.Response] = {}
        options = {"matting": "closed-form"}

        def ask() -> None:
            got["answer"] = requests.post(f"{server.address}v1/cut", files={"image": photo}, data=options, timeout=120)

        asking = threading.Thread(target=ask)
        with requests.Session() as session:
            assert session.get(f"{server.address}healthz", timeout=20).status_code == 200
            asking.start()
            end = time.monotonic() + 20
            while time.monotonic() < end and workers == "1":
                if session.get(f"{server.address}readyz", timeout=20).json()["running"]:
                    break
                time.sleep(0.02)
            else:
                time.sleep(1.0)
            server.process.terminate()
            if workers == "1":
                refused = _refused(session, server.address, photo)
                assert refused is None or refused.status_code == 503
                assert refused is None or "Retry-After" in refused.headers
        asking.join(120)
        assert got["answer"].status_code == 200, got["answer"].text
        assert server.process.wait(60) == 0
        lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
        assert any(line.get("path") == "/v1/cut" and line["status"] == 200 for line in lines)


def _refused(session: requests.Session, address: str, photo: bytes) -> requests.Response | None:
    """The answer to a request that comes while the service ends; None where it has ended already."""
    time.sleep(0.2)
    try:
        return session.post(f"{address}v1/cut", files={"image": photo[:2000]}, timeout=20)
    except requests.ConnectionError:
        return None


@pytest.mark.slow
def test_ctrl_c_ends_it_without_a_traceback(red_network, tmp_path) -> None:
    with serving(tmp_path / "service", "--model", str(red_network)) as server:
        assert server.end(signal.SIGINT) in (0, 130)
        assert "Traceback" not in server.log.read_text()


@pytest.mark.slow
def test_a_key_opens_a_service_that_needs_one(red_network, tmp_path, photo_bytes) -> None:
    keys = tmp_path / "keys.json"
    made = serve("keys", "add", "shop", "--keys", str(keys))
    assert made.returncode == 0, made.stderr
    key = next(word for word in made.stdout.split() if word.startswith("cs_"))
    arguments = ("--model", str(red_network), "--require-key", "--keys", str(keys), "--rate", "3/hour")
    with serving(tmp_path / "service", *arguments) as server:
        ask = lambda headers: requests.post(  # noqa: E731
            f"{server.address}v1/cut", files={"image": photo_bytes}, headers=headers, timeout=60
        )
        assert ask({}).status_code == 401
        assert ask({"X-API-Key": "cs_wrong"}).status_code == 403
        first = ask({"X-API-Key": key})
        assert first.status_code == 200
        assert (first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Remaining"]) == ("3", "2")
        assert ask({"Authorization": f"Bearer {key}"}).status_code == 200
        assert ask({"X-API-Key": key}).status_code == 200
        last = ask({"X-API-Key": key})
        assert last.status_code == 429
        assert int(last.headers["Retry-After"]) > 0
        assert key not in server.log.read_text()
        assert requests.get(f"{server.address}healthz", timeout=20).status_code == 200
