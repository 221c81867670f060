"""Builds the workflows in ComfyUI's own page and saves them: `python -m tests.hosts.save_workflows`.

To be run by hand when a node's inputs change; the tests only read what it wrote. workflows/NAME.json is what the page
saves, workflows/api/NAME.json what it would queue. Nodes that load a model carry the address of its file, so that
ComfyUI's page offers the download where the file is missing.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cutsmith.models.catalogue import of_kind
from cutsmith.models.entry import Kind
from tests.comfyui_nodes.comfyui_folders import comfyui_folders
from tests.hosts.comfyui_page import comfyui_page
from tests.hosts.comfyui_server import ComfyUIServer
from tests.hosts.host_programs import comfyui_folder

WORKFLOWS = Path(__file__).resolve().parents[2] / "workflows"
LEFT, MIDDLE, RIGHT, FAR, END = 420, 800, 1200, 1600, 2000
# Without backquotes: Nodes 2.0 shows such words in a blue that nobody can read on a note.
NOTE_SIZE = (380, 400)
SAMPLES = WORKFLOWS / "samples"
KINDS: dict[str, Kind] = {
    "CutsmithRembgCut": "remover",
    "CutsmithSAM2Mask": "segmenter",
    "CutsmithTextDetect": "detector",
}
BIREFNET = {
    "name": "birefnet.safetensors",
    "url": "https://huggingface.co/Comfy-Org/BiRefNet/resolve/main/background_removal/birefnet.safetensors",
    "directory": "background_removal",
}


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


def picture(name: str, y: int = 60, title: str = "", x: int = LEFT) -> Node:
    """Load Image with one of the sample pictures."""
    return Node("LoadImage", (x, y), (320, 340), {"image": f"cutsmith-{name}"}, title)


def models_of(node: Node) -> list[dict[str, str]]:
    """What ComfyUI's page must know of the file that a node has chosen: name, address, and key of its folder."""
    if node.type == "LoadBackgroundRemovalModel":
        return [BIREFNET]
    if node.type not in KINDS:
        return []
    with comfyui_folders():
        from comfyui_nodes.model_choices import file_name
        from comfyui_nodes.model_folders import KEYS

        kind, chosen = KINDS[node.type], node.values.get("model")
        found = [entry for entry in of_kind(kind).values() if file_name(entry) == chosen]
        # The page downloads from Hugging Face; of other addresses it shows a link.
        return [
            {"name": file_name(entry), "url": next(filter(_is_hub, entry.urls), entry.urls[0]), "directory": KEYS[kind]}
            for entry in found
        ]


def _is_hub(url: str) -> bool:
    return url.startswith("https://huggingface.co/")


def save(x: int, prefix: str, y: int = 60) -> Node:
    """Save Image."""
    return Node("SaveImage", (x, y), (380, 420), {"filename_prefix": f"cutsmith/{prefix}"})


SEVERAL = "A batch comes out whole: every image is processed, and one in which nothing is found stays empty.\n"
TRANSPARENT = {"background": "transparent"}
CLOSED_FORM = {"matting": "closed-form"}
ISNET = {"model": "isnet-general-use.onnx"}
SAM2 = {"model": "sam2.1_hiera_small.pt"}
DINO = {"model": "grounding-dino-tiny/model.safetensors"}
IN_BOX = {"model": "subject in box (IS-Net)"}
DUCK, APPLE = {"x": 384, "y": 124, "width": 216, "height": 188}, {"x": 252, "y": 166, "width": 150, "height": 162}
FETCH = "**python -m cutsmith models fetch %s --into models/%s**"
PYTHON = "in ComfyUI's folder, with ComfyUI's own Python"

WORKFLOWS_BY_NAME = {
    "product-on-white": Workflow(
        "## Product on white\n\n"
        "**Rembg Cut** finds the main subject (IS-Net) and lays it on white. Under *advanced*: another colour, "
        "**transparent** for a picture with alpha, a mask that is grown or softened.\n\n"
        "Fur and hair are refined (**matting** **auto**); **none** leaves the edge as the model sees it.\n\n" + SEVERAL,
        {
            "photo": picture("mug.jpg"),
            "cut": Node(
                "CutsmithRembgCut",
                (MIDDLE, 60),
                (340, 620),
                {**ISNET, "background": "color", "background_color": "#ffffff"},
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
            "photo": picture("animal.jpg", title="Portrait"),
            "cut": Node("CutsmithRembgCut", (MIDDLE, 60), (340, 620), {**ISNET, "matting": "none"}),
            "matting": Node(
                "CutsmithTrimapMatting",
                (RIGHT, 60),
                (340, 620),
                {"band_inner": 5, "band_outer": 10, **CLOSED_FORM},
            ),
            "behind": picture("beach.jpg", 480, title="New background"),
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
        f"Weights, {PYTHON}:\n\n"
        + FETCH % ("grounding-dino-tiny", "grounding-dino")
        + " (690 MB) and\n\n"
        + FETCH % ("sam2.1-hiera-small", "sam2")
        + " (184 MB); both Apache-2.0.\n\n"
        "Without SAM 2: **model** **subject in box (IS-Net)**. Too little found: a lower **box_threshold**.\n",
        {
            "photo": picture("three-things.jpg"),
            "detect": Node("CutsmithTextDetect", (MIDDLE, 60), (340, 620), {**DINO, "prompt": "toy duck, mug"}),
            "mask": Node("CutsmithSAM2Mask", (RIGHT, 60), (340, 620), SAM2),
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
        'Points are in pixels of the image, as JSON: **[{"x": 490, "y": 260}]**. **negative_points** lie on what is '
        "not the subject. A points editor of another pack can be connected in place of the text.\n\n"
        "Needs SAM 2 (184 MB, Apache-2.0). ComfyUI offers the download; it belongs in **models/sam2**. Or, "
        f"{PYTHON}:\n\n" + FETCH % ("sam2.1-hiera-small", "sam2") + "\n",
        {
            "photo": picture("three-things.jpg"),
            "mask": Node(
                "CutsmithSAM2Mask",
                (MIDDLE, 60),
                (340, 620),
                {**SAM2, "positive_points": '[{"x": 490, "y": 260}]', "negative_points": '[{"x": 20, "y": 20}]'},
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
        "The sample has been painted over already. Nothing painted gives an empty picture.\n",
        {
            "photo": picture("painted-over.webp", title="Paint here: right-click, Open in MaskEditor"),
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
            "one": picture("red-mug.jpg"),
            "two": picture("duck.jpg", 440),
            "three": picture("apple.jpg", 820),
            "batch": Node("BatchImagesNode", (MIDDLE, 60), (260, 120)),
            "cut": Node("CutsmithRembgCut", (RIGHT, 60), (340, 620), {**ISNET, **TRANSPARENT}),
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
    "by-boxes": Workflow(
        "## What is in the boxes\n\n"
        "Draw the boxes in **Create Bounding Boxes**, one for each object. Its width and height are the picture's.\n\n"
        "**SAM2 Mask** runs here with **subject in box (IS-Net)**, which needs no SAM 2. For exact masks, and for things "
        "that touch each other, choose a SAM 2 model.\n",
        {
            "photo": picture("three-things.jpg"),
            "boxes": Node(
                "CreateBoundingBoxes",
                (MIDDLE, 60),
                (420, 560),
                {"width": 640, "height": 448, "editor_state": [DUCK, APPLE]},
            ),
            "mask": Node("CutsmithSAM2Mask", (MIDDLE + 460, 60), (340, 620), IN_BOX),
            "matting": Node("CutsmithTrimapMatting", (MIDDLE + 840, 60), (340, 620), {**TRANSPARENT, **CLOSED_FORM}),
            "save": save(MIDDLE + 1220, "boxes"),
        },
        [
            ("photo", "IMAGE", "boxes", "background"),
            ("photo", "IMAGE", "mask", "image"),
            ("boxes", "bboxes", "mask", "bboxes"),
            ("photo", "IMAGE", "matting", "image"),
            ("mask", "mask", "matting", "mask"),
            ("matting", "image", "save", "images"),
        ],
    ),
    "hair-on-comfyui-s-mask": Workflow(
        "## ComfyUI's own mask, with fine hair\n\n"
        "**Remove Background** is ComfyUI's own node (BiRefNet, 444 MB). **Trimap Matting** solves for the hair at "
        "the mask's edge and cleans its colours.\n\n"
        "ComfyUI offers the download; the file belongs in **models/background_removal**.\n",
        {
            "photo": picture("animal.jpg"),
            "model": Node("LoadBackgroundRemovalModel", (LEFT, 480), (320, 90), {"bg_removal_name": BIREFNET["name"]}),
            "remove": Node("RemoveBackground", (MIDDLE, 60), (280, 100)),
            "matting": Node(
                "CutsmithTrimapMatting",
                (MIDDLE + 320, 60),
                (340, 620),
                {"band_inner": 5, "band_outer": 10, **TRANSPARENT, **CLOSED_FORM},
            ),
            "save": save(MIDDLE + 700, "birefnet"),
        },
        [
            ("model", "bg_model", "remove", "bg_removal_model"),
            ("photo", "IMAGE", "remove", "image"),
            ("photo", "IMAGE", "matting", "image"),
            ("remove", "mask", "matting", "mask"),
            ("matting", "image", "save", "images"),
        ],
    ),
}

BUILD = """async ({note, noteSize, nodes, links}) => {
  app.graph.clear();
  const made = {};
  const add = (type, place, size, title, values, models = []) => {
    const node = LiteGraph.createNode(type);
    app.graph.add(node);
    node.pos = place;
    if (title) node.title = title;
    if (models.length) node.properties.models = models;
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
    made[name] = add(each.type, each.place, each.size, each.title, each.values, each.models);
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
        for sample in SAMPLES.iterdir():
            shutil.copy(sample, folder / "input")
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
                            "nodes": {
                                name: {**vars(node), "models": models_of(node)} for name, node in workflow.nodes.items()
                            },
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
