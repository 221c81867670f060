"""A URL taken apart, strictly: what two programs could read in two ways is refused."""

from __future__ import annotations

import re
from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import quote, urlsplit

from cutsmith.service.fetching.failures import BadWebAddress

USUAL_PORTS = {"http": 80, "https": 443}
_LONGEST = 8192
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_LIKE_A_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_KEPT = "/%:@!$&'()*+,;=~?[]"


@dataclass(frozen=True)
class WebAddress:
    """A URL's parts.

    Attributes:
        scheme: "http" or "https".
        host: a name in lower case, or an IP address without brackets.
        port: as a number.
        target: path and query, as a request sends them.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def ip(self) -> IPv4Address | IPv6Address | None:
        """The host as an IP address; None for a name."""
        with suppress(ValueError):
            return ip_address(self.host)
        return None

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == USUAL_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def parse_web_address(
    url: str, *, option: str = "image_url", ports: Container[int] | None = frozenset(USUAL_PORTS.values())
) -> WebAddress:
    """Take `url` apart.

    Args:
        url: as a client gave it.
        option: the field that it came in, for the error.
        ports: those that may be named; None for any.

    Raises:
        BadWebAddress: it is none, or has anything that is not taken: another scheme than http and https, a user's name
            or password, another port, an IPv4 address that is not four decimal numbers, a host in other letters than
            ASCII's or with a dot at its end.
    """

    def refuse(wanted: str) -> BadWebAddress:
        # The address itself is left out: it may hold a secret, and answers are logged.
        return BadWebAddress(f"{option} must be {wanted}.", "Example: https://example.org/photo.jpg", option=option)

    url = url.strip(" ")
    if len(url) > _LONGEST:
        raise refuse(f"a web address of at most {_LONGEST} letters")
    if "\\" in url or any(ord(letter) <= 0x20 or ord(letter) == 0x7F for letter in url):
        raise refuse("a web address without blanks, line breaks and backslashes")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise refuse("a web address") from error
    scheme = parts.scheme.lower()
    if scheme not in USUAL_PORTS or not url[len(scheme) :].startswith("://"):
        raise refuse("a web address that begins with https:// or http://")
    if "@" in parts.netloc:
        raise refuse("a web address without a user's name and password")
    if port is None and parts.netloc.endswith(":"):
        raise refuse("a web address whose port is a number, or left out")
    if port is not None and not (port >= 1 and (ports is None or port in ports)):
        raise refuse("a web address without a port of its own")
    host = _checked_host(parts.netloc, parts.hostname or "")
    if host is None:
        raise refuse(
            "a web address whose host is a name in ASCII letters (for others, its xn-- form) without a dot at its end, "
            "or an IP address in its usual form"
        )
    target = quote(parts.path or "/", safe=_KEPT) + (f"?{quote(parts.query, safe=_KEPT)}" if parts.query else "")
    return WebAddress(scheme, host, port or USUAL_PORTS[scheme], target)


def _checked_host(netloc: str, host: str) -> str | None:
    """The host in its one spelling; None for one that is not taken."""
    if netloc.startswith("["):
        # What follows the bracket must be the port alone.
        literal, _, rest = netloc[1:].partition("]")
        if rest and not rest.startswith(":"):
            return None
        with suppress(ValueError):
            address = IPv6Address(literal)
            return None if address.scope_id is not None else str(address)
        return None
    if not netloc.isascii() or len(host) > 253:
        return None
    labels = host.lower().split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        return None
    if _LIKE_A_NUMBER.fullmatch(labels[-1]):
        # Resolvers take 127.1, 0x7f.1 and 2130706433 for addresses.
        with suppress(ValueError):
            return str(IPv4Address(host))
        return None
    return ".".join(labels)
