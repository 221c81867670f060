"""A host -> the IP addresses that may be connected to, checked one by one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Any

from cutsmith.service.fetching.addresses import Address
from cutsmith.service.fetching.failures import FetchTooSlow, NotPublic
from cutsmith.service.fetching.timed_socket import Patience
from cutsmith.service.fetching.web_address import WebAddress

Resolve = Callable[..., Sequence[tuple[Any, ...]]]
"""As `socket.getaddrinfo`: (host, port, type=...) -> tuples whose last part begins with the IP address as text."""

IsAllowed = Callable[[Address], bool]


def checked_addresses(
    to: WebAddress, *, is_allowed: IsAllowed, resolve: Resolve, patience: Patience, option: str
) -> list[Address]:
    """The IP addresses of the host, in the resolver's order. Whoever connects must take these, and ask no more.

    Args:
        to: the web address.
        is_allowed: whether an IP address may be connected to.
        resolve: the resolver.
        patience: how long it may take.
        option: the field that the web address came in, for the error.

    Raises:
        NotPublic: one of the addresses is not allowed, or the host has none. The error is the same for both: else it
            would tell which names this machine's own network knows.
        FetchTooSlow: the resolver did not answer in time.
        Cancelled: the caller cancelled.
    """
    own = to.ip
    addresses = [own] if own is not None else _resolved(to, resolve, patience, option)
    # One that is not allowed spoils them all: who names both, tries something.
    if not addresses or not all(map(is_allowed, addresses)):
        raise NotPublic(
            f"{option} must name a host of the public internet.",
            "Send the picture itself instead of its address.",
            option=option,
        )
    return addresses


def _resolved(to: WebAddress, resolve: Resolve, patience: Patience, option: str) -> list[Address]:
    """What the resolver says; nothing where it knows no such host."""
    answers: list[list[Address]] = []

    def ask() -> None:
        try:
            told = resolve(to.host, to.port, type=socket.SOCK_STREAM)
            answers.append([ip_address(each[-1][0]) for each in told])
        except (OSError, ValueError):
            # There is no such host, or it has something that is no IP address.
            answers.append([])

    # Nothing can interrupt the system's resolver, and its own patience is longer than ours.
    asking = threading.Thread(target=ask, name="cutsmith-resolver", daemon=True)
    asking.start()
    while asking.is_alive():
        asking.join(patience.next_wait())
    if not answers:
        raise FetchTooSlow(f"The host of {option} could not be looked up.", option=option)
    return list(dict.fromkeys(answers[0]))
