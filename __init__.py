"""A clone of this repository in ComfyUI's custom_nodes is a node pack; everywhere else this file does nothing."""

import sys

if "comfy_api" in sys.modules:
    from .comfyui_nodes.pack import WEB_DIRECTORY, comfy_entrypoint

    __all__ = ["WEB_DIRECTORY", "comfy_entrypoint"]
