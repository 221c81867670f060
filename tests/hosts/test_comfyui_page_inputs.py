"""In ComfyUI's own page, in both renderers: inputs without effect are hidden; older workflows keep their values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.hosts.comfyui_page import comfyui_page
from tests.hosts.saved_workflows import NAMES, in_api_format, in_page_format
from tests.hosts.test_comfyui_page import LOAD, QUEUED

pytestmark = [pytest.mark.slow, pytest.mark.weights]

RENDER = "async isNew => { await app.extensionManager.setting.set('Comfy.VueNodes.Enabled', isNew); }"
ADD = """async ([type, values]) => {
  app.graph.clear();
  const node = LiteGraph.createNode(type);
  app.graph.add(node);
  node.pos = [60, 80];
  app.canvas.ds.scale = 1;
  app.canvas.ds.offset = [60, 60];
  for (const [name, value] of Object.entries(values)) {
    const widget = node.widgets.find(each => each.name === name);
    widget.value = value;
    widget.callback?.(value);
  }
  await new Promise(done => setTimeout(done, 800));
  return node.widgets.filter(widget => !widget.hidden).map(widget => widget.name);
}"""
IN_THE_DOCUMENT = """name =>
  [...document.querySelectorAll('[data-node-id] *')].some(each => each.textContent.trim() === name)"""
CONNECT = """async () => {
  const [node] = app.graph._nodes;
  const load = LiteGraph.createNode('LoadImageMask');
  app.graph.add(load);
  load.pos = [500, 80];
  load.connect(0, node, node.inputs.findIndex(input => input.name === 'trimap'));
  await new Promise(done => setTimeout(done, 300));
  const connected = node.widgets.filter(widget => !widget.hidden).map(widget => widget.name);
  node.disconnectInput(node.inputs.findIndex(input => input.name === 'trimap'));
  await new Promise(done => setTimeout(done, 300));
  return [connected, node.widgets.filter(widget => !widget.hidden).map(widget => widget.name)];
}"""
BAND = {"band_inner", "band_outer"}
# The widgets' order before `background` went to the front.
FORMER = {
    "CutsmithRembgCut": "model matting band_inner band_outer mask_blur mask_offset invert background background_color "
    "device keep_model_loaded harden threshold looks matting_effort",
    "CutsmithTrimapMatting": "band_inner band_outer matting refine_foreground mask_blur mask_offset invert background "
    "background_color harden threshold matting_effort",
}


@pytest.fixture(scope="module", params=["classic", "nodes-2.0"])
def page(comfyui, request) -> Iterator[Any]:
    with comfyui_page(comfyui.address) as opened:
        opened.evaluate(RENDER, request.param == "nodes-2.0")
        opened.renderer = request.param
        yield opened
        opened.evaluate(RENDER, False)


def test_background_is_up_front_and_inputs_without_effect_are_hidden(page, artifacts) -> None:
    shown = page.evaluate(ADD, ["CutsmithRembgCut", {}])
    assert shown[:3] == ["model", "background", "matting"]
    assert set(shown) >= BAND | {"matting_effort"}
    assert "background_color" not in shown
    shown = page.evaluate(ADD, ["CutsmithRembgCut", {"background": "color", "matting": "none"}])
    assert shown[:4] == ["model", "background", "background_color", "matting"]
    assert not (BAND | {"matting_effort"}) & set(shown)
    page.screenshot(path=artifacts / f"comfyui-inputs-{page.renderer}.png")
    if page.renderer != "classic":
        assert page.evaluate(IN_THE_DOCUMENT, "background_color")
        page.evaluate(ADD, ["CutsmithRembgCut", {"background": "none"}])
        assert page.evaluate(IN_THE_DOCUMENT, "background")
        assert not page.evaluate(IN_THE_DOCUMENT, "background_color")
        assert not page.evaluate(IN_THE_DOCUMENT, "mask_blur"), "an advanced input"


def test_a_connected_trimap_hides_the_band_until_it_is_disconnected(page) -> None:
    assert set(page.evaluate(ADD, ["CutsmithTrimapMatting", {}])) >= BAND
    connected, disconnected = page.evaluate(CONNECT)
    assert not BAND & set(connected)
    assert set(disconnected) >= BAND


@pytest.mark.parametrize("with_names", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_that_was_saved_in_the_former_order_means_the_same(page, name: str, with_names: bool) -> None:
    page.evaluate(LOAD, in_former_order(name, with_names=with_names))
    queued, wanted = page.evaluate(QUEUED), in_api_format(name)
    assert {number: {**node["inputs"]} for number, node in queued.items()} == {
        number: {**with_new_inputs(node, queued[number])} for number, node in wanted.items()
    }


def with_new_inputs(node: dict[str, Any], queued: dict[str, Any]) -> dict[str, Any]:
    """The inputs of a node in a saved prompt, and those that it got since then, as the page fills them in."""
    former = FORMER.get(node["class_type"], "").split()
    new = {name: value for name, value in queued["inputs"].items() if former and name not in node["inputs"]}
    assert not new.keys() & set(former)
    return {**node["inputs"], **new}


def in_former_order(name: str, *, with_names: bool) -> dict[str, Any]:
    """A shipped workflow as the page saved it before; `with_names` as newer pages do, which save widgets as inputs."""
    graph, prompt = in_page_format(name), in_api_format(name)
    for node in graph["nodes"]:
        if node["type"] in FORMER:
            former = FORMER[node["type"]].split()
            values = prompt[str(node["id"])]["inputs"]
            node["widgets_values"] = [values.get(each) for each in former if each in values]
            sockets = [each for each in node["inputs"] if "widget" not in each]
            # The last widgets had no names: they were younger than the file.
            widgets = [{"name": each, "type": "*", "widget": {"name": each}, "link": None} for each in former[:-2]]
            node["inputs"] = [*sockets, *(widgets if with_names else [])]
    return graph
