"""TLS, and the connection itself, with servers of the test's own."""

from __future__ import annotations

import os
import socket
import time
from functools import partial

import pytest

from cutsmith.service.fetching import exchange as exchange_module
from cutsmith.service.fetching.failures import FetchFailed, FetchTooSlow
from cutsmith.service.fetching.fetch import fetch
from tests.core.service.fetching.servers import Names, Server, answer, dripping, is_loopback, serving

NAME = "pictures.example"
HERE = Names(pictures_example=[["127.0.0.1"]], other_example=[["127.0.0.1"]])


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate authority of the test's own: its file, and a server's context for `NAME`."""
    return _authority(tmp_path_factory.mktemp("authority"))


def _authority(folder):
    import ssl
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path = folder / "key.pem"
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key_path)
    return path, context


@pytest.fixture
def trusting(authority, monkeypatch):
    """While it is in use, the test's own authority is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", os.fspath(authority[0]))
    exchange_module._trusted.cache_clear()
    yield authority[1]
    exchange_module._trusted.cache_clear()


def secure(server: Server, host: str = NAME, **more):
    settings = {"most_bytes": 100, "seconds": 5, "ports": [server.port, 80], "is_allowed": is_loopback}
    return fetch(f"https://{host}:{server.port}/", **{**settings, "resolve": HERE, **more})


def test_a_server_of_tls_is_asked_by_its_name_at_the_address_that_was_checked(trusting) -> None:
    with serving(answer(), tls=trusting) as server:
        assert secure(server).data == b"picture"


def test_a_certificate_for_another_name_is_refused(trusting) -> None:
    for host in ("other.example", "127.0.0.1"):
        with serving(answer(), tls=trusting) as server, pytest.raises(FetchFailed, match="certificate"):
            secure(server, host)
        assert server.requests == []


def test_a_certificate_that_nobody_trusts_is_refused(authority) -> None:
    with serving(answer(), tls=authority[1]) as server, pytest.raises(FetchFailed, match="certificate"):
        secure(server)
    assert server.requests == []


def test_a_server_without_tls_is_refused() -> None:
    with serving(answer()) as server, pytest.raises(FetchFailed):
        secure(server, seconds=0.5)


@pytest.mark.alone
def test_a_silent_handshake_ends_with_the_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        start = time.monotonic()
        with pytest.raises(FetchTooSlow):
            fetch(
                f"https://{NAME}:{port}/",
                most_bytes=9,
                seconds=0.5,
                ports=[port],
                is_allowed=is_loopback,
                resolve=HERE,
            )
        assert time.monotonic() - start < 3


def test_a_slow_body_over_tls_ends_with_the_time(trusting) -> None:
    with (
        serving(partial(dripping, b"HTTP/1.1 200 OK\r\n\r\n", b"x"), tls=trusting) as server,
        pytest.raises(FetchTooSlow),
    ):
        secure(server, seconds=0.6)


def test_a_redirect_from_https_to_http_is_refused(trusting) -> None:
    away = answer(b"", "302 Found", f"Location: http://{NAME}/")
    with serving(away, tls=trusting) as server, pytest.raises(FetchFailed, match="from https to http"):
        secure(server)
