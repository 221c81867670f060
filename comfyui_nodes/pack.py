"""The entry point that ComfyUI loads.

It imports nothing heavy: a pack must load in milliseconds, even if parts of it are missing.
"""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from .engine_check import require_engine
from .inputs_in_use import watch_prompts

# Relative to the root's __init__.py. The nodes' help pages are docs/NODE_ID.md in it.
WEB_DIRECTORY = "./comfyui_nodes/web"


class CutsmithExtension(ComfyExtension):
    """The pack's nodes."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """The node classes, in the order in which people wire them."""
        from .model_folders import register_model_folders
        from .nodes.crop_to_subject import CropToSubject
        from .nodes.mask_tools import MaskTools
        from .nodes.pick_object import PickObject
        from .nodes.put_back import PutBack
        from .nodes.rembg_cut import RembgCut
        from .nodes.sam2_mask import SAM2Mask
        from .nodes.text_detect import TextDetect
        from .nodes.trimap_matting import TrimapMatting

        register_model_folders()
        cutting: list[type[io.ComfyNode]] = [TextDetect, SAM2Mask, TrimapMatting, RembgCut]
        watch_prompts(cutting)
        return [*cutting, MaskTools, PickObject, CropToSubject, PutBack]


async def comfy_entrypoint() -> CutsmithExtension:
    """Return the pack, if the engine that it needs is installed in this Python.

    Raises:
        EngineMismatch: the engine is missing or has another version. ComfyUI prints the message and continues without
            the pack.
    """
    require_engine()
    return CutsmithExtension()
