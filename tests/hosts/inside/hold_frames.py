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


run(*batch(2))
frames, masks = batch(arguments["frames"])
gc.collect()
before = process.memory_info().rss
peak = Peak()
peak.start()
outputs = run(frames, masks)
peak.ended.set()
peak.join()
size = sum(each.numel() * each.element_size() for each in outputs)
answer = {
    "outputs": size / 1e6,
    "inputs": (frames.numel() + masks.numel()) * 4 / 1e6,
    "beside": (peak.highest - before - size) / 1e6,
    "shapes": [list(each.shape) for each in outputs],
}
sys.stdout.write(json.dumps(answer) + "\n")
