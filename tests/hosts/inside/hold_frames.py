"""Matte frames of a film and measure the memory that the node holds beside ComfyUI's own batches, in MB."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import threading
import time
from typing import Any

arguments = json.loads(sys.argv[1])
sys.argv = ["main.py", "--cpu"]
sys.path.insert(0, arguments["tree"])
import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()
import nodes  # noqa: E402
import psutil  # noqa: E402
import torch  # noqa: E402

asyncio.run(nodes.load_custom_node(arguments["pack"]))
node = nodes.NODE_CLASS_MAPPINGS["CutsmithTrimapMatting"]
process = psutil.Process()


class Peak(threading.Thread):
    """The highest resident memory while it runs, looked at every few milliseconds."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.highest = 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.is_set():
            self.highest = max(self.highest, process.memory_info().rss)
            time.sleep(0.004)


def batch(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """`count` frames of 720p, of whole levels, and a mask for each."""
    frames = torch.randint(0, 256, (count, 720, 1280, 3), generator=torch.Generator().manual_seed(0)).float()
    masks = torch.zeros(count, 720, 1280)
    masks[:, 200:500, 300:900] = 1
    return frames.div_(255), masks


def run(frames: torch.Tensor, masks: torch.Tensor) -> Any:
    """The node's outputs, without a solver, so that only what is held counts."""
    return node.execute(
        image=frames, mask=masks, band_inner=3, band_outer=4, matting="none", refine_foreground=False
    ).args


def crop(frames: torch.Tensor, masks: torch.Tensor) -> Any:
    """Small crops of the frames, by one mask, and what Put Back makes of them."""
    crops, _, came_from = (
        nodes.NODE_CLASS_MAPPINGS["CutsmithCropToSubject"].execute(frames, masks[:1], 0.0, 64, 64).args
    )
    return crops, nodes.NODE_CLASS_MAPPINGS["CutsmithPutBack"].execute(came_from, crops, mask=masks[:, ::4, ::4]).args[
        0
    ]


def highest(work: Any) -> tuple[Any, float]:
    """What `work` returns, and the most memory that it held beside that, in bytes."""
    gc.collect()
    before = process.memory_info().rss
    peak = Peak()
    peak.start()
    made = work()
    peak.ended.set()
    peak.join()
    return made, peak.highest - before - sum(each.numel() * each.element_size() for each in made)


run(*batch(2))
crop(*batch(2))
frames, masks = batch(arguments["frames"])
outputs, beside = highest(lambda: run(frames, masks))
answer = {
    "beside": beside / 1e6,
    "beside_crops": highest(lambda: crop(frames, masks))[1] / 1e6,
    "shapes": [list(each.shape) for each in outputs],
}
sys.stdout.write(json.dumps(answer) + "\n")
