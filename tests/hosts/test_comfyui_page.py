"""In ComfyUI's own page: each workflow opens whole, means what its API twin says, and runs."""

from __future__ import annotations

import pytest

from tests.hosts.comfyui_page import comfyui_page
from tests.hosts.saved_workflows import NAMES, in_api_format, in_page_format

pytestmark = [pytest.mark.slow, pytest.mark.weights]

LOAD = "async graph => { await app.loadGraphData(graph); await new Promise(done => setTimeout(done, 800)); }"
QUEUED = "async () => (await app.graphToPrompt()).output"
PLACES = """() => app.graph._nodes.map(node => {
  const [x, y, width, height] = node.getBounding();
  return {type: node.type, errors: !!node.has_errors, x, y, width, height};
})"""
CHOOSE = """([name, value]) => {
  for (const node of app.graph._nodes)
    for (const each of node.widgets ?? []) if (each.name === name) each.value = value;
}"""
WITH_PICTURES = """kind => app.graph._nodes.filter(node => node.type === kind && node.imgs?.length).length"""


@pytest.fixture(scope="module")
def core_nodes(comfyui):
    nodes = comfyui.get("/object_info")
    return {name for name, info in nodes.items() if not info["python_module"].startswith("custom")}


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_opens_whole_and_equals_its_api_twin(comfyui, core_nodes, artifacts, name):
    with comfyui_page(comfyui.address) as page:
        page.evaluate(LOAD, in_page_format(name))
        places = page.evaluate(PLACES)
        assert len(places) == len(in_page_format(name)["nodes"])
        assert not any(place["errors"] for place in places)
        # "Note"s are the page's own: they have nothing to run.
        foreign = {place["type"] for place in places} - core_nodes - {"MarkdownNote"}
        assert all(kind.startswith("Cutsmith") for kind in foreign), foreign
        assert not page.locator("text=/missing node/i").count()
        assert page.evaluate(QUEUED) == in_api_format(name)
        for number, one in enumerate(places):
            for other in places[number + 1 :]:
                assert apart(one, other), f"{one['type']} overlaps {other['type']}"
        page.screenshot(path=artifacts / f"comfyui-{name}.png")


@pytest.mark.parametrize("name", ["by-words", "refine-a-painted-mask"])
def test_a_workflow_that_was_saved_before_the_last_widgets_were_added_keeps_its_values(comfyui, name):
    graph = in_page_format(name)
    for node in graph["nodes"]:
        if node["type"] == "CutsmithSAM2Mask":
            assert node["inputs"].pop()["name"] == "boxes"
            node["widgets_values"].pop()
        named = [entry["name"] for entry in node.get("inputs", ())]
        if named[-2:] == ["harden", "threshold"]:
            del node["inputs"][-2:], node["widgets_values"][-2:]
    with comfyui_page(comfyui.address) as page:
        page.evaluate(LOAD, graph)
        assert page.evaluate(QUEUED) == in_api_format(name)


def apart(one, other) -> bool:
    return (
        one["x"] + one["width"] <= other["x"]
        or other["x"] + other["width"] <= one["x"]
        or one["y"] + one["height"] <= other["y"]
        or other["y"] + other["height"] <= one["y"]
    )


def test_a_workflow_that_is_queued_in_the_page_shows_its_previews(comfyui, artifacts):
    with comfyui_page(comfyui.address) as page:
        page.evaluate(LOAD, in_page_format("product-on-white"))
        page.evaluate(CHOOSE, ["model", "default (IS-Net)"])
        page.evaluate(CHOOSE, ["image", "example.png"])
        page.evaluate("async () => { await app.queuePrompt(0, 1); }")
        for kind in ("CutsmithRembgCut", "SaveImage"):
            page.wait_for_function(WITH_PICTURES, arg=kind, timeout=120_000)
        page.wait_for_timeout(500)
        page.screenshot(path=artifacts / "comfyui-product-on-white-done.png")


def test_the_template_browser_lists_our_workflows(comfyui, artifacts):
    with comfyui_page(comfyui.address) as page:
        page.evaluate("async () => { await app.extensionManager.command.execute('Comfy.BrowseTemplates'); }")
        page.get_by_text("EXTENSIONS", exact=False).first.wait_for(timeout=30_000)
        page.get_by_text("ComfyUI-Cutsmith", exact=True).first.click()
        page.get_by_text("by-words", exact=False).first.wait_for(timeout=30_000)
        page.wait_for_timeout(1500)
        page.screenshot(path=artifacts / "comfyui-templates.png")
