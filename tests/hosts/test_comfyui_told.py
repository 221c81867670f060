"""What a run tells stands on its node in the page, in both renderers, and goes with the next run."""

from __future__ import annotations

import pytest

from tests.hosts.comfyui_editor import build
from tests.hosts.comfyui_page import RENDERERS, comfyui_page, ran
from tests.hosts.conftest import TINY_SAM2

pytestmark = [pytest.mark.slow, pytest.mark.weights]

SET = """([type, name, value]) => {
  const widget = app.graph.nodes.find(each => each.type === type).widgets.find(each => each.name === name);
  widget.value = value;
  widget.callback?.(value);
}"""
LINES = "() => [...document.querySelectorAll('.cutsmith-notices p')].map(line => line.innerText)"
# The lines are whole: they end inside their block, above what follows in the node, and can be selected.
LAID_OUT = """() => {
  const lines = document.querySelector(".cutsmith-notices-lines");
  const block = lines.parentElement.parentElement.getBoundingClientRect();
  const {top, bottom, width} = lines.getBoundingClientRect();
  const inside = top >= block.top - 9 && bottom <= block.bottom + 1;
  return {inside, width, select: getComputedStyle(lines).userSelect};
}"""
TALL = """height => {
  const [node] = app.graph.nodes;
  node.setSize([360, height || node.size[1]]);
  node.setDirtyCanvas(true, true);
}"""
WAITING = "() => app.graph.nodes.some(node => node.widgets?.some(widget => widget.name === '$$node-text-preview'))"
MASK = "CutsmithSAM2Mask"


@pytest.fixture(scope="module", params=RENDERERS)
def page(request, comfyui):
    with comfyui_page(comfyui.address, renderer=request.param, height=1300) as page:
        page.renderer = request.param
        yield page


def test_the_lines_of_a_run_are_on_the_node_until_the_next(comfyui, page, artifacts):
    # Each renderer asks for something else: ComfyUI says nothing of what it has run before.
    blur = 1 + RENDERERS.index(page.renderer)
    values = {"model": TINY_SAM2, "positive_points": '[{"x": 220, "y": 130}]', "mask_blur": blur}
    nodes = {
        "load": {"type": "LoadImage", "pos": [0, 40], "values": {"image": "astronaut.png"}},
        "mask": {"type": MASK, "pos": [420, 40], "values": values},
        "shown": {"type": "MaskPreview", "pos": [1000, 40]},
    }
    numbers = build(page, nodes, [("load", 0, "mask", "image"), ("mask", 0, "shown", "mask")])
    assert page.evaluate(LINES) == []
    told = ran(comfyui, page)[numbers["mask"]]["text"]
    assert told
    assert page.evaluate(LINES) == told
    assert not page.evaluate(WAITING), "ComfyUI's own line on what was waited for would stay"
    laid_out = page.evaluate(LAID_OUT)
    assert laid_out["inside"]
    assert laid_out["width"] > 200
    assert laid_out["select"] == "text"
    page.screenshot(path=artifacts / f"comfyui-told-{page.renderer}.png")

    # ComfyUI's undo makes the nodes anew; the run is still the last one.
    page.evaluate("async () => { await app.loadGraphData(app.graph.serialize(), false); }")
    page.wait_for_timeout(700)
    assert page.evaluate(LINES) == told

    page.evaluate(SET, [MASK, "mask_offset", 3])
    again = ran(comfyui, page)[numbers["mask"]]["text"]
    assert page.evaluate(LINES) == again

    # A run that fails tells nothing; the lines of the run before would be mistaken for its own.
    page.evaluate(SET, [MASK, "positive_points", '[{"x": 5000, "y": 130}]'])
    ran(comfyui, page)
    assert page.evaluate(LINES) == []
    page.keyboard.press("Escape")


def test_a_prompt_takes_a_few_lines_however_tall_the_node(page, artifacts):
    text_detect = {"type": "CutsmithTextDetect", "pos": [40, 40], "values": {"prompt": "red mug, spoon"}}
    build(page, {"detect": text_detect}, [])
    heights = []
    for height in (0, 900):
        page.evaluate(TALL, height)
        page.wait_for_timeout(500)
        (box,) = (each.bounding_box() for each in page.locator("textarea").all() if each.is_visible())
        heights.append(box["height"])
        page.screenshot(path=artifacts / f"comfyui-prompt-{page.renderer}-{height}.png")
    assert all(50 <= height <= 130 for height in heights), heights
