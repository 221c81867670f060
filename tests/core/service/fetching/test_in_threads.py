from __future__ import annotations

import asyncio
import threading
import time

import pytest

from cutsmith.service.fetching import in_threads
from cutsmith.service.fetching.failures import NotPublic
from cutsmith.service.fetching.in_threads import fetch_in_thread


def test_errors_come_through_and_name_the_field() -> None:
    with pytest.raises(NotPublic, match="bg_image_url"):
        asyncio.run(fetch_in_thread("http://127.0.0.1/", most_bytes=10, option="bg_image_url"))


def test_whoever_stops_waiting_ends_the_fetch_and_slow_ones_keep_no_other_work_out(monkeypatch) -> None:
    ended = threading.Semaphore(0)

    def slow(url, *, cancelled, **_) -> None:
        until = time.monotonic() + 20
        while not cancelled() and time.monotonic() < until:
            time.sleep(0.01)
        ended.release()

    monkeypatch.setattr(in_threads, "fetch", slow)

    async def main() -> float:
        waiting = [asyncio.create_task(fetch_in_thread("http://a.example/", most_bytes=10)) for _ in range(20)]
        await asyncio.sleep(0.1)
        began = time.monotonic()
        await asyncio.to_thread(lambda: None)
        took = time.monotonic() - began
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return took

    assert asyncio.run(main()) < 5
    assert all(ended.acquire(timeout=5) for _ in range(20))
