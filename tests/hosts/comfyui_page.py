"""ComfyUI's own page in headless Chromium, driven by Playwright."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.hosts.comfyui_server import RUN_SECONDS, ComfyUIServer
from tests.hosts.headless_chromium import headless_chromium

RENDERERS = ("canvas", "nodes-2.0")
READY = "() => window.app?.graph && window.app?.extensionManager && window.LiteGraph?.registered_node_types?.LoadImage"


SETTINGS = """async settings => {
  for (const [name, value] of Object.entries(settings)) await app.extensionManager.setting.set(name, value);
}"""


@contextmanager
def comfyui_page(
    address: str, width: int = 1700, height: int = 950, renderer: str = "canvas", palette: str = "dark"
) -> Iterator[Any]:
    """A Playwright page that shows the ComfyUI at `address`, ready for use; closed afterwards.

    `renderer` is one of RENDERERS: nodes drawn on the canvas, or as elements of the page ("Nodes 2.0").
    """
    with headless_chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": height})
        page.route("**/*", lambda route: _only_local(route, address))
        page.goto(address, wait_until="domcontentloaded")
        page.wait_for_function(READY, timeout=120_000)
        chosen = {"Comfy.VueNodes.Enabled": renderer == "nodes-2.0", "Comfy.ColorPalette": palette}
        # The server keeps settings for the next page.
        page.evaluate(SETTINGS, chosen)
        yield page


def _only_local(route: Any, address: str) -> None:
    if route.request.url.startswith((address, "data:", "blob:")):
        route.continue_()
    else:
        route.abort()


def ran(comfyui: ComfyUIServer, page: Any) -> dict[str, Any]:
    """Run the workflow that is in the page, to its end; -> what its nodes have sent to the page."""
    before = set(comfyui.get("/history"))
    page.evaluate("async () => { await app.queuePrompt(0, 1); }")
    for _ in range(RUN_SECONDS * 5):
        for name in comfyui.get("/history").keys() - before:
            page.wait_for_timeout(500)
            return comfyui.outputs(name)
        page.wait_for_timeout(200)
    raise AssertionError("the run does not end")
