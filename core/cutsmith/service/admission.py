"""Who may ask, and how often: keys and rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cutsmith.service.failures import KeyMissing, KeyUnknown, TooManyRequests

if TYPE_CHECKING:
    from starlette.requests import Request

    from cutsmith.service.settings import ServiceSettings


class Admission:
    """The door of a service."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._needs_key = settings.needs_key
        self._keys = None
        self._rates = None
        if settings.needs_key:
            from cutsmith.service.keys import KeyRing

            self._keys = KeyRing(settings.keys)
        if settings.rate:
            from cutsmith.service.rate_limits import RateLimits

            self._rates = RateLimits(settings.rate)

    def admit(self, request: Request) -> Mapping[str, str]:
        """Let `request` in; -> the headers that tell its allowance.

        Raises:
            KeyMissing, KeyUnknown: the service needs a key.
            TooManyRequests: the allowance is used up.
        """
        who = self._who(request)
        if self._rates is None:
            return {}
        allowance = self._rates.hit(who)
        told = {
            "X-RateLimit-Limit": str(allowance.limit),
            "X-RateLimit-Remaining": str(allowance.remaining),
            "X-RateLimit-Reset": str(allowance.reset_unix),
        }
        if not allowance.allowed:
            raise TooManyRequests(
                f"You may send {allowance.limit} requests in this time, and have.",
                f"Ask again in {allowance.retry_after} seconds.",
                retry_after=allowance.retry_after,
                headers=told,
            )
        return told

    def _who(self, request: Request) -> str:
        """The name of the request's key, or its address where no key is needed."""
        if self._keys is None:
            return request.client.host if request.client is not None else ""
        key = key_of(request)
        if not key:
            raise KeyMissing(
                "This service needs a key, and the request has none.",
                "Send it as the header X-API-Key. Its operator makes one: cutsmith serve keys add NAME",
            )
        name = self._keys.check(key)
        if name is None:
            raise KeyUnknown("The key is none of this service's.", "Ask its operator for another.")
        request.state.who = name  # for the log
        return str(name)


def key_of(request: Request) -> str:
    """The key of a request: X-API-Key, or Authorization: Bearer; "" without."""
    given = request.headers.get("x-api-key", "").strip()
    if given:
        return given
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""
