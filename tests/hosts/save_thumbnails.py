"""Runs the saved workflows and makes their thumbnails: `python -m tests.hosts.save_thumbnails`.

To be run by hand after save_workflows, on a machine that has IS-Net. Where SAM 2, Grounding DINO or BiRefNet would be
needed, which that machine may lack, IS-Net stands in: on boxes, or on the whole picture.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.hosts.comfyui_server import ComfyUIServer
from tests.hosts.host_programs import comfyui_folder
from tests.hosts.save_workflows import DUCK, SAMPLES, WORKFLOWS
from tests.hosts.saved_workflows import NAMES, in_api_format, node_of, nodes_of

SIDE = 512
MUG = {"x": 68, "y": 138, "width": 200, "height": 186}


def main() -> None:
    """Make all of them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(SAMPLES, folder / "input")
        server = ComfyUIServer(comfyui_folder(), folder)
        try:
            save_all(server)
        finally:
            server.stop()


def save_all(server: ComfyUIServer) -> None:
    """Run each workflow on `server`, which has the samples and IS-Net, and save its thumbnail."""
    for workflow in NAMES:
        prompt = _with_isnet(workflow)
        run = server.run(prompt)
        assert run.error is None, run.error["exception_message"]
        saved = [server.picture(each) for each in run.outputs[node_of(prompt, "SaveImage")]["images"]]
        original = SAMPLES / nodes_of(prompt, "LoadImage")[0]["image"]
        made = thumbnail([Image.open(path) for path in saved], Image.open(original))
        made.save(WORKFLOWS / f"{workflow}.jpg", quality=88, optimize=True)


def _with_isnet(workflow: str) -> dict[str, Any]:
    boxes = {"by-boxes": None, "by-words": [DUCK, MUG], "by-clicks": [DUCK]}
    if workflow in boxes:
        prompt = in_api_format("by-boxes")
        if boxes[workflow] is not None:
            nodes_of(prompt, "CreateBoundingBoxes")[0]["editor_state"] = {"__value__": boxes[workflow]}
        return prompt
    if workflow == "hair-on-comfyui-s-mask":
        prompt = in_api_format("portrait-with-hair")
        (matting,) = nodes_of(prompt, "CutsmithTrimapMatting")
        matting["background"] = "transparent"
        nodes_of(prompt, "SaveImage")[0]["images"] = [node_of(prompt, "CutsmithTrimapMatting"), 0]
    else:
        prompt = in_api_format(workflow)
    for cut in nodes_of(prompt, "CutsmithRembgCut"):
        cut["model"] = "default (IS-Net)"
    return prompt


def thumbnail(results: list[Image.Image], original: Image.Image) -> Image.Image:
    """The results on checks, side by side, with the original small in the corner; 512 x 512, RGB."""
    rows, columns = np.mgrid[:SIDE, :SIDE] // 16
    checks = np.where((rows + columns) % 2, 255, 225).astype(np.uint8)
    picture = Image.fromarray(checks).convert("RGB")
    band = SIDE // len(results)
    for number, result in enumerate(results):
        fitted = result.convert("RGBA")
        scale = max(band / fitted.width, SIDE / fitted.height) if len(results) == 1 else band / fitted.width
        fitted = fitted.resize((round(fitted.width * scale), round(fitted.height * scale)), Image.Resampling.LANCZOS)
        place = (band * number + (band - fitted.width) // 2, (SIDE - fitted.height) // 2)
        picture.paste(fitted, place, fitted)
    small = original.convert("RGB")
    small.thumbnail((150, 150))
    framed = Image.new("RGB", (small.width + 6, small.height + 6), "white")
    framed.paste(small, (3, 3))
    picture.paste(framed, (10, SIDE - framed.height - 10))
    return picture


if __name__ == "__main__":
    main()
