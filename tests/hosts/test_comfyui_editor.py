"""Points and boxes drawn by hand in the page, in both renderers: what is drawn is what could be typed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from tests.hosts.comfyui_editor import FIELDS, HAS_PICTURE, Editor, build
from tests.hosts.comfyui_page import RENDERERS, comfyui_page, ran
from tests.hosts.conftest import TINY_SAM2

pytestmark = [pytest.mark.slow, pytest.mark.weights]

LOAD = {"type": "LoadImage", "pos": [0, 40], "values": {"image": "astronaut.png"}}
MASK = {"type": "CutsmithSAM2Mask", "pos": [420, 40], "values": {"model": TINY_SAM2}}
# What one may miss by: the picture is smaller in the node than it is.
REACH = 2
EMPTY = dict.fromkeys(FIELDS, 0)


@pytest.fixture(scope="module", params=RENDERERS)
def page(request, comfyui):
    with comfyui_page(comfyui.address, renderer=request.param) as page:
        yield page


@pytest.fixture
def editor(page):
    nodes = {"load": LOAD, "mask": MASK, "shown": {"type": "MaskPreview", "pos": [1000, 40]}}
    numbers = build(page, nodes, [("load", 0, "mask", "image"), ("mask", 0, "shown", "mask")])
    editor = Editor(page, numbers["mask"])
    editor.wait_for_picture()
    return editor


def near(mark, **wanted):
    assert mark.keys() == wanted.keys()
    assert all(abs(mark[name] - value) <= REACH for name, value in wanted.items()), (mark, wanted)


def test_clicks_and_a_drag_become_the_json_that_could_be_typed(editor):
    editor.click(220, 130)
    editor.click(300, 300)
    editor.click(40, 40, button="right")
    editor.click(480, 60, key="Shift")
    editor.click(60, 480, key="Alt")
    editor.drag((120, 60), (340, 420))
    first, second = editor.marks("positive_points")
    near(first, x=220, y=130)
    near(second, x=300, y=300)
    for mark, (x, y) in zip(editor.marks("negative_points"), [(40, 40), (480, 60), (60, 480)], strict=True):
        near(mark, x=x, y=y)
    (box,) = editor.marks("boxes")
    near(box, x=120, y=60, width=220, height=360)
    assert editor.drawn == {"positive_points": 2, "negative_points": 3, "boxes": 1}
    assert all(isinstance(value, int) for mark in [first, box] for value in mark.values())
    # Alt and a drag, and a right click, are ComfyUI's own: neither a copy of the node nor a menu has come of them.
    assert editor.page.evaluate("app.graph.nodes.length") == 3
    assert not editor.page.locator(".litecontextmenu, [role=menu]:visible").count()


def test_a_click_on_a_mark_removes_it_and_a_drag_moves_it(editor):
    editor.click(220, 130)
    editor.click(40, 40, button="right")
    editor.drag((120, 200), (340, 420))
    editor.drag((220, 130), (260, 150))
    near(editor.marks("positive_points")[0], x=260, y=150)
    editor.click(260, 150)
    assert editor.marks("positive_points") == []
    editor.drag((120, 300), (140, 320))
    near(editor.marks("boxes")[0], x=140, y=220, width=220, height=220)
    editor.click(200, 300)
    assert len(editor.marks("positive_points")) == 1, "inside a box, a click marks the subject"
    editor.click(140, 400)
    editor.click(40, 40)
    assert editor.drawn == {"positive_points": 1, "negative_points": 0, "boxes": 0}


def test_undo_and_clear_and_comfyuis_own_undo(editor):
    editor.click(220, 130)
    editor.click(300, 300)
    editor.click(40, 40, button="right")
    editor.press("Undo")
    assert editor.drawn == {"positive_points": 2, "negative_points": 0, "boxes": 0}
    editor.press("Clear")
    assert editor.drawn == EMPTY
    assert all(editor.values[field] == "" for field in FIELDS)
    editor.press("Undo")
    assert editor.drawn["positive_points"] == 2
    editor.click(400, 400)
    assert editor.drawn["positive_points"] == 3
    editor.page.keyboard.press("Control+z")
    editor.page.wait_for_timeout(1200)
    assert len(editor.marks("positive_points")) == 2
    editor.wait_for_picture()
    assert editor.drawn["positive_points"] == 2


def test_the_keyboard_marks_too_and_leaves_the_node_alone(editor):
    editor.surface.focus()
    for key in ("ArrowRight", "Enter", "ArrowDown", "ArrowDown", "ArrowDown", "-"):
        editor.page.keyboard.press(key)
    for key in ("ArrowLeft", "ArrowLeft", "ArrowLeft", "b", "ArrowUp", "ArrowUp", "Shift+ArrowLeft", "b"):
        editor.page.keyboard.press(key)
    assert editor.drawn == dict.fromkeys(FIELDS, 1)
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "Shift+ArrowRight", "Delete"):
        editor.page.keyboard.press(key)
    editor.page.wait_for_timeout(200)
    assert editor.drawn == {"positive_points": 1, "negative_points": 0, "boxes": 1}
    assert editor.page.evaluate("app.graph.nodes.length") == 3


def test_what_is_typed_is_drawn_and_what_cannot_be_read_is_said_and_kept(editor):
    typed = '[[100, 120], {"x": 200, "y": 220.5}]'
    broken = '[{"x": 1, '
    set_text = """([id, name, text]) => {
      const widget = app.graph.getNodeById(Number(id)).widgets.find(each => each.name === name);
      widget.value = text;
      widget.callback?.(text);
    }"""
    editor.page.evaluate(set_text, [editor.number, "positive_points", typed])
    assert editor.drawn["positive_points"] == 2
    editor.page.evaluate(set_text, [editor.number, "boxes", broken])
    editor.drag((300, 300), (400, 400))
    assert editor.values["boxes"] == broken
    assert "boxes is not a JSON list" in editor.page.locator(".cutsmith-hint").inner_text()
    editor.click(300, 60)
    assert editor.marks("positive_points")[:2] == [{"x": 100, "y": 120}, {"x": 200, "y": 220.5}]
    editor.press("Undo")
    editor.press("Undo")
    assert editor.values["boxes"] == ""
    assert editor.values["positive_points"] == typed


def test_a_saved_workflow_and_a_copied_node_keep_the_marks(editor):
    editor.click(220, 130)
    editor.drag((120, 60), (340, 420))
    before = {field: editor.values[field] for field in FIELDS}
    saved = editor.page.evaluate("() => JSON.parse(JSON.stringify(app.graph.serialize()))")
    (node,) = (node for node in saved["nodes"] if node["type"] == "CutsmithSAM2Mask")
    assert None not in node["widgets_values"], "widgets that are not saved must stand last"
    editor.click(300, 300)
    editor.page.evaluate("async graph => { await app.loadGraphData(graph); }", saved)
    editor.wait_for_picture()
    assert {field: editor.values[field] for field in FIELDS} == before
    assert editor.drawn == {"positive_points": 1, "negative_points": 0, "boxes": 1}
    copied = editor.page.evaluate(
        """id => {
          const copy = app.graph.getNodeById(Number(id)).clone();
          copy.pos = [420, 900];
          app.graph.add(copy);
          const {positive_points, ...others} = Object.fromEntries(copy.widgets.map(each => [each.name, each.value]));
          copy.widgets.find(each => each.name === "positive_points").value = "";
          return {...others, positive_points};
        }""",
        editor.number,
    )
    assert {field: copied[field] for field in FIELDS} == before
    assert {field: editor.values[field] for field in FIELDS} == before


def test_a_run_with_drawn_marks_equals_one_with_typed_json(comfyui, editor, request):
    # Each renderer marks something else: ComfyUI says nothing of what it has run before.
    editor.drag((120, 60), (340, 420 + 20 * request.node.name.count("nodes-2.0")))
    editor.click(220, 130)
    editor.click(150, 400, button="right")
    drawn = {field: json.dumps(editor.marks(field)) for field in FIELDS}
    (by_hand,) = masks(comfyui, ran(comfyui, editor.page))
    inputs = {"image": ["1", 0], "model": TINY_SAM2, **drawn}
    prompt = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "astronaut.png"}},
        "2": {"class_type": "CutsmithSAM2Mask", "inputs": inputs},
        "3": {"class_type": "MaskPreview", "inputs": {"mask": ["2", 0]}},
    }
    (typed,) = masks(comfyui, comfyui.run(prompt).outputs)
    np.testing.assert_array_equal(by_hand, typed)
    assert 0 < typed.mean() < 255
    elsewhere = {"2": {"class_type": "CutsmithSAM2Mask", "inputs": {**inputs, "boxes": "[[300, 300, 500, 500]]"}}}
    (other,) = masks(comfyui, comfyui.run({**prompt, **elsewhere}).outputs)
    assert not np.array_equal(typed, other)


def test_after_another_node_the_picture_comes_with_the_first_run_in_the_inputs_pixels(comfyui, page):
    scale = {"type": "ImageScale", "pos": [0, 420], "values": {"width": 900, "height": 300, "crop": "disabled"}}
    click = {**MASK, "values": {**MASK["values"], "positive_points": '[{"x": 450, "y": 150}]'}}
    nodes = {"load": LOAD, "scale": scale, "mask": click, "save": {"type": "MaskPreview", "pos": [1000, 40]}}
    links = [("load", 0, "scale", "image"), ("scale", 0, "mask", "image"), ("mask", 0, "save", "mask")]
    editor = Editor(page, build(page, nodes, links)["mask"])
    assert page.get_by_text("run the workflow once").is_visible()
    ran(comfyui, page)
    editor.wait_for_picture()
    assert not page.get_by_text("run the workflow once").is_visible()
    editor.click(840, 260)
    near(editor.marks("positive_points")[1], x=840, y=260)
    # Connecting Load Image itself shows its file at once.
    page.evaluate("() => app.graph.nodes.find(each => each.type === 'ImageScale').disconnectOutput(0)")
    connect = """id => {
      const target = app.graph.getNodeById(Number(id));
      const slot = target.inputs.findIndex(each => each.name === "image");
      app.graph.nodes.find(each => each.type === "LoadImage").connect(0, target, slot);
    }"""
    page.evaluate(connect, editor.number)
    page.wait_for_function(
        "() => document.querySelector('.cutsmith-surface image')?.getAttribute('href')?.includes('astronaut.png')"
    )


@pytest.mark.parametrize("marks", [{}, {"negative_points": '[{"x": 20, "y": 20}]'}])
def test_a_first_run_without_a_click_brings_the_picture_to_click_on(comfyui, page, marks):
    width = 400 + 40 * bool(marks)
    scale = {"type": "ImageScale", "pos": [0, 420], "values": {"width": width, "height": 300, "crop": "disabled"}}
    mask = {**MASK, "values": {**MASK["values"], **marks}}
    nodes = {"load": LOAD, "scale": scale, "mask": mask, "save": {"type": "MaskPreview", "pos": [1000, 40]}}
    links = [("load", 0, "scale", "image"), ("scale", 0, "mask", "image"), ("mask", 0, "save", "mask")]
    editor = Editor(page, build(page, nodes, links)["mask"])
    assert not ran(comfyui, page), "the run has failed"
    page.keyboard.press("Escape")
    editor.wait_for_picture()
    assert "cutsmith_input" in page.evaluate(HAS_PICTURE)
    editor.click(250, 120)
    near(editor.marks("positive_points")[0], x=250, y=120)
    (made,) = masks(comfyui, ran(comfyui, page))
    assert made.shape == (300, width)


def masks(comfyui, outputs):
    """The previews of masks that a run has shown: those of SAM2 Mask itself."""
    (shown,) = (each["images"] for each in outputs.values() if "cutsmith_picture" in each)
    return [np.asarray(Image.open(comfyui.picture(one))) for one in shown]
