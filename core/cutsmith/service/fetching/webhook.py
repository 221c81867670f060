"""`post_json`: tells a host that the operator allowed what has happened."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from collections.abc import Collection, Mapping
from typing import Any

from cutsmith.service.fetching.addresses import may_be_allowed
from cutsmith.service.fetching.exchange import exchange
from cutsmith.service.fetching.failures import BadWebAddress, FetchFailed
from cutsmith.service.fetching.resolving import Resolve, checked_addresses
from cutsmith.service.fetching.timed_socket import IsCancelled, Patience
from cutsmith.service.fetching.web_address import USUAL_PORTS, WebAddress, parse_web_address

SIGNATURE_HEADER = "X-Cutsmith-Signature"
SECONDS = 10.0
_MOST_ANSWER_BYTES = 1 << 16


def check_webhook(url: str, allowed_hosts: Collection[str], *, option: str = "webhook") -> WebAddress:
    """The parts of a webhook's URL, where the operator allowed its host.

    Args:
        url: as a client gave it.
        allowed_hosts: names or IP addresses. One alone ("hooks.example.org") stands for its usual ports; with a port
            ("hooks.lan:8080"), for that one.
        option: the field that the URL came in, for errors.

    Raises:
        BadWebAddress: the URL is none, or the operator did not allow its host and port.
    """
    to = parse_web_address(url, option=option, ports=None)
    host = f"[{to.host}]" if ":" in to.host else to.host
    spellings = {f"{host}:{to.port}"}
    if to.port in USUAL_PORTS.values():
        spellings |= {host, to.host}
    if spellings.isdisjoint(each.strip().lower() for each in allowed_hosts):
        raise BadWebAddress(
            f"{option} must be at a host that the operator of this service has allowed.",
            "Ask the operator to allow it, or ask for the job's state now and then.",
            option=option,
        )
    return to


def signature(body: bytes, secret: str) -> str:
    """The value of the header by which a receiver tells that `body` came from who knows `secret`."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def post_json(
    url: str,
    payload: Any,
    *,
    allowed_hosts: Collection[str],
    headers: Mapping[str, str] | None = None,
    secret: str = "",
    seconds: float = SECONDS,
    option: str = "webhook",
    resolve: Resolve = socket.getaddrinfo,
    cancelled: IsCancelled | None = None,
) -> int:
    """Post `payload` as JSON; returns the status of the answer, which is 200 to 299. It blocks.

    The operator's leave is the permission, so the host may be a private one; addresses of metadata and multicast stay
    refused. The connection goes to the very address that was checked, no redirect is followed, and the answer's body
    is not read.

    Args:
        url: http or https.
        payload: what JSON can hold.
        allowed_hosts: as for `check_webhook`.
        headers: further ones, such as what names the event.
        secret: if there is one, the header X-Cutsmith-Signature holds "sha256=" and the HMAC-SHA256 of the body as hex.
        seconds: for everything.
        option: the field that the URL came in, for errors.
        resolve: the resolver.
        cancelled: asked now and then whether to give up.

    Raises:
        BadWebAddress: as `check_webhook`.
        NotPublic: the host has no address, or one that no leave can mean.
        FetchFailed: the server cannot be reached, or answers with another status.
        FetchTooSlow: the time is over.
        Cancelled: the caller cancelled.
    """
    to = check_webhook(url, allowed_hosts, option=option)
    patience = Patience(seconds, cancelled, option)
    addresses = checked_addresses(to, is_allowed=may_be_allowed, resolve=resolve, patience=patience, option=option)
    body = json.dumps(payload, ensure_ascii=False, allow_nan=False).encode()
    all_headers = {**(headers or {}), "Content-Type": "application/json"}
    if secret:
        all_headers[SIGNATURE_HEADER] = signature(body, secret)
    with exchange(
        to,
        addresses,
        headers=all_headers,
        most_bytes=_MOST_ANSWER_BYTES,
        patience=patience,
        option=option,
        method="POST",
        body=body,
    ) as answer:
        status = answer.status
    if not 200 <= status < 300:
        raise FetchFailed(f"The server of {option} answers with status {status}.", option=option)
    return status
