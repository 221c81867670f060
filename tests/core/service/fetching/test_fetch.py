"""Each rule of fetching, with servers and resolvers of the test's own."""

from __future__ import annotations

import gzip
import itertools
import socket
import threading
import time
from functools import partial

import pytest

from cutsmith.errors import Cancelled
from cutsmith.service.fetching.failures import (
    BadWebAddress,
    FetchError,
    FetchFailed,
    FetchTooLarge,
    FetchTooSlow,
    NotPublic,
)
from cutsmith.service.fetching.fetch import fetch
from tests.core.service.fetching.servers import Names, Server, answer, dripping, is_loopback, serving

NAME = "pictures.example"
HERE = Names(pictures_example=[["127.0.0.1"]])


def fetched(server: Server, path: str = "/a.jpg", **more):
    """What `fetch` gets from the test's own server, which is allowed to it alone."""
    settings = {"most_bytes": 1000, "seconds": 5, "ports": [server.port], "is_allowed": is_loopback, "resolve": HERE}
    return fetch(f"http://{NAME}:{server.port}{path}", **{**settings, **more})


def test_a_picture_is_fetched_from_the_address_that_was_checked() -> None:
    with serving(answer(b"picture", "200 OK", "Content-Type: Image/JPEG; x=1")) as server:
        got = fetched(server, "/ä.jpg?b=c#d")
    assert got == (b"picture", "image/jpeg", f"http://{NAME}:{server.port}/%C3%A4.jpg?b=c")
    head = server.requests[0].decode()
    assert head.startswith("GET /%C3%A4.jpg?b=c HTTP/1.1\r\n")
    assert f"\r\nHost: {NAME}:{server.port}\r\n" in head
    assert "\r\nAccept-Encoding: identity\r\n" in head
    assert "cookie" not in head.lower()


def test_a_body_in_chunks_and_one_of_unknown_length_are_whole() -> None:
    with serving(answer(b"3\r\npic\r\n4;x=y\r\nture\r\n0\r\n\r\n", "200 OK", "Transfer-Encoding: chunked")) as server:
        assert fetched(server).data == b"picture"
    with serving(b"HTTP/1.0 200 OK\r\n\r\npicture") as server:
        assert fetched(server) == (b"picture", "", f"http://{NAME}:{server.port}/a.jpg")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.0.1",
        "169.254.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
    ],
)
def test_a_name_of_an_address_that_is_not_public_is_refused_and_nothing_is_connected(address, monkeypatch) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it connected"))
    for answers in ([address], ["8.8.8.8", address], [address, "8.8.8.8"]):
        with pytest.raises(NotPublic):
            fetch("http://a.example/", most_bytes=10, resolve=Names(a_example=[answers]))


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"])
def test_an_address_that_is_not_public_is_refused_as_a_host_without_asking_a_resolver(host) -> None:
    names = Names()
    with pytest.raises(NotPublic):
        fetch(f"http://{host}/", most_bytes=10, resolve=names)
    assert names.asked == []


@pytest.mark.parametrize("url", ["http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://127.0.0.1./"])
def test_other_spellings_of_the_loopback_are_refused_without_asking_a_resolver(url) -> None:
    names = Names()
    with pytest.raises(BadWebAddress):
        fetch(url, most_bytes=10, resolve=names)
    assert names.asked == []


def test_the_systems_own_resolver_leads_to_no_loopback() -> None:
    with serving(answer()) as server, pytest.raises(NotPublic):
        fetch(f"http://localhost:{server.port}/", most_bytes=10, ports=[server.port])
    assert server.requests == []


def test_a_host_inside_looks_the_same_whether_it_answers_is_silent_or_does_not_exist() -> None:
    names = Names(inside_example=[["127.0.0.1"]], silent_example=[["10.255.255.1"]], empty_example=[[]])
    told = []
    with serving(answer()) as server:
        for host in ("inside.example", "silent.example", "empty.example", "none.example"):
            with pytest.raises(FetchError) as raised:
                fetch(f"http://{host}:{server.port}/", most_bytes=10, ports=[server.port], resolve=names)
            told.append((type(raised.value), raised.value.to_json()))
    assert all(each == told[0] for each in told)
    assert "127.0.0.1" not in str(told)
    assert server.requests == []


def test_a_name_that_leads_elsewhere_after_the_check_is_not_asked_again(monkeypatch) -> None:
    """The rebinding: first a public address, then the loopback, where something answers."""
    names = Names(a_example=[["8.8.8.8"], ["127.0.0.1"]])
    connected = []

    def connect(address, *_, **__):
        connected.append(address)
        raise ConnectionRefusedError

    with serving(answer()) as server:
        monkeypatch.setattr(socket, "create_connection", connect)
        with pytest.raises(FetchFailed, match="cannot be reached"):
            fetch(f"http://a.example:{server.port}/", most_bytes=10, ports=[server.port], resolve=names)
    assert connected == [("8.8.8.8", server.port)]
    assert names.asked == ["a.example"]
    assert server.requests == []


def test_the_connection_goes_to_the_checked_address_though_the_name_means_another_now() -> None:
    names = Names(pictures_example=[["127.0.0.1"], ["127.0.0.2"]])
    with serving(answer(b"checked")) as server:
        assert fetched(server, resolve=names).data == b"checked"
    assert names.asked == [NAME]


def test_the_next_checked_address_is_taken_where_the_first_does_not_answer() -> None:
    with serving(answer()) as server:
        # Nothing listens at 127.0.0.9.
        names = Names(pictures_example=[["127.0.0.9", "127.0.0.1"]])
        assert fetched(server, resolve=names).data == b"picture"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(status) -> None:
    answers = iter([answer(b"", f"{status} Found", "Location: ../b.jpg?c"), answer(b"there")])
    with serving(lambda connection: connection.sendall(next(answers))) as server:
        got = fetched(server, "/x/a.jpg")
    assert got.data == b"there"
    assert got.address.endswith("/b.jpg?c")


@pytest.mark.parametrize(
    "to", ["http://127.0.0.1:{port}/", "http://inside.example:{port}/", "//169.254.169.254:{port}/latest/meta-data/"]
)
def test_a_redirect_to_what_is_not_public_is_refused(to) -> None:
    names = Names(pictures_example=[["127.0.0.2"]], inside_example=[["127.0.0.1"]])

    def only_the_first(address) -> bool:
        return str(address) == "127.0.0.2"

    with serving(answer(b"secret")) as inside:
        location = f"Location: {to.format(port=inside.port)}"
        with serving(answer(b"", "302 Found", location), host="127.0.0.2") as server:
            ports = [server.port, inside.port]
            with pytest.raises(NotPublic):
                fetched(server, is_allowed=only_the_first, resolve=names, ports=ports)
        assert len(server.requests) == 1
        assert inside.requests == []


@pytest.mark.parametrize("to", ["file:///etc/passwd", "http://u:p@e.org/", "http://127.1/", "http://e.org:22/", "\xff"])
def test_a_redirect_to_a_bad_address_is_refused_without_telling_it(to) -> None:
    with serving(answer(b"", "302 Found", f"Location: {to}")) as server, pytest.raises(BadWebAddress) as raised:
        fetched(server)
    assert to not in str(raised.value)


def test_a_redirect_to_nowhere_is_refused() -> None:
    with serving(answer(b"", "302 Found")) as server, pytest.raises(FetchFailed, match="to nowhere"):
        fetched(server)


def test_endless_redirects_end_after_five() -> None:
    numbers = itertools.count()

    def further(connection: socket.socket) -> None:
        connection.sendall(answer(b"", "302 Found", f"Location: /{next(numbers)}"))

    with serving(further) as server, pytest.raises(FetchFailed, match="more than 5 times"):
        fetched(server)
    assert len(server.requests) == 6


def test_each_redirect_is_resolved_and_checked_anew() -> None:
    names = Names(pictures_example=[["127.0.0.1"], ["10.0.0.1"]])
    with serving(answer(b"", "302 Found", "Location: /b")) as server, pytest.raises(NotPublic):
        fetched(server, resolve=names)
    assert len(server.requests) == 1


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(bytes(10_000))


def endless_chunks(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"3e8\r\n" + bytes(1000) + b"\r\n")


def endless_extension(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1;" + b"x" * 60_000 + b"\r\na\r\n")


def endless_continue(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def negative_chunk(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n")
    while True:
        connection.sendall(bytes(10_000))


@pytest.mark.parametrize("kind", [endless, endless_chunks, endless_extension, endless_continue, negative_chunk])
def test_an_endless_answer_is_cut_short(kind) -> None:
    with serving(kind) as server, pytest.raises(FetchTooLarge):
        fetched(server)


@pytest.mark.parametrize("line", [b"X: y\r\n", b"x" * 10_000])
def test_an_endless_head_is_cut_short(line) -> None:
    def head(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(line)

    with serving(head) as server, pytest.raises(FetchFailed, match="does not answer as a web server should"):
        fetched(server)


def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes() -> None:
    with (
        serving(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n") as server,
        pytest.raises(FetchTooLarge, match="1,000 bytes"),
    ):
        fetched(server)
    with serving(answer(bytes(1000))) as server:
        assert len(fetched(server).data) == 1000


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"", b""),
    ],
    ids=["slow body", "silent body", "slow head", "silence"],
)
@pytest.mark.alone
def test_a_slow_answer_ends_with_the_time(first, piece) -> None:
    start = time.monotonic()
    with serving(partial(dripping, first, piece)) as server, pytest.raises(FetchTooSlow, match=r"within 0.5 seconds"):
        fetched(server, seconds=0.5)
    assert time.monotonic() - start < 3


def test_redirects_share_the_time() -> None:
    def slow(connection: socket.socket) -> None:
        time.sleep(0.2)
        connection.sendall(answer(b"", "302 Found", "Location: /b"))

    with serving(slow) as server, pytest.raises(FetchTooSlow):
        fetched(server, seconds=0.5)
    assert len(server.requests) < 5


@pytest.mark.alone
def test_a_slow_resolver_ends_with_the_time() -> None:
    ended = threading.Event()
    start = time.monotonic()
    with pytest.raises(FetchTooSlow):
        fetch("http://a.example/", most_bytes=10, seconds=0.3, resolve=lambda *_, **__: ended.wait(20) and [])
    assert time.monotonic() - start < 3
    ended.set()


def test_a_fetch_can_be_cancelled_while_the_server_is_silent() -> None:
    gone = threading.Event()
    threading.Timer(0.2, gone.set).start()
    start = time.monotonic()
    with serving(partial(dripping, b"", b"")) as server, pytest.raises(Cancelled):
        fetched(server, seconds=20, cancelled=gone.is_set)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("coding", ["Content-Encoding: gzip", "Content-Encoding: br", "Transfer-Encoding: gzip"])
def test_a_body_that_is_compressed_though_not_asked_for_is_refused(coding) -> None:
    bomb = gzip.compress(bytes(100_000))
    assert len(bomb) < 1000
    with serving(answer(bomb, "200 OK", coding)) as server, pytest.raises(FetchFailed, match="compressed"):
        fetched(server)


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "204 No Content", "206 Partial", "304 Not Modified"])
def test_another_status_than_200_is_told(status) -> None:
    with serving(answer(b"", status)) as server, pytest.raises(FetchFailed, match=f"status {status[:3]}"):
        fetched(server)


@pytest.mark.parametrize(
    "told",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\npart",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
    ],
)
def test_half_an_answer_and_none_of_http_are_refused(told) -> None:
    with serving(told) as server, pytest.raises(FetchFailed):
        fetched(server)


def test_proxies_and_passwords_of_the_environment_are_not_used(monkeypatch, tmp_path) -> None:
    (tmp_path / ".netrc").write_text(f"machine {NAME} login me password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with serving(answer(b"proxy")) as proxy, serving(answer()) as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert fetched(server).data == b"picture"
    assert proxy.requests == []
    assert b"uthorization" not in server.requests[0]


def test_other_ports_than_the_usual_are_refused_before_anything_is_asked() -> None:
    names = Names(a_example=[["8.8.8.8"]])
    with pytest.raises(BadWebAddress, match="port"):
        fetch("http://a.example:8080/", most_bytes=10, resolve=names)
    assert names.asked == []
