"""Which files the pack finds under models/, as other packs have put them there."""

from __future__ import annotations

import asyncio
import json
import sys

arguments = json.loads(sys.argv[1])
sys.argv = ["main.py", "--cpu", "--models-directory", arguments["models"]]
sys.path.insert(0, arguments["tree"])
import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()
import nodes  # noqa: E402
import torch  # noqa: E402

asyncio.run(nodes.load_custom_node(arguments["pack"]))
(choices,) = (module for name, module in sys.modules.items() if name.endswith(".comfyui_nodes.model_choices"))
(folders,) = (module for name, module in sys.modules.items() if name.endswith(".comfyui_nodes.model_folders"))
from cutsmith.models.catalogue import find_entry  # noqa: E402

store = folders.comfyui_store()
dino = find_entry("groundingdino-swint-ogc", "detector")
(vocabulary,) = dino.companions
image = torch.rand(2, 96, 128, 3, generator=torch.Generator().manual_seed(0))
rows = torch.tensor([[20.0, 20.0, 90.0, 80.0, 0.75]])


def masks(model: str) -> torch.Tensor:
    """SAM2Mask's masks for the rows of boxes."""
    node = nodes.NODE_CLASS_MAPPINGS["CutsmithSAM2Mask"]
    with torch.inference_mode():
        return node.execute(image=image, model=model, bboxes=rows).args


published, repackaged = masks("tiny.pt"), masks("tiny.safetensors")
answer = {
    "sam2": choices.sam2_choices(choices.on_disk("segmenter")),
    "best_sam2": str(store.find(find_entry("sam2.1-hiera-large", "segmenter")).path),
    "vocabulary": str(store.require_companion(dino, vocabulary, folders.Path("models/grounding-dino/own.pth"))),
    "equal": bool(torch.equal(published[0], repackaged[0])),
    "scores": [[box["score"] for box in boxes] for boxes in repackaged[1]],
}
sys.stdout.write(json.dumps(answer) + "\n")
