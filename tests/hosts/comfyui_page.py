"""ComfyUI's own page in headless Chromium, driven by Playwright."""

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
READY = "() => window.app?.graph && window.app?.extensionManager && window.LiteGraph?.registered_node_types?.LoadImage"


@contextmanager
def comfyui_page(address: str, width: int = 1700, height: int = 950) -> Iterator[Any]:
    """A Playwright page that shows the ComfyUI at `address`, ready for use; closed afterwards."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_command(), args=list(_ARGUMENTS))
        try:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.route("**/*", lambda route: _only_local(route, address))
            page.goto(address, wait_until="domcontentloaded")
            page.wait_for_function(READY, timeout=120_000)
            yield page
        finally:
            browser.close()


def _only_local(route: Any, address: str) -> None:
    if route.request.url.startswith((address, "data:", "blob:")):
        route.continue_()
    else:
        route.abort()
