"""Run RembgCut on PyTorch, under ComfyUI's model management, and with ComfyUI's own BiRefNet; tell how masks differ."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

arguments = json.loads(sys.argv[1])
sys.argv = ["main.py", "--cpu", "--models-directory", arguments["models"]]
sys.path.insert(0, arguments["tree"])
import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()
import comfy.model_management as management  # noqa: E402
import nodes  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from PIL import Image  # noqa: E402

asyncio.run(nodes.load_custom_node(arguments["pack"]))
RembgCut = nodes.NODE_CLASS_MAPPINGS["CutsmithRembgCut"]
loaded_models, kept_models = (
    next(module for name, module in sys.modules.items() if name.endswith(f".comfyui_nodes.{wanted}"))
    for wanted in ("loaded_models", "kept_models")
)
pixels = np.asarray(Image.open(arguments["picture"]).convert("RGB"))
image = torch.from_numpy(pixels)[None].float() / 255


def cut(model: str, **inputs: Any) -> torch.Tensor:
    """The mask of RembgCut."""
    with torch.inference_mode():
        given = RembgCut.execute(
            image=image, model=model, matting="none", band_inner=3, band_outer=3, looks="1", **inputs
        )
    return given.args[1]


def engine(model: str, device: str = "auto", **inputs: Any) -> tuple[str, list[str]]:
    """What runs `model`, and what is told about that."""
    told: list[str] = []
    with loaded_models.remover(model, device, keep=True, tell=told.extend, **inputs) as remover:
        return remover.provenance()["engine"], told


def difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """The largest."""
    assert one.shape == other.shape
    return float((one - other).abs().max())


def refusal(model: str) -> str:
    """What the node says of a file that it cannot run."""
    try:
        cut(model)
    except Exception as error:  # noqa: BLE001 - the test looks at its type and text
        return f"{type(error).__name__}: {error}"
    return ""


DEFAULT, SINGLE, TINY = "default (IS-Net)", "single.onnx", "tiny.onnx"
answer: dict[str, Any] = {
    "choices": RembgCut.INPUT_TYPES()["required"]["model"][1]["options"],
    "engines": {
        name: engine(DEFAULT, **inputs)
        for name, inputs in {
            "auto": {},
            "torch": {"engine": "torch"},
            "torch on cpu": {"engine": "torch", "device": "cpu"},
            "cuda": {"engine": "cuda"},
        }.items()
    },
    "unsupported": engine("other.onnx", engine="torch"),
}
on_torch = cut(SINGLE, engine="torch")
answer["subject"] = float(on_torch.mean())
answer["isnet"] = difference(on_torch, cut(SINGLE, engine="onnxruntime"))
answer["tiny"] = difference(cut(TINY, engine="torch"), cut(TINY, engine="onnxruntime"))
# An artist corrects the description of a model that is open.
undescribed, description = cut(TINY), Path(arguments["models"]) / "rembg" / "tiny.toml"
description.write_text("mean = [0.1, 0.9, 0.2]\n", encoding="utf-8")
answer["tiny_described"] = difference(cut(TINY), undescribed)
description.unlink()

# A ComfyUI with a card, as far as a machine without one can have it: the host's device is said to be none of the
# processor's, so that the pack takes PyTorch and hands the network to ComfyUI's management, which moves it to "cpu:0".
from cutsmith.machine.cancelling import heeding  # noqa: E402

real_device, real_fp16 = loaded_models._torch_device, management.should_use_fp16


class Card:
    """A device of another type, which ComfyUI finds where the processor is."""

    type = "card"

    def __str__(self) -> str:
        return "cpu:0"


loaded_models._torch_device = lambda device: Card() if device != "cpu" else real_device(device)
answer["managed"] = {}
for precision, is_half in (("fp32", False), ("fp16", True)):
    management.should_use_fp16 = lambda *_, is_half=is_half, **__: is_half
    mask = cut(TINY)
    listed = [each for each in management.current_loaded_models if type(each.model).__name__ == "Movable"]
    answer["managed"][precision] = {
        "engine": engine(TINY)[0],
        "listed": len(listed),
        "on_processor": engine(TINY, "cpu")[0],
        "difference": difference(mask, cut(TINY, engine="onnxruntime")),
    }
    # As `unload_all_models` does for ComfyUI's own device, which is called "cpu" here.
    management.free_memory(1e30, torch.device("cpu:0"))
    answer["managed"][precision]["listed_after_unload"] = len(
        [each for each in management.current_loaded_models if type(each.model).__name__ == "Movable"]
    )
    answer["managed"][precision]["again"] = difference(cut(TINY), mask)
    cut(TINY, keep_model_loaded=False)

real_limit, kept_models._most_bytes = kept_models._most_bytes, lambda: 0


def movables() -> int:
    """How many of the models that stay open may be moved, after a run of another model."""
    cut(DEFAULT, device="cpu")
    return sum(type(each).__name__ == "Movable" for each in kept_models._kept.values())


cut(TINY)
answer["movables_on_the_card"] = movables()
management.free_memory(1e30, torch.device("cpu:0"))
answer["movables_off_the_card"] = movables()
kept_models._most_bytes = real_limit
loaded_models._torch_device, management.should_use_fp16 = real_device, real_fp16

if arguments["birefnet"]:
    from comfy import bg_removal_model
    from comfy_extras.nodes_bg_removal import RemoveBackground

    native, published = arguments["birefnet"]
    host = bg_removal_model.load(str(Path(arguments["models"]) / native))
    host.image_size = 256
    with torch.inference_mode():
        expected = RemoveBackground.execute(host, image).args[0]
        host.image_mean, host.image_std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
        normalised = RemoveBackground.execute(host, image).args[0]
    answer["birefnet"] = {
        "spread": float(expected.std()),
        "apart": difference(expected, normalised),
        "native": difference(cut(native), expected),
        "published": difference(cut(published), normalised),
        "engine": engine(native)[0],
    }
    description = (Path(arguments["models"]) / native).with_suffix(".toml")
    description.write_text("input_size = 256\n", encoding="utf-8")
    answer["birefnet"]["described_otherwise"] = difference(cut(native), normalised)
    stops: list[str] = []

    def stop() -> None:
        stops.append("asked")
        if len(stops) > 20:
            raise InterruptedError

    with loaded_models.remover(native, "auto", keep=True, tell=stops.extend) as remover:
        try:
            with heeding(stop):
                remover.soft_mask(pixels)
        except InterruptedError:
            answer["birefnet"]["stopped_after"] = len(stops)
answer["refusals"] = {name: refusal(name) for name in arguments["wrong"]}
sys.stdout.write(json.dumps(answer) + "\n")
