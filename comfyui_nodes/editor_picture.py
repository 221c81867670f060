"""The picture on which the page's editor draws where a node's input comes from no file: the input itself, smaller."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import folder_paths
from comfy_api.latest import io

if TYPE_CHECKING:
    from cutsmith.picture import Picture

# The longer side, in pixels: the picture is looked at in a node, not measured.
_SIDE = 1024
_QUALITY = 85


def picture_for_the_editor(picture: Picture) -> dict[str, Any]:
    """Write `picture` to ComfyUI's temp folder; -> an entry of the node's `ui`: the file, and the picture's own size.

    The file is called `name`, not `filename`: ComfyUI's page lists everything with a filename among the results.
    """
    import cv2

    pixels = picture.srgb()
    height, width = pixels.shape[:2]
    # Averaging all pixels of a large picture would take longer than anybody would see.
    step = max(max(width, height) // (2 * _SIDE), 1)
    scale = min(_SIDE / max(width, height), 1)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    shown = cv2.resize(pixels[::step, ::step], size, interpolation=cv2.INTER_AREA)
    temp = folder_paths.get_temp_directory()
    folder, name, counter, subfolder, _ = folder_paths.get_save_image_path("cutsmith_input", temp, width, height)
    file = f"{name}_{counter:05}_.jpg"
    _, data = cv2.imencode(".jpg", shown[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    (Path(folder) / file).write_bytes(data.tobytes())
    place = {"name": file, "subfolder": subfolder, "type": io.FolderType.temp.value}
    return {"cutsmith_picture": [{**place, "width": width, "height": height}]}
