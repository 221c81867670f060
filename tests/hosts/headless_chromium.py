"""Headless Chromium, driven by Playwright."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.hosts.host_programs import chromium_command

# Without these Chromium looks up hosts on the internet at each start.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def headless_chromium() -> Iterator[Any]:
    """A Playwright browser, closed afterwards. The test is skipped, or fails, where there is no Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_command(), args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
