"""What ComfyUI loads. Nothing heavy is imported here: a pack has to load in milliseconds, and with any part missing."""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from .engine_check import require_engine

# Beside the root's __init__.py; its docs/NODE_ID.md are the nodes' help pages.
WEB_DIRECTORY = "./comfyui_nodes/web"


class CutsmithExtension(ComfyExtension):
    """The pack's four nodes."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """The node classes, in the order in which people wire them."""
        from .model_folders import register_model_folders
        from .nodes.rembg_cut import RembgCut
        from .nodes.sam2_mask import SAM2Mask
        from .nodes.text_detect import TextDetect
        from .nodes.trimap_matting import TrimapMatting

        register_model_folders()
        return [TextDetect, SAM2Mask, TrimapMatting, RembgCut]


async def comfy_entrypoint() -> CutsmithExtension:
    """The pack, if the engine that it needs is installed in this Python.

    Raises:
        EngineMismatch: it is not, or not in this version; ComfyUI prints the message and goes on without the pack.
    """
    require_engine()
    return CutsmithExtension()
