"""The editor in a node of ComfyUI's page, used as a hand uses it."""

from __future__ import annotations

import json
from typing import Any

FIELDS = ("positive_points", "negative_points", "boxes")

BUILD = """async ({nodes, links}) => {
  const last = app.graph.state.lastNodeId;
  app.graph.clear();
  // The page remembers widgets' values by the number of their node: none is given twice.
  app.graph.state.lastNodeId = last + 10;
  const made = {};
  for (const [name, {type, pos, values}] of Object.entries(nodes)) {
    const node = made[name] = LiteGraph.createNode(type);
    node.pos = pos;
    app.graph.add(node);
    for (const [key, value] of Object.entries(values ?? {})) {
      const widget = node.widgets.find(each => each.name === key);
      widget.value = value;
      widget.callback?.(value);
    }
  }
  for (const [from, output, to, input] of links) {
    const slot = made[to].inputs.findIndex(each => each.name === input);
    made[from].connect(output, made[to], slot);
  }
  app.canvas.ds.scale = 1;
  app.canvas.ds.offset = [60, 40];
  app.canvas.setDirty(true, true);
  await new Promise(done => setTimeout(done, 700));
  return Object.fromEntries(Object.entries(made).map(([name, node]) => [name, String(node.id)]));
}"""
TEXTS = """id => {
  const node = app.graph.getNodeById(Number(id));
  return Object.fromEntries(node.widgets.map(each => [each.name, each.value]));
}"""
PICTURE = """element => {
  const {left, top, width, height} = element.getBoundingClientRect();
  const box = element.querySelector("svg").viewBox.baseVal;
  return {left, top, width, height, across: box.width, down: box.height};
}"""
HAS_PICTURE = "() => document.querySelector('.cutsmith-surface image')?.getAttribute('href')"


def build(page: Any, nodes: dict[str, Any], links: list[tuple[str, int, str, str]]) -> dict[str, str]:
    """Lay nodes out in the page and connect them; -> the number of each."""
    numbers: dict[str, str] = page.evaluate(BUILD, {"nodes": nodes, "links": links})
    return numbers


class Editor:
    """The page's one editor, in the node `number`."""

    def __init__(self, page: Any, number: str) -> None:
        self.page = page
        self.number = number
        self.surface = page.locator(".cutsmith-surface")

    def wait_for_picture(self) -> None:
        """Wait until the editor shows a picture, and the node has the size that it needs for it."""
        self.page.wait_for_function(HAS_PICTURE, timeout=60_000)
        seen: list[Any] = []
        while len(seen) < 3 or seen[-1] != seen[-3]:
            self.page.wait_for_timeout(200)
            seen.append(self.surface.evaluate(PICTURE))

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where the middle of the picture's pixel (x, y) is in the window."""
        shown = self.surface.evaluate(PICTURE)
        scale = min(shown["width"] / shown["across"], shown["height"] / shown["down"])
        left = shown["left"] + (shown["width"] - shown["across"] * scale) / 2
        top = shown["top"] + (shown["height"] - shown["down"] * scale) / 2
        return left + (x + 0.5) * scale, top + (y + 0.5) * scale

    def click(self, x: float, y: float, button: str = "left", key: str | None = None) -> None:
        """Click on a pixel of the picture, with a key held down."""
        if key:
            self.page.keyboard.down(key)
        self.page.mouse.click(*self.place(x, y), button=button)
        if key:
            self.page.keyboard.up(key)
        self.page.wait_for_timeout(60)

    def drag(self, begin: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag from one pixel to another."""
        self.page.mouse.move(*self.place(*begin))
        self.page.mouse.down()
        self.page.mouse.move(*self.place(*end), steps=6)
        self.page.mouse.up()
        self.page.wait_for_timeout(60)

    def press(self, name: str) -> None:
        """Press one of the editor's buttons."""
        self.page.locator(".cutsmith-bar button", has_text=name).click()

    @property
    def values(self) -> dict[str, Any]:
        """The values of the node's widgets."""
        found: dict[str, Any] = self.page.evaluate(TEXTS, self.number)
        return found

    def marks(self, field: str) -> list[dict[str, float]]:
        """What a text field holds."""
        return list(json.loads(self.values[field] or "[]"))

    @property
    def drawn(self) -> dict[str, int]:
        """How many marks of each kind are drawn."""
        kinds = {"positive_points": "is-positive", "negative_points": "is-negative", "boxes": "is-box"}
        return {field: self.surface.locator(f".cutsmith-mark.{kind}").count() for field, kind in kinds.items()}
