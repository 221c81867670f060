"""The picture on which the page's editor draws where a node's input comes from no file: the input itself, smaller."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import folder_paths
from comfy_api.latest import io

if TYPE_CHECKING:
    from cutsmith.picture import Picture

# The longer side, in pixels: the picture is looked at in a node, not measured.
_SIDE = 1280


def picture_for_the_editor(picture: Picture) -> dict[str, Any]:
    """Write `picture` to ComfyUI's temp folder; -> an entry of the node's `ui`: the file, and the picture's own size.

    The file is called `name`, not `filename`: ComfyUI's page lists everything with a filename among the results.
    """
    from PIL import Image

    shown = Image.fromarray(picture.srgb())
    width, height = shown.size
    shown.thumbnail((_SIDE, _SIDE), reducing_gap=2)
    temp = folder_paths.get_temp_directory()
    folder, name, counter, subfolder, _ = folder_paths.get_save_image_path("cutsmith_input", temp, width, height)
    file = f"{name}_{counter:05}_.jpg"
    shown.save(Path(folder) / file, quality=88)
    place = {"name": file, "subfolder": subfolder, "type": io.FolderType.temp.value}
    return {"cutsmith_picture": [{**place, "width": width, "height": height}]}
