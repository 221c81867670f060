"""Builds the workflows in ComfyUI's own page and saves them: `python -m tests.hosts.save_workflows`.

To be run by hand when a node's inputs change; the tests only read what it wrote. workflows/NAME.json is what the page
saves, workflows/api/NAME.json what it would queue.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.hosts.comfyui_page import comfyui_page
from tests.hosts.comfyui_server import ComfyUIServer
from tests.hosts.host_programs import comfyui_folder

WORKFLOWS = Path(__file__).resolve().parents[2] / "workflows"
LEFT, MIDDLE, RIGHT, FAR, END = 420, 800, 1200, 1600, 2000
NOTE_SIZE = (360, 420)
# Load Image's picture is what ComfyUI brings along, so that the workflow opens and runs at once.
EXAMPLE = {"image": "example.png"}


@dataclass(frozen=True)
class Node:
    """A node on the canvas: its type, place, size, and the values of its widgets."""

    type: str
    place: tuple[int, int]
    size: tuple[int, int]
    values: dict[str, Any] = field(default_factory=dict)
    title: str = ""


@dataclass(frozen=True)
class Workflow:
    """Nodes by a name of their own, and links (from, output, to, input)."""

    note: str
    nodes: dict[str, Node]
    links: list[tuple[str, str, str, str]]


def picture(y: int = 60, title: str = "", x: int = LEFT) -> Node:
    """Load Image with ComfyUI's example."""
    return Node("LoadImage", (x, y), (320, 340), EXAMPLE, title)


def save(x: int, prefix: str, y: int = 60) -> Node:
    """Save Image."""
    return Node("SaveImage", (x, y), (380, 420), {"filename_prefix": f"cutsmith/{prefix}"})


SEVERAL = "A batch comes out whole: every image is processed, and one in which nothing is found stays empty.\n"
TRANSPARENT = {"background": "transparent"}
CLOSED_FORM = {"matting": "closed-form"}

WORKFLOWS_BY_NAME = {
    "product-on-white": Workflow(
        "## Product on white\n\n"
        "**Rembg Cut** finds the main subject (IS-Net) and lays it on white. Under *advanced*: another colour, "
        "`transparent` for a picture with alpha, a mask that is grown or softened.\n\n"
        "Fur and hair are refined (**matting** `auto`); `none` leaves the edge as the model sees it.\n\n" + SEVERAL,
        {
            "photo": picture(),
            "cut": Node(
                "CutsmithRembgCut", (MIDDLE, 60), (340, 620), {"background": "color", "background_color": "#ffffff"}
            ),
            "save": save(RIGHT, "product"),
        },
        [("photo", "IMAGE", "cut", "image"), ("cut", "image", "save", "images")],
    ),
    "portrait-with-hair": Workflow(
        "## Portrait with hair, on a new background\n\n"
        "**Rembg Cut** gives a soft mask, **Trimap Matting** solves for the hair in a band around its edge and takes "
        "the old background's colour out of it; then the subject is laid on the second picture.\n\n"
        "Loose hair wants a wider **band_outer** (10 to 20 pixels); wider than needed makes it worse.\n",
        {
            "photo": picture(title="Portrait"),
            "cut": Node("CutsmithRembgCut", (MIDDLE, 60), (340, 620), {"matting": "none"}),
            "matting": Node(
                "CutsmithTrimapMatting",
                (RIGHT, 60),
                (340, 620),
                {"band_inner": 5, "band_outer": 10, **CLOSED_FORM},
            ),
            "behind": picture(480, title="New background"),
            "size": Node("GetImageSize", (MIDDLE, 760), (260, 120)),
            "scale": Node("ImageScale", (RIGHT, 760), (320, 190), {"upscale_method": "lanczos", "crop": "center"}),
            "composite": Node("ImageCompositeMasked", (FAR, 60), (320, 200)),
            "save": save(END, "portrait"),
        },
        [
            ("photo", "IMAGE", "cut", "image"),
            ("photo", "IMAGE", "matting", "image"),
            ("cut", "mask", "matting", "mask"),
            ("photo", "IMAGE", "size", "image"),
            ("behind", "IMAGE", "scale", "image"),
            ("size", "width", "scale", "width"),
            ("size", "height", "scale", "height"),
            ("scale", "IMAGE", "composite", "destination"),
            ("matting", "image", "composite", "source"),
            ("matting", "alpha", "composite", "mask"),
            ("composite", "IMAGE", "save", "images"),
        ],
    ),
    "by-words": Workflow(
        "## What words name\n\n"
        "**Text Detect** (Grounding DINO) finds boxes for the words, **SAM2 Mask** masks what is in them, **Trimap "
        "Matting** makes true alpha of it.\n\n"
        "Weights, in ComfyUI's own Python:\n"
        "`python -m cutsmith models fetch grounding-dino-tiny sam2.1-hiera-small` (690 and 184 MB, Apache-2.0).\n\n"
        "Without SAM 2: **model** `subject in box (IS-Net)`. Too little found: a lower **box_threshold**.\n",
        {
            "photo": picture(),
            "detect": Node("CutsmithTextDetect", (MIDDLE, 60), (340, 620), {"prompt": "person, cat, dog, cup"}),
            "mask": Node("CutsmithSAM2Mask", (RIGHT, 60), (340, 620)),
            "matting": Node("CutsmithTrimapMatting", (FAR, 60), (340, 620), {**TRANSPARENT, **CLOSED_FORM}),
            "save": save(END, "words"),
        },
        [
            ("photo", "IMAGE", "detect", "image"),
            ("photo", "IMAGE", "mask", "image"),
            ("detect", "bboxes", "mask", "bboxes"),
            ("photo", "IMAGE", "matting", "image"),
            ("mask", "mask", "matting", "mask"),
            ("matting", "image", "save", "images"),
        ],
    ),
    "by-clicks": Workflow(
        "## What is clicked on\n\n"
        'Points are in pixels of the image, as JSON: `[{"x": 240, "y": 180}]`. **negative_points** lie on what is '
        "not the subject. A points editor of another pack can be connected in place of the text.\n\n"
        "Needs SAM 2: `python -m cutsmith models fetch sam2.1-hiera-small` in ComfyUI's own Python (184 MB, "
        "Apache-2.0).\n",
        {
            "photo": picture(),
            "mask": Node(
                "CutsmithSAM2Mask",
                (MIDDLE, 60),
                (340, 620),
                {"positive_points": '[{"x": 240, "y": 180}]', "negative_points": '[{"x": 20, "y": 20}]'},
            ),
            "matting": Node("CutsmithTrimapMatting", (RIGHT, 60), (340, 620), {**TRANSPARENT, **CLOSED_FORM}),
            "save": save(FAR, "clicks"),
        },
        [
            ("photo", "IMAGE", "mask", "image"),
            ("photo", "IMAGE", "matting", "image"),
            ("mask", "mask", "matting", "mask"),
            ("matting", "image", "save", "images"),
        ],
    ),
    "refine-a-painted-mask": Workflow(
        "## Refine a painted mask\n\n"
        "Right-click **Load Image**, *Open in MaskEditor*, paint over the subject roughly, save. **Trimap Matting** "
        "solves for the true edge within the band. No model is needed.\n\n"
        "How far the brush may be off the edge: **band_inner** (painted too much) and **band_outer** (too little).\n\n"
        "Nothing painted gives an empty picture.\n",
        {
            "photo": picture(title="Paint here: right-click, Open in MaskEditor"),
            "matting": Node(
                "CutsmithTrimapMatting",
                (MIDDLE, 60),
                (340, 620),
                {"band_inner": 12, "band_outer": 12, **TRANSPARENT, **CLOSED_FORM},
            ),
            "save": save(RIGHT, "painted"),
        },
        [
            ("photo", "IMAGE", "matting", "image"),
            ("photo", "MASK", "matting", "mask"),
            ("matting", "image", "save", "images"),
        ],
    ),
    "a-whole-batch": Workflow(
        "## A whole batch\n\n"
        "Images of one size go through as one batch: the model is loaded once, progress counts the images, and "
        "*cancel* stops at once.\n\n" + SEVERAL + "\n"
        "**Batch Images** crops to the first image's size. For a folder of pictures of any size, put **Load Image "
        "Dataset from Folder** in its place.\n",
        {
            "one": picture(),
            "two": picture(440),
            "three": picture(820),
            "batch": Node("BatchImagesNode", (MIDDLE, 60), (260, 120)),
            "cut": Node("CutsmithRembgCut", (RIGHT, 60), (340, 620), TRANSPARENT),
            "save": save(FAR, "batch"),
        },
        [
            ("one", "IMAGE", "batch", "images.image0"),
            ("two", "IMAGE", "batch", "images.image1"),
            ("three", "IMAGE", "batch", "images.image2"),
            ("batch", "IMAGE", "cut", "image"),
            ("cut", "image", "save", "images"),
        ],
    ),
}

BUILD = """async ({note, noteSize, nodes, links}) => {
  app.graph.clear();
  const made = {};
  const add = (type, place, size, title, values) => {
    const node = LiteGraph.createNode(type);
    app.graph.add(node);
    node.pos = place;
    if (title) node.title = title;
    for (const [name, value] of Object.entries(values)) {
      const widget = node.widgets.find(each => each.name === name);
      if (!widget) throw new Error(`${type} has no widget ${name}`);
      widget.value = value;
    }
    node.setSize(size);
    return node;
  };
  add("MarkdownNote", [20, 60], noteSize, "", {}).widgets[0].value = note;
  for (const [name, each] of Object.entries(nodes)) {
    made[name] = add(each.type, each.place, each.size, each.title, each.values);
  }
  for (const [from, output, to, input] of links) {
    const source = made[from].outputs.findIndex(each => each.name === output);
    const target = made[to].inputs.findIndex(each => each.name === input);
    if (source < 0) throw new Error(`${from} has no output ${output}: ${made[from].outputs.map(o => o.name)}`);
    if (target < 0) throw new Error(`${to} has no input ${input}: ${made[to].inputs.map(i => i.name)}`);
    made[from].connect(source, made[to], target);
    await new Promise(done => setTimeout(done, 50));
  }
  await new Promise(done => setTimeout(done, 300));
  app.canvas.ds.scale = 0.62;
  app.canvas.ds.offset = [101, 130];
  const saved = app.graph.serialize();
  const queued = (await app.graphToPrompt()).output;
  return {saved, queued};
}"""


def main() -> None:
    """Build and save all of them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tree = comfyui_folder()
        (folder / "input").mkdir()
        shutil.copy(tree / "input" / "example.png", folder / "input")
        server = ComfyUIServer(tree, folder)
        try:
            for title, workflow in WORKFLOWS_BY_NAME.items():
                # A page each: it remembers widgets' values by the number of their node.
                with comfyui_page(server.address) as page:
                    built = page.evaluate(
                        BUILD,
                        {
                            "note": workflow.note,
                            "noteSize": list(NOTE_SIZE),
                            "nodes": {name: vars(node) for name, node in workflow.nodes.items()},
                            "links": workflow.links,
                        },
                    )
                _write(WORKFLOWS / f"{title}.json", built["saved"])
                _write(WORKFLOWS / "api" / f"{title}.json", built["queued"])
        finally:
            server.stop()


def _write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
