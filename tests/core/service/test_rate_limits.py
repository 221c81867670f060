from __future__ import annotations

import threading
import time

import pytest

from cutsmith.errors import BadOption
from cutsmith.service import rate_limits
from cutsmith.service.rate_limits import RateLimits, bucket_of


class Clock:
    """The time that the library sees."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    told = Clock()
    monkeypatch.setattr(time, "time", told)
    return told


def test_a_client_may_ask_as_often_as_the_rate_says(clock) -> None:
    limits = RateLimits("3/minute")
    assert [limits.hit("a").allowed for _ in range(4)] == [True, True, True, False]
    assert limits.hit("b").allowed


def test_the_allowance_tells_what_is_left_and_when_there_is_more(clock) -> None:
    limits = RateLimits("2/minute")
    assert limits.hit("a") == (True, 2, 1, clock.now + 60, 0)
    clock.now += 20
    assert limits.hit("a") == (True, 2, 0, clock.now + 40, 0)
    assert limits.hit("a") == (False, 2, 0, clock.now + 40, 40)


def test_the_window_moves(clock) -> None:
    limits = RateLimits("2/minute")
    limits.hit("a")
    clock.now += 40
    limits.hit("a")
    clock.now += 21  # the first has left
    assert limits.hit("a").allowed
    refused = limits.hit("a")
    assert (refused.allowed, refused.retry_after) == (False, 39)
    clock.now += refused.retry_after + 0.1
    assert limits.hit("a").allowed


def test_of_several_limits_each_counts_and_a_refused_request_counts_nowhere(clock) -> None:
    limits = RateLimits("2/second; 3/hour")
    assert limits.hit("a").limit == 2
    assert limits.hit("a").allowed
    for _ in range(5):
        assert limits.hit("a") == (False, 2, 0, clock.now + 1, 1)
    clock.now += 1.1
    assert limits.hit("a") == (True, 3, 0, pytest.approx(clock.now + 3598.9, abs=1), 0)
    refused = limits.hit("a")
    assert (refused.allowed, refused.limit, refused.retry_after) == (False, 3, 3599)


@pytest.mark.parametrize("rate", ["60/minute", "10 per second", "5/2 hours", "1/day", "10/second;500/hour", "1/second"])
def test_rates_are_read(rate) -> None:
    assert RateLimits(rate).hit("a").allowed


@pytest.mark.parametrize("rate", ["", "fast", "0/minute", "-1/minute", "60", "60/fortnight", "1000000/day"])
def test_a_rate_that_is_none_is_refused_with_an_example(rate) -> None:
    with pytest.raises(BadOption, match="rate must be") as raised:
        RateLimits(rate)
    assert "rate=60/minute" in raised.value.remedy
    assert raised.value.option == "rate"


def test_threads_get_no_more_than_the_rate() -> None:
    limits = RateLimits("50/hour")
    allowed = []

    def ask() -> None:
        allowed.extend(limits.hit("a").allowed for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(allowed) == 50
    assert len(allowed) == 160


def test_a_network_of_ipv6_counts_as_one_client() -> None:
    assert bucket_of("2001:db8:1:2:3:4:5:6") == bucket_of("2001:db8:1:2::1") == "2001:db8:1:2::/64"
    assert bucket_of("2001:db8:1:3::1") != bucket_of("2001:db8:1:2::1")
    assert bucket_of("::ffff:192.0.2.1") == bucket_of("192.0.2.1") == "192.0.2.1"
    assert bucket_of("Anna's shop") == "Anna's shop"


def test_clients_beyond_a_number_are_forgotten_the_silent_ones_first(monkeypatch) -> None:
    monkeypatch.setattr(rate_limits, "_MOST_REMEMBERED", 3)
    limits = RateLimits("1/hour;5/day")
    for who in "abc":
        limits.hit(who)
    limits.hit("a")
    limits.hit("d")
    assert not limits.hit("a").allowed
    assert len(limits._known) == 3
    assert len(limits._limiter.storage.events) <= 2 * 3
    assert limits.hit("b").allowed
