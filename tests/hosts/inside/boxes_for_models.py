"""Give boxes to ComfyUI's own nodes that need weights, with stand-ins in place of these; tells what became of them."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

arguments = json.loads(sys.argv[1])
sys.argv = ["main.py", "--cpu"]
sys.path.insert(0, arguments["tree"])
import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()
import comfy.model_management as management  # noqa: E402
import comfy.sample  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from comfy_extras import nodes_sam3, nodes_sdpose  # noqa: E402

boxes = arguments["boxes"]
image = torch.rand(len(boxes), 96, 128, 3, generator=torch.Generator().manual_seed(0))
management.load_model_gpu = lambda *_: None
comfy.sample.sample = lambda *_, **__: None


class Sam3:
    """Keeps the corners that it is asked for."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def forward_segment(self, frame, box_inputs=None, mask_inputs=None):
        """A mask of nothing."""
        if box_inputs is not None:
            self.asked.append((box_inputs[0].flatten() / 1008 * torch.tensor([128, 96, 128, 96])).tolist())
        return torch.zeros(1, 1, 8, 8)


sam3 = Sam3()
model = SimpleNamespace(model=SimpleNamespace(get_dtype=lambda: torch.float32, diffusion_model=sam3))
nodes_sam3.SAM3_Detect.execute(model, image, bboxes=boxes)

cropped: list[Any] = []


class Head:
    """Sees one person with one joint in each picture."""

    heatmap_size = (16, 16)

    def __call__(self, features):
        return np.zeros((1, 134, 2), np.float32), np.ones((1, 134), np.float32)


class Vae:
    """Keeps the sizes of what it is given."""

    def encode(self, pixels):
        cropped.append(list(pixels.shape))
        return torch.zeros(1, 4, 8, 8)


patched = SimpleNamespace(model_options={})
pose = SimpleNamespace(
    clone=lambda: patched, model=SimpleNamespace(diffusion_model=SimpleNamespace(heatmap_head=Head()))
)
nodes_sdpose.SDPoseKeypointExtractor.execute(pose, Vae(), image, 1, bboxes=boxes)
sys.stdout.write(json.dumps({"sam3": sam3.asked, "crops": len(cropped)}) + "\n")
