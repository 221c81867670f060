"""The part of benchmarks/comfyui_pack.py that runs in ComfyUI's own Python; do not run it by hand."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

Work = Callable[[], object]


def main(arguments: dict[str, Any]) -> dict[str, Any]:
    """Bring ComfyUI up without its server, and measure one part."""
    sys.argv = ["main.py", "--cpu", *(["--models-directory", arguments["models"]] if "models" in arguments else [])]
    sys.path.insert(0, arguments["tree"])
    import comfy.options

    comfy.options.enable_args_parsing()
    import nodes

    if arguments["part"] == "load":
        with tempfile.TemporaryDirectory() as empty:
            (Path(empty) / "__init__.py").write_text("NODE_CLASS_MAPPINGS = {}\n")
            _load(nodes, empty)
            return {"seconds": _load_pack(nodes, arguments["pack"])}
    _load_pack(nodes, arguments["pack"])
    return {"seconds": _compare(nodes.NODE_CLASS_MAPPINGS, arguments)}


def _load_pack(nodes: Any, folder: str) -> float:
    """As `_load`; a pack that brings no nodes ends the process: ComfyUI only logs why, and it loads fast."""
    seconds = _load(nodes, folder)
    if "CutsmithRembgCut" not in nodes.NODE_CLASS_MAPPINGS:
        sys.exit(f"the pack in {folder} brought no nodes: python3 install.py comfyui {sys.path[0]} installs its engine")
    return seconds


def _load(nodes: Any, folder: str) -> float:
    """Load a pack, and return the seconds as `init_external_custom_nodes` measures them."""

    async def load() -> float:
        start = perf_counter()
        await nodes.load_custom_node(folder)
        return perf_counter() - start

    return asyncio.run(load())


def _compare(nodes: dict[str, Any], arguments: dict[str, Any]) -> dict[str, list[tuple[float, float, float]]]:
    """Seconds of each round, by node: the node's, the engine's within it, and the engine's without the node."""
    import numpy as np
    import torch

    images = [_photograph(number) for number in range(4)]
    batch = torch.from_numpy(np.stack(images)).float() / 255
    within = _EngineTime()
    pairs: dict[str, Callable[[], tuple[Work, Work]]] = {
        "RembgCut": lambda: _rembg_cut(nodes, batch, images),
        "TrimapMatting": lambda: _trimap_matting(nodes, batch, images),
        "SAM2Mask": lambda: _sam2_mask(nodes, batch, images, arguments["sam2"]),
    }
    taken: dict[str, list[tuple[float, float, float]]] = {}
    for name in arguments["nodes"]:
        node, engine = pairs[name]()
        node(), engine()
        taken[name] = []
        for number in range(arguments["rounds"]):
            alone = _seconds(engine) if number % 2 else 0.0
            within.seconds = 0.0
            _forget()
            whole = _seconds(node)
            inner = within.seconds
            taken[name].append((whole, inner, alone or _seconds(engine)))
    return taken


def _forget() -> None:
    """Drop what the pack keeps of pictures that it has seen, or its networks would not run."""
    for name, module in sys.modules.items():
        if name.endswith(".comfyui_nodes.remembered"):
            module.MEMORY.forget()


class _EngineTime:
    """The seconds spent in the engine's functions that the nodes call."""

    def __init__(self) -> None:
        import cutsmith
        from cutsmith.matting import trimap
        from cutsmith.segmentation.sam2 import Sam2Segment, Sam2Segmenter

        self.seconds = 0.0
        self._depth = 0  # only one thread calls the engine
        for owner, name in (
            (cutsmith, "cut_out"),
            (cutsmith, "refine_mask"),
            (trimap, "trimap_from_soft_mask"),
            (Sam2Segmenter, "segment"),
            (Sam2Segment, "soft_mask"),
        ):
            setattr(owner, name, self._timed(getattr(owner, name)))

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*positional: Any, **named: Any) -> Any:
            start = perf_counter()
            self._depth += 1
            try:
                return function(*positional, **named)
            finally:
                self._depth -= 1
                if not self._depth:
                    self.seconds += perf_counter() - start

        return timed


def _photograph(number: int) -> Any:
    """A bright blob with a soft, hairy edge on a textured ground: uint8 (800, 1200, 3)."""
    import cv2
    import numpy as np

    generator = np.random.default_rng(number)
    ground = cv2.resize(generator.uniform(20, 120, (50, 75, 3)), (1200, 800))
    rows, columns = np.mgrid[:800, :1200]
    angle = np.arctan2(rows - 400, columns - 600)
    radius = 260 + 12 * np.sin(40 * angle + number)
    share = np.clip((radius - np.hypot(rows - 400, columns - 600)) / 6 + 0.5, 0, 1)[..., None]
    return np.clip(ground * (1 - share) + share * (200, 170, 60) + generator.normal(0, 3, ground.shape), 0, 255).astype(
        np.uint8
    )


def _rembg_cut(nodes: dict[str, Any], batch: Any, images: list[Any]) -> tuple[Work, Work]:
    from cutsmith import Models, Picture, SubjectNotFound, cut_out
    from cutsmith.removal.loading import load_remover

    remover = load_remover().model

    def engine() -> None:
        for image in images:
            with contextlib.suppress(SubjectNotFound):
                cut_out(Picture(image), models=Models(remover=remover))

    settings = {"model": "default (IS-Net)", "matting": "none", "band_inner": 3, "band_outer": 3}
    return lambda: nodes["CutsmithRembgCut"].execute(image=batch, **settings), engine


def _trimap_matting(nodes: dict[str, Any], batch: Any, images: list[Any]) -> tuple[Work, Work]:
    import numpy as np
    import torch

    from cutsmith import Picture, refine_mask

    rows, columns = np.mgrid[:800, :1200]
    mask = (np.hypot(rows - 400, columns - 600) < 260).astype(np.float32)

    def engine() -> None:
        for image in images:
            refine_mask(Picture(image), mask, band=(14, 14))

    settings = {"band_inner": 14, "band_outer": 14, "method": "closed-form", "refine_foreground": True}
    masks = torch.from_numpy(mask)[None]
    return lambda: nodes["CutsmithTrimapMatting"].execute(image=batch, mask=masks, **settings), engine


def _sam2_mask(nodes: dict[str, Any], batch: Any, images: list[Any], sam2: str) -> tuple[Work, Work]:
    import folder_paths

    from cutsmith.protocols import Point, Prompt
    from cutsmith.segmentation.loading import load_segmenter

    segmenter = load_segmenter(folder_paths.get_full_path("sam2", sam2), device="cpu").model

    def engine() -> None:
        for image in images:
            segmenter.segment(image, [Prompt(points=(Point(600, 400),))])[0].soft_mask()

    settings = {"model": sam2, "positive_points": '[{"x": 600, "y": 400}]'}
    return lambda: nodes["CutsmithSAM2Mask"].execute(image=batch, **settings), engine


def _seconds(work: Work) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
