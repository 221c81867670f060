"""What every request goes through: Host, origin, the body's size and time, headers, the log."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest

from cutsmith.service.failures import BodyTooLarge, BodyTooSlow, TooMuchAtOnce
from cutsmith.service.guard import SECURITY_HEADERS, _Body, _Held


@pytest.mark.parametrize("host", ["127.0.0.1:7007", "localhost:7007", "LOCALHOST", "[::1]:7007"])
def test_the_loopback_is_known(client, host) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:7007", "", ":7007", "[::1", "localhost:x"])
def test_other_hosts_are_refused(client, host) -> None:
    answer = client.get("/healthz", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["error"]["type"] == "WrongHost"


def test_the_operator_may_name_a_host(service_client) -> None:
    client = service_client(host_names=("cut.example.org",))
    assert client.get("/healthz", headers={"Host": "cut.example.org"}).status_code == 200
    assert client.get("/healthz", headers={"Host": "example.org"}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ],
)
def test_another_web_site_gets_nothing(client, photo_bytes, headers) -> None:
    answer = client.post("/v1/cut", files={"image": ("a.png", photo_bytes)}, headers=headers)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_the_page_itself_and_a_link_to_it_are_answered(client) -> None:
    own = {"Origin": "http://127.0.0.1:7007", "Sec-Fetch-Site": "same-origin"}
    assert client.get("/healthz", headers=own).status_code == 200
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.get("/", headers=link).status_code == 200
    assert client.post("/v1/cut", headers=link).status_code == 403, "a form of another site is no link"


def test_security_headers_are_on_every_answer(client, photo_bytes) -> None:
    answers = [
        client.get("/healthz"),
        client.get("/nothing"),
        client.put("/v1/cut"),
        client.get("/healthz", headers={"Host": "evil.example"}),
        client.post("/v1/cut", files={"image": ("a.png", photo_bytes)}),
    ]
    for answer in answers:
        assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert "set-cookie" not in answer.headers


def test_what_is_not_there_is_told_in_our_form(client) -> None:
    assert client.get("/nothing").json()["error"]["type"] == "NotFound"
    wrong = client.get("/v1/cut")
    assert wrong.status_code == 405
    assert wrong.headers["allow"] == "POST"
    assert wrong.json()["error"]["type"] == "MethodNotAllowed"


def test_a_body_that_says_that_it_is_too_large_is_not_read(service_client) -> None:
    client = service_client(most_bytes=1000)
    answer = client.post("/v1/cut", content=b"x", headers={"Content-Length": "9999999", "Content-Type": "text/plain"})
    assert answer.status_code == 413


def test_a_body_is_capped_while_it_streams(service_client) -> None:
    client = service_client(most_bytes=1000)
    sent = []

    def endless():
        yield b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
        while len(sent) < 10_000:
            sent.append(1)
            yield bytes(10_000)

    answer = client.post("/v1/cut", content=endless(), headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status_code == 413
    assert answer.json()["error"]["type"] == "BodyTooLarge"


def body_of(
    *pieces: bytes, most: int = 100, seconds: float = 5.0, pause: float = 0.0, held: _Held | None = None
) -> _Body:
    waiting = list(pieces)

    async def receive() -> dict[str, object]:
        await asyncio.sleep(pause)
        piece = waiting.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

    return _Body(receive, most, seconds, held or _Held(1_000_000))


async def all_of(body: _Body) -> list[bytes]:
    pieces = []
    while True:
        message = await body.receive()
        pieces.append(message["body"])
        if not message["more_body"]:
            return pieces


def test_a_body_within_its_limits_passes() -> None:
    assert asyncio.run(all_of(body_of(b"a" * 50, b"b" * 50))) == [b"a" * 50, b"b" * 50]


def test_a_byte_too_many_is_refused() -> None:
    with pytest.raises(BodyTooLarge, match="at most 100 bytes"):
        asyncio.run(all_of(body_of(b"a" * 50, b"b" * 51)))


def test_a_body_that_trickles_is_refused_in_time() -> None:
    with pytest.raises(BodyTooSlow, match=r"within 0\.1 seconds"):
        asyncio.run(all_of(body_of(*[b"a"] * 50, seconds=0.1, pause=0.02)))


def test_the_log_has_a_line_of_json_without_query_key_or_picture(client, photo_bytes, caplog) -> None:
    with caplog.at_level(logging.INFO, "cutsmith.service.access"):
        client.post(
            "/v1/cut?token=secret", files={"image": ("private.png", photo_bytes)}, headers={"X-API-Key": "cs_key"}
        )
    (line,) = [record.getMessage() for record in caplog.records if record.name == "cutsmith.service.access"]
    told = json.loads(line)
    assert (told["method"], told["path"], told["status"]) == ("POST", "/v1/cut", 200)
    assert told["seconds"] > 0
    assert not any(word in line for word in ("secret", "cs_key", "private"))


def test_the_bodies_of_all_requests_together_are_capped() -> None:
    held = _Held(150)
    first, second = body_of(b"a" * 100, held=held), body_of(b"b" * 100, held=held)
    asyncio.run(all_of(first))
    with pytest.raises(TooMuchAtOnce):
        asyncio.run(all_of(second))
    held.let_go(second.taken)
    held.let_go(first.taken)
    assert asyncio.run(all_of(body_of(b"c" * 100, held=held))) == [b"c" * 100]


def test_too_much_at_once_is_told_to_come_back(service_client, photo_bytes) -> None:
    client = service_client(most_held_bytes=len(photo_bytes) // 2)
    for _ in range(2):
        answer = client.post("/v1/cut", files={"image": ("a.png", photo_bytes)})
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "5"
    assert service_client().post("/v1/cut", files={"image": ("a.png", photo_bytes)}).status_code == 200


def test_only_the_page_may_be_led_to_from_elsewhere(client) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.get("/", headers=link).status_code == 200
    assert client.get("/api/remove?url=http://example.org/a.jpg", headers=link).status_code == 403


def test_the_log_names_no_session(client, photo_bytes, caplog) -> None:
    session = client.post("/v1/sessions", files={"image": ("a.png", photo_bytes)}).json()["session"]
    with caplog.at_level(logging.INFO, "cutsmith.service.access"):
        client.get(f"/v1/sessions/{session}")
        client.post(f"/v1/sessions/{session}/mask", json={"box": [1, 1, 90, 90]})
    paths = [json.loads(record.getMessage())["path"] for record in caplog.records if "access" in record.name]
    assert paths == ["/v1/sessions/...", "/v1/sessions/.../mask"]
