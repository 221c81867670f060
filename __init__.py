"""A clone of this repository in ComfyUI's custom_nodes is a node pack; everywhere else this file does nothing."""

import sys

if __name__ == "cutsmith":
    # Somebody wants the engine, and Python has found this folder first, because it has the engine's name.
    raise ImportError(
        f"{__file__.rpartition('__init__')[0]} hides Cutsmith's engine: this folder has the engine's name, and the one "
        "around it is on Python's path. Rename it (in ComfyUI to ComfyUI-Cutsmith), or work in another folder.",
        name="cutsmith",
        path=__file__,
    )
if "comfy_api" in sys.modules:
    from .comfyui_nodes.pack import WEB_DIRECTORY, comfy_entrypoint

    __all__ = ["WEB_DIRECTORY", "comfy_entrypoint"]
