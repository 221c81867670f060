"""Run the nodes again with one input changed, and count how often networks run."""

from __future__ import annotations

import asyncio
import gc
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

arguments = json.loads(sys.argv[1])
models = Path(tempfile.mkdtemp())
shutil.copytree(arguments["detector"], models / "grounding-dino" / "tiny")
sys.argv = ["main.py", "--cpu", "--models-directory", str(models)]
sys.path.insert(0, arguments["tree"])
import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()
import nodes  # noqa: E402
import torch  # noqa: E402

asyncio.run(nodes.load_custom_node(arguments["pack"]))
(remembered,) = (module for name, module in sys.modules.items() if name.endswith(".comfyui_nodes.remembered"))
from cutsmith.detection.detector import GroundingDetector  # noqa: E402
from cutsmith.removal.salient import SalientRemover  # noqa: E402

runs: Counter[str] = Counter()


def counted(owner: Any, name: str) -> None:
    """Count the calls of a method."""
    method: Callable[..., Any] = getattr(owner, name)

    def wrapped(*positional: Any, **named: Any) -> Any:
        runs[name] += 1
        return method(*positional, **named)

    setattr(owner, name, wrapped)


counted(SalientRemover, "probabilities")
counted(GroundingDetector, "candidates")
blob = torch.full((1, 96, 128, 3), 0.1)
blob[:, 24:72, 32:96] = torch.tensor([0.9, 0.5, 0.1])


def run(node: str, image: torch.Tensor = blob, **inputs: Any) -> Any:
    """A node's outputs."""
    with torch.inference_mode():
        return nodes.NODE_CLASS_MAPPINGS[f"Cutsmith{node}"].execute(image=image, **inputs).args


def cut(image: torch.Tensor = blob, **inputs: Any) -> Any:
    """What Rembg Cut gives after one look."""
    return run("RembgCut", image, model="default (IS-Net)", **{"matting": "none", "looks": "1", **inputs})


def detect(words: str = "cat, dog", threshold: float = 0.05) -> int:
    """How many objects Text Detect finds."""
    settings = {"text_threshold": 0.0, "max_detections": 0}
    return int(run("TextDetect", model="tiny", prompt=words, box_threshold=threshold, **settings)[2])


first = cut()
answer: dict[str, Any] = {"looks": runs["probabilities"]}
others = [cut(mask_blur=2.0), cut(matting="closed-form", band_inner=9), cut(background="color"), cut(invert=True)]
answer["after_finishes"] = runs["probabilities"]
answer["finishes_differ"] = all(
    any(not torch.equal(one, other) for one, other in zip(first, each, strict=True)) for each in others
)
cut(blob.flip(2).roll(9, 1))
answer["after_another_picture"] = runs["probabilities"]

counts = [detect()]
answer["detections"] = runs["candidates"]
counts.append(detect(threshold=0.9))
answer["after_thresholds"] = runs["candidates"]
detect(words="cup")
answer["after_other_words"] = runs["candidates"]
answer["counts"] = counts
answer["kept"] = remembered.MEMORY.bytes
cut(keep_model_loaded=False)
gc.collect()
answer["kept_after_keep_off"] = remembered.MEMORY.bytes
shutil.rmtree(models)
sys.stdout.write(json.dumps(answer) + "\n")
