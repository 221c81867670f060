"""Previews for ComfyUI's page: masks, shown on the nodes, and the picture on which marks are drawn by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import folder_paths
from comfy_api.latest import io, ui

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.picture import Picture

# The longer side of the editor's picture, in pixels: it is looked at in a node, not measured.
_EDITOR_SIDE = 1280

# Previews are files: writing hundreds of them would take longer than making the masks.
_MOST = 16


class MaskPreviews:
    """A node's previews: its first few masks, written as gray pictures to ComfyUI's temp folder.

    ComfyUI's own PreviewMask writes three identical channels, which takes three times as long.
    """

    def __init__(self) -> None:
        self._saved: list[ui.SavedResult] = []

    def add(self, mask: NDArray[np.float32]) -> None:
        """Write the next mask, float32 (H, W) in [0, 1]."""
        import numpy as np
        from PIL import Image

        if len(self._saved) == _MOST:
            return
        height, width = mask.shape
        path, subfolder = _temp_file("cutsmith_mask", ".png", width, height)
        Image.fromarray((mask * 255 + 0.5).astype(np.uint8)).save(path, compress_level=1)
        self._saved.append(ui.SavedResult(path.name, subfolder, io.FolderType.temp))

    def shown(self) -> ui.SavedImages:
        """The list of previews for ComfyUI's page."""
        return ui.SavedImages(self._saved)


def picture_for_the_editor(picture: Picture) -> dict[str, Any]:
    """What the page's editor shows where the input comes from no file: `picture`, smaller, and its own size.

    The file is called `name`, not `filename`: ComfyUI's page lists everything with a filename among the results.
    """
    from PIL import Image

    shown = Image.fromarray(picture.srgb())
    width, height = shown.size
    shown.thumbnail((_EDITOR_SIDE, _EDITOR_SIDE), reducing_gap=2)
    path, subfolder = _temp_file("cutsmith_input", ".jpg", width, height)
    shown.save(path, quality=88)
    file = {"name": path.name, "subfolder": subfolder, "type": io.FolderType.temp.value}
    return {"cutsmith_picture": [{**file, "width": width, "height": height}]}


def _temp_file(prefix: str, ending: str, width: int, height: int) -> tuple[Path, str]:
    """The path of a new file in ComfyUI's temp folder, and its subfolder there."""
    temp = folder_paths.get_temp_directory()
    folder, name, counter, subfolder, _ = folder_paths.get_save_image_path(prefix, temp, width, height)
    return Path(folder) / f"{name}_{counter:05}_{ending}", subfolder
