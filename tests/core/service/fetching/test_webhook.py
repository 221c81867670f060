from __future__ import annotations

import hashlib
import hmac
import json
import time

import pytest

from cutsmith.service.fetching.failures import BadWebAddress, FetchFailed, FetchTooSlow, NotPublic
from cutsmith.service.fetching.webhook import check_webhook, post_json
from tests.core.service.fetching.servers import Names, answer, serving

NAMES = Names(hooks_lan=[["127.0.0.1"]], metadata_lan=[["169.254.169.254"]])


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://hooks.example.org/a?b", ["hooks.example.org"]),
        ("http://HOOKS.example.org/", ["other", " Hooks.Example.org "]),
        ("http://hooks.lan:8080/", ["hooks.lan:8080"]),
        ("http://10.0.0.5/", ["10.0.0.5"]),
        ("http://[fd00::5]/", ["fd00::5"]),
        ("http://[fd00::5]:8080/", ["[fd00::5]:8080"]),
    ],
)
def test_a_host_that_the_operator_allowed_is_taken(url, hosts) -> None:
    assert check_webhook(url, hosts).host


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://hooks.example.org/", []),
        ("https://evil.org/", ["hooks.example.org"]),
        ("https://hooks.example.org.evil.org/", ["hooks.example.org"]),
        ("https://a.hooks.example.org/", ["hooks.example.org"]),
        ("http://hooks.lan:6379/", ["hooks.lan"]),
        ("http://hooks.lan/", ["hooks.lan:8080"]),
        ("http://hooks.lan@evil.org/", ["hooks.lan"]),
        ("ftp://hooks.lan/", ["hooks.lan"]),
        ("http://127.1/", ["127.0.0.1"]),
    ],
)
def test_any_other_host_or_port_is_refused(url, hosts) -> None:
    with pytest.raises(BadWebAddress, match="webhook must be"):
        check_webhook(url, hosts)


def test_json_is_posted_to_a_private_host_with_a_signature() -> None:
    with serving(answer(b"thanks", "204 No Content")) as server:
        host = f"hooks.lan:{server.port}"
        payload = {"job": "ä", "state": "done"}
        status = post_json(f"http://{host}/done", payload, allowed_hosts=[host], secret="word", resolve=NAMES)
    assert status == 204
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert json.loads(body) == payload
    assert head.startswith(b"POST /done HTTP/1.1\r\n")
    assert b"\r\nContent-Type: application/json" in head
    wanted = hmac.new(b"word", body, hashlib.sha256).hexdigest()
    assert f"\r\nX-Cutsmith-Signature: sha256={wanted}".encode() in head


def test_without_a_secret_there_is_no_signature_and_other_headers_are_sent() -> None:
    with serving(answer()) as server:
        host = f"hooks.lan:{server.port}"
        assert post_json(f"http://{host}/", [], allowed_hosts=[host], headers={"X-Event": "7"}, resolve=NAMES) == 200
    assert b"Signature" not in server.requests[0]
    assert b"\r\nX-Event: 7\r\n" in server.requests[0]


@pytest.mark.parametrize("status", ["302 Found", "404 Not Found", "500 Oops"])
def test_no_redirect_is_followed_and_a_refusal_is_told(status) -> None:
    with serving(answer()) as inside, serving(answer(b"", status, f"Location: http://127.0.0.1:{inside.port}/")) as one:
        host = f"hooks.lan:{one.port}"
        with pytest.raises(FetchFailed, match=f"webhook answers with status {status[:3]}"):
            post_json(f"http://{host}/", {}, allowed_hosts=[host], resolve=NAMES)
    assert inside.requests == []


def test_no_leave_reaches_the_metadata_or_a_host_that_does_not_exist() -> None:
    for host in ("metadata.lan", "none.lan"):
        with pytest.raises(NotPublic):
            post_json(f"http://{host}/", {}, allowed_hosts=[host], resolve=NAMES)


def test_a_silent_host_ends_with_the_time() -> None:
    with serving(lambda _: time.sleep(5)) as server:
        host = f"hooks.lan:{server.port}"
        with pytest.raises(FetchTooSlow):
            post_json(f"http://{host}/", {}, allowed_hosts=[host], resolve=NAMES, seconds=0.4)
