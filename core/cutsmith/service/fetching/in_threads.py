"""`fetch` for callers that wait asynchronously: in threads of its own, so that slow servers keep no other work out."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial

from cutsmith.service.fetching.fetch import Fetched, fetch

_AT_ONCE = 32


async def fetch_in_thread(url: str, *, most_bytes: int, option: str = "image_url") -> Fetched:
    """What lies at `url`; arguments and errors as for `fetch`. Whoever stops waiting ends it."""
    given_up = threading.Event()
    work = partial(fetch, url, most_bytes=most_bytes, option=option, cancelled=given_up.is_set)
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads(), work)
    finally:
        given_up.set()


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="cutsmith-fetch")
