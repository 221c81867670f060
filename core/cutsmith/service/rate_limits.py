"""How often one client may ask."""

from __future__ import annotations

import math
import threading
import time
from contextlib import suppress
from ipaddress import IPv6Address
from typing import NamedTuple

from cutsmith.cures import give
from cutsmith.errors import BadOption, shown

_MOST_REMEMBERED = 10_000
"""Clients; of more, those that have not asked for the longest time are forgotten."""
_MOST_REQUESTS = 100_000
"""In one limit: each request of the window is remembered."""


class Allowance(NamedTuple):
    """What a client may still do.

    Attributes:
        allowed: whether this request may be answered.
        limit: requests in the window of the limit that is nearest to its end.
        remaining: how many of them are left.
        reset_unix: when the oldest request leaves that window, in seconds since 1970.
        retry_after: seconds after which a client that was refused may ask again; 0 where it was not.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_unix: int
    retry_after: int


class RateLimits:
    """Counts requests in moving windows, in this process alone. Threads may share it.

    Args:
        rate: such as "60/minute", or several: "10/second;500/hour".

    Raises:
        BadOption: the text says something else.
    """

    def __init__(self, rate: str) -> None:
        from limits import parse_many
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        try:
            self._limits = parse_many(rate)
            is_sensible = all(0 < each.amount <= _MOST_REQUESTS for each in self._limits)
        except ValueError:
            is_sensible = False
        if not is_sensible:
            raise BadOption(
                "",
                give("rate", "60/minute"),
                give("rate", "10/second;500/hour", "Several"),
                option="rate",
                found=shown(rate),
                wanted=f"1 to {_MOST_REQUESTS:,} requests a second, minute, hour, day, month or year",
            )
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._lock = threading.Lock()
        self._known: dict[str, None] = {}

    def hit(self, who: str) -> Allowance:
        """Count a request of `who`: the name of a key, or a client's address. One that is refused counts nowhere."""
        who = bucket_of(who)
        with self._lock:
            self._remember(who)
            full = [each for each in self._limits if not self._limiter.test(each, who)]
            if not full:
                for each in self._limits:
                    self._limiter.hit(each, who)
            stats = [(each, self._limiter.get_window_stats(each, who)) for each in full or self._limits]
        # The one that is nearest to its end; of several that are full, the one that lasts longest.
        limit, nearest = min(stats, key=lambda each: (each[1].remaining, -each[1].reset_time))
        wait = max(1, math.ceil(nearest.reset_time - time.time())) if full else 0
        return Allowance(not full, limit.amount, max(nearest.remaining, 0), math.ceil(nearest.reset_time), wait)

    def _remember(self, who: str) -> None:
        """Know `who` as the latest, and forget the one that has not asked for longest where they are too many."""
        self._known.pop(who, None)
        self._known[who] = None
        if len(self._known) > _MOST_REMEMBERED:
            oldest = next(iter(self._known))
            del self._known[oldest]
            for each in self._limits:
                self._limiter.clear(each, oldest)


def bucket_of(who: str) -> str:
    """Whose requests count together: of IPv6, a whole /64, since one client has all of its addresses."""
    with suppress(ValueError):
        address = IPv6Address(who)
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return who
