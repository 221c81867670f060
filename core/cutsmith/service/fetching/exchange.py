"""One request and the head of its answer, over a connection that is pinned to an address that was checked."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache

from cutsmith.service.fetching.addresses import Address
from cutsmith.service.fetching.failures import FetchError, FetchFailed
from cutsmith.service.fetching.timed_socket import Patience, TimedSocket
from cutsmith.service.fetching.web_address import WebAddress
from cutsmith.version import __version__

_MOST_TRIED = 4
_CONNECT_SECONDS = 5.0
_HEAD_BYTES = 1 << 18
"""For the head of the answer, and for what chunks add to a body."""


@contextmanager
def exchange(
    to: WebAddress,
    addresses: Sequence[Address],
    *,
    headers: Mapping[str, str],
    most_bytes: int,
    patience: Patience,
    option: str,
    method: str = "GET",
    body: bytes | None = None,
) -> Iterator[http.client.HTTPResponse]:
    """Send one request to one of `addresses`, and hand out the answer with its body unread.

    Nothing is taken from the environment (proxies, cookies, passwords), and no name is resolved. A server of TLS must
    prove that it is the host of `to`.

    Args:
        to: the web address.
        addresses: the host's IP addresses, checked; the first that answers is taken.
        headers: beside Host, User-Agent and those of the body.
        most_bytes: of the answer's body.
        patience: how long all may take.
        option: the field that the web address came in, for errors.
        method: of the request.
        body: of the request, or None.

    Raises:
        FetchFailed: the server cannot be reached, has no valid certificate, or does not speak HTTP.
        FetchTooSlow, FetchTooLarge, Cancelled: while the answer is read, too.
    """
    try:
        # Bytes that chunks add are fewer than the body itself, unless the chunks are tiny.
        connected = TimedSocket(_connected(to, addresses, patience), patience, option, 2 * most_bytes + _HEAD_BYTES)
        try:
            yield _answer(to, connected, method, headers, body)
        finally:
            connected.end()
    except FetchError:
        raise
    except ssl.SSLError as error:
        raise _failed(option, "has no valid certificate for this name, or does not speak TLS") from error
    except (OSError, UnicodeError) as error:
        # A timeout may be the end of all patience, which has its own error.
        patience.left()
        raise _failed(option, "cannot be reached, or hung up") from error
    except http.client.HTTPException as error:
        raise _failed(option, "does not answer as a web server should") from error


def _failed(option: str, why: str) -> FetchFailed:
    return FetchFailed(f"The server of {option} {why}.", option=option)


def _answer(
    to: WebAddress, connected: TimedSocket, method: str, headers: Mapping[str, str], body: bytes | None
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(to.host, to.port)
    # http.client itself needs no more of a socket than a TimedSocket has, and connects nowhere when it has one.
    connection.sock = connected
    connection.auto_open = 0
    connection.putrequest(method, to.target, skip_host=True, skip_accept_encoding=True)
    own = {"Host": to.authority, "User-Agent": f"cutsmith/{__version__}", "Connection": "close"}
    length = {} if body is None else {"Content-Length": str(len(body))}
    for name, value in {**own, **headers, **length}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    return connection.getresponse()


def _connected(to: WebAddress, addresses: Sequence[Address], patience: Patience) -> socket.socket:
    """A connection to the first of `addresses` that takes one; for https after the handshake."""
    failed: OSError = OSError("no address")
    for address in addresses[:_MOST_TRIED]:
        wait = min(patience.left(), _CONNECT_SECONDS)
        try:
            plain = socket.create_connection((str(address), to.port), timeout=wait)
        except OSError as error:
            failed = error
            continue
        if to.scheme == "http":
            return plain
        try:
            # The timeout of a handshake is one for the whole of it.
            plain.settimeout(min(patience.left(), 2 * _CONNECT_SECONDS))
            return _trusted().wrap_socket(plain, server_hostname=to.host)
        except BaseException:  # handed on; only the socket is closed
            plain.close()
            raise
    raise failed


@cache
def _trusted() -> ssl.SSLContext:
    """Trusts what the system trusts (SSL_CERT_FILE too), and what comes with requests: some systems trust nothing."""
    import certifi  # which requests brings

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
