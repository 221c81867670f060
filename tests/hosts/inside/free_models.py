"""Run the nodes and look at what stays in memory: torch models in ComfyUI's hands, ONNX sessions in ours."""

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
(pack,) = (module for name, module in sys.modules.items() if name.endswith(".comfyui_nodes.loaded_models"))
kept = pack._kept
image = torch.rand(1, 96, 128, 3, generator=torch.Generator().manual_seed(0))


def run(name: str, **inputs: Any) -> Any:
    """A node's outputs."""
    node = nodes.NODE_CLASS_MAPPINGS[f"Cutsmith{name}"]
    with torch.inference_mode():
        return node.execute(image=image, **inputs).args


def mask(keep: bool) -> torch.Tensor:
    """What SAM2Mask gives for a click."""
    return run("SAM2Mask", model=arguments["sam2"], positive_points='[{"x": 60, "y": 40}]', keep_model_loaded=keep)[0]


def loaded() -> int:
    """How many models ComfyUI has on its list."""
    gc.collect()
    management.cleanup_models()
    return len(management.current_loaded_models)


answer: dict[str, Any] = {"before": loaded()}
first = mask(keep=True)
answer["after_sam2"] = loaded()
managed = next(iter(kept.values())).model
management.unload_all_models()
answer["after_unload_all"] = loaded()
answer["pictures_after_unload_all"] = len(managed.model._embeddings)
again = mask(keep=True)
answer["equal_after_reload"] = bool(torch.equal(first, again))
answer["after_reload"] = loaded()
seen = weakref.ref(managed.model.module)
del managed
mask(keep=False)
answer["after_keep_off"] = loaded()
answer["network_is_gone"] = seen() is None
answer["kept_after_keep_off"] = len(kept)

run("RembgCut", model="default (IS-Net)", matting="none", band_inner=3, band_outer=3, keep_model_loaded=True)
answer["kept_removers"] = [key[0] for key in kept]
remover = weakref.ref(next(iter(kept.values())).model)
run("RembgCut", model="default (IS-Net)", matting="none", band_inner=3, band_outer=3, keep_model_loaded=False)
gc.collect()
answer["remover_is_gone"] = remover() is None
sys.stdout.write(json.dumps(answer) + "\n")
