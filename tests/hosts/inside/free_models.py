"""Run the nodes and look at what stays in memory, what ComfyUI frees, and what is loaded how often."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import weakref
from typing import Any

arguments = json.loads(sys.argv[1])
sys.argv = ["main.py", "--cpu", "--models-directory", arguments["models"]]
sys.path.insert(0, arguments["tree"])
import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()
import comfy.model_management as management  # noqa: E402
import nodes  # noqa: E402
import torch  # noqa: E402

asyncio.run(nodes.load_custom_node(arguments["pack"]))
image = torch.rand(1, 96, 128, 3, generator=torch.Generator().manual_seed(0))
boxes = [[{"x": 10, "y": 10, "width": 60, "height": 50}]]
CLICK = '[{"x": 60, "y": 40}]'
DEFAULT = "default (IS-Net)"
opened: list[Any] = []


def counted(module: Any, name: str) -> None:
    """Remember, without keeping it alive, what `module.name` opens."""
    real = getattr(module, name)

    def opens(*given: Any, **named: Any) -> Any:
        made = real(*given, **named)
        opened.append(weakref.ref(made.engine if hasattr(made, "engine") else made.model))
        return made

    setattr(module, name, opens)


import cutsmith.detection.loading  # noqa: E402
import cutsmith.engines.opening  # noqa: E402
import cutsmith.segmentation.loading  # noqa: E402

counted(cutsmith.engines.opening, "open_model")
counted(cutsmith.segmentation.loading, "load_segmenter")
counted(cutsmith.detection.loading, "load_detector")


def run(name: str, **inputs: Any) -> Any:
    """A node's outputs."""
    node = nodes.NODE_CLASS_MAPPINGS[f"Cutsmith{name}"]
    with torch.inference_mode():
        return node.execute(image=image, **inputs).args


def cut(model: str = DEFAULT, **inputs: Any) -> torch.Tensor:
    """The mask of RembgCut."""
    return run("RembgCut", model=model, matting="none", band_inner=3, band_outer=3, **inputs)[1]


def mask(**inputs: Any) -> torch.Tensor:
    """What SAM2Mask gives for a click."""
    return run("SAM2Mask", model=arguments["sam2"], positive_points=CLICK, **inputs)[0]


def listed() -> int:
    """How many models ComfyUI has on its list."""
    gc.collect()
    management.cleanup_models()
    return len(management.current_loaded_models)


def alive() -> int:
    """How many of the models that were opened are still there."""
    gc.collect()
    return sum(each() is not None for each in opened)


def since(before: int) -> int:
    """How many models were opened since there were `before`."""
    return len(opened) - before


answer: dict[str, Any] = {"before": listed()}

first, first_cut = mask(), cut()
answer["listed"], answer["alive"] = listed(), alive()
management.unload_all_models()
answer["listed_after_unload"], answer["alive_after_unload"] = listed(), alive()
answer["equal_after_unload"] = bool(torch.equal(mask(), first)) and bool(torch.equal(cut(), first_cut))
answer["listed_again"] = listed()
mask(keep_model_loaded=False)
cut(keep_model_loaded=False)
answer["listed_after_keep_off"], answer["alive_after_keep_off"] = listed(), alive()

before = len(opened)
for name in (DEFAULT, arguments["isnet"]):
    for device in ("auto", "cpu"):
        cut(name, device=device)
run("SAM2Mask", model="subject in box (IS-Net)", bboxes=boxes)
for device in ("auto", "cpu"):
    mask(device=device)
answer["opened_under_other_names"] = since(before)


def graph() -> None:
    """Six models, one after another."""
    cut()
    for name in arguments["networks"]:
        cut(name)
    mask()
    run("TextDetect", model=arguments["detector"], prompt="cat", box_threshold=0.05, text_threshold=0.05)


graph()
before = len(opened)
graph()
answer["opened_at_the_second_run"], answer["alive_in_the_graph"] = since(before), alive()

if arguments["most_bytes"]:
    (kept,) = (module for name, module in sys.modules.items() if name.endswith(".comfyui_nodes.kept_models"))
    kept._most_bytes = lambda: arguments["most_bytes"]
    cut(arguments["networks"][0])
    answer["alive_within_the_limit"] = alive()
    cut(arguments["networks"][1])
    answer["alive_within_the_limit_again"] = alive()

(tensors,) = (module for name, module in sys.modules.items() if name.endswith(".comfyui_nodes.tensors"))
fitted, made = tensors._fitted, []
tensors._fitted = lambda *given: made.append(given) or fitted(*given)
mask(mask=torch.ones(1, 48, 64))
answer["rough_masks_made"] = len(made)
sys.stdout.write(json.dumps(answer) + "\n")
