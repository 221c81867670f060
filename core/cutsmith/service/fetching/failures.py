"""What can go wrong with a web address. No text tells what this machine's own network looks like."""

from __future__ import annotations

from cutsmith.errors import UsageError


class FetchError(UsageError):
    """Something at a web address could not be had."""


class BadWebAddress(FetchError):
    """The web address is none, or has something that the service does not take, such as a password or a port."""


class NotPublic(FetchError):
    """The host is not on the public internet, or there is no such host: a client cannot tell which."""


class FetchFailed(FetchError):
    """The server could not be reached, or did not answer with what was asked for."""


class FetchTooSlow(FetchFailed):
    """The answer was not there in time."""


class FetchTooLarge(FetchError):
    """The answer has more bytes than are taken."""
