"""`fetch`: what lies at a web address, for a client that must not reach what only this machine can reach."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import urljoin

from cutsmith.service.fetching.addresses import is_public
from cutsmith.service.fetching.exchange import exchange
from cutsmith.service.fetching.failures import BadWebAddress, FetchFailed, FetchTooLarge
from cutsmith.service.fetching.resolving import IsAllowed, Resolve, checked_addresses
from cutsmith.service.fetching.timed_socket import IsCancelled, Patience
from cutsmith.service.fetching.web_address import USUAL_PORTS, WebAddress, parse_web_address

MOST_REDIRECTS = 5
SECONDS = 20.0
_REDIRECTS = (301, 302, 303, 307, 308)
_PIECE = 1 << 16
_HEADERS = {"Accept": "image/*,*/*;q=0.5", "Accept-Encoding": "identity"}


class Fetched(NamedTuple):
    """What lay at a web address.

    Attributes:
        data: the bytes.
        media_type: as the server names it, in lower case and without parameters; "" where it does not.
        address: where it lay, after all redirects.
    """

    data: bytes
    media_type: str
    address: str


def fetch(
    url: str,
    *,
    most_bytes: int,
    seconds: float = SECONDS,
    option: str = "image_url",
    ports: Collection[int] = tuple(USUAL_PORTS.values()),
    is_allowed: IsAllowed = is_public,
    resolve: Resolve = socket.getaddrinfo,
    cancelled: IsCancelled | None = None,
) -> Fetched:
    """What lies at `url`. It blocks, so a service runs it in a thread.

    Every IP address that a host has must be public, and the connection goes to the very one that was checked. Each
    redirect is checked from the start. Proxies, cookies and passwords of the environment are not used.

    Args:
        url: http or https.
        most_bytes: larger answers are refused, as soon as they say so or have sent so much.
        seconds: for everything: names, connections, redirects and the body.
        option: the field that it came in, for errors.
        ports: those that may be connected to.
        is_allowed: whether an IP address may be connected to. Leave it as it is.
        resolve: the resolver.
        cancelled: asked now and then whether to give up.

    Raises:
        BadWebAddress: the URL, or that of a redirect, is none or has something that is not taken.
        NotPublic: the host of either is not on the public internet, or there is none.
        FetchFailed: the server cannot be reached, refuses, or redirects too often or from https to http.
        FetchTooSlow, FetchTooLarge: the time is over, or there is too much.
        Cancelled: the caller cancelled.
    """
    patience = Patience(seconds, cancelled, option)
    to = parse_web_address(url, option=option, ports=ports)
    for _ in range(MOST_REDIRECTS + 1):
        addresses = checked_addresses(to, is_allowed=is_allowed, resolve=resolve, patience=patience, option=option)
        with exchange(
            to, addresses, headers=_HEADERS, most_bytes=most_bytes, patience=patience, option=option
        ) as answer:
            if answer.status not in _REDIRECTS:
                return Fetched(_body(answer, most_bytes, option), _media_type(answer), str(to))
            location = answer.headers.get("Location", "")
        to = _redirected(to, location, option, ports)
    raise FetchFailed(f"The server of {option} redirects more than {MOST_REDIRECTS} times.", option=option)


def _redirected(to: WebAddress, location: str, option: str, ports: Collection[int]) -> WebAddress:
    if not location:
        raise FetchFailed(f"The server of {option} redirects to nowhere.", option=option)
    try:
        url = urljoin(str(to), location.encode("latin-1").decode("utf-8"))
        # Its own text stays out of the error: the client gave another address.
        following = parse_web_address(url, option=option, ports=ports)
    except (ValueError, BadWebAddress) as error:
        raise BadWebAddress(
            f"{option} redirects to an address that the service does not fetch.",
            "Give the address where the picture itself lies.",
            option=option,
        ) from error
    if to.scheme == "https" and following.scheme == "http":
        raise FetchFailed(f"The server of {option} redirects from https to http.", option=option)
    return following


def _body(answer: http.client.HTTPResponse, most_bytes: int, option: str) -> bytes:
    """The whole body, of an answer that has one."""
    if answer.status != http.client.OK:
        raise FetchFailed(f"The server of {option} answers with status {answer.status}.", option=option)
    for name, plain in (("Content-Encoding", "identity"), ("Transfer-Encoding", "chunked")):
        if answer.headers.get(name, plain).strip().lower() != plain:
            # Unpacked, it may be a thousand times as large.
            raise FetchFailed(f"The server of {option} sends compressed what was asked for as it is.", option=option)
    announced = answer.length
    if announced is not None and announced > most_bytes:
        raise _too_large(option, most_bytes)
    data = bytearray()
    while piece := answer.read(_PIECE):
        data += piece
        if len(data) > most_bytes:
            raise _too_large(option, most_bytes)
    if announced is not None and len(data) < announced:
        raise FetchFailed(f"The server of {option} hung up before all had arrived.", option=option)
    return bytes(data)


def _too_large(option: str, most_bytes: int) -> FetchTooLarge:
    return FetchTooLarge(
        f"What lies at {option} has more than {most_bytes:,} bytes.", "Make the picture smaller.", option=option
    )


def _media_type(answer: http.client.HTTPResponse) -> str:
    return answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
