"""SIGTERM and Ctrl+C: what runs is finished, and what the server cuts off gets an answer."""

from __future__ import annotations

import asyncio
import signal
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from cutsmith.service import draining
from cutsmith.service.dialect import endpoint
from cutsmith.service.draining import drained_by_sigterm
from cutsmith.service.settings import ServiceSettings


@pytest.fixture
def heard():
    """What reaches the server's own handler."""
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    yield heard
    signal.signal(signal.SIGTERM, before)


def ending_service() -> SimpleNamespace:
    service = SimpleNamespace(is_ending=False, is_done=False, settings=ServiceSettings(drain_seconds=0))
    service.end = lambda: setattr(service, "is_ending", True)
    return service


@pytest.mark.parametrize("is_same", [True, False])
def test_a_signal_that_comes_by_two_ways_is_heard_once_and_a_later_one_ends_at_once(
    heard, monkeypatch, is_same
) -> None:
    monkeypatch.setattr(draining, "_SAME_SECONDS", 60.0 if is_same else 0.0)
    loop = asyncio.new_event_loop()
    with drained_by_sigterm(ending_service(), loop):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        assert heard == ([] if is_same else [signal.SIGTERM])
        loop.run_until_complete(asyncio.sleep(0.5))
        assert len(heard) == (1 if is_same else 2), "once all is done, the server ends"
    loop.close()


def test_a_request_that_the_server_cuts_off_at_its_end_is_told_so() -> None:
    async def never(service, request):
        await asyncio.sleep(60)

    async def cut_off(service):
        task = asyncio.create_task(endpoint(service, never, is_open=True)(Mock()))
        await asyncio.sleep(0)
        task.cancel()
        return await task

    answer = asyncio.run(cut_off(Mock(is_ending=True)))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cut_off(Mock(is_ending=False)))
