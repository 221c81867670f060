"""Previews of masks, shown on the nodes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import folder_paths
from comfy_api.latest import io, ui

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_PREVIEWS = 16
"""Previews are files: writing hundreds of them would take longer than making the masks."""


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

        if len(self._saved) == MOST_PREVIEWS:
            return
        height, width = mask.shape
        temp = folder_paths.get_temp_directory()
        folder, name, counter, subfolder, _ = folder_paths.get_save_image_path("cutsmith_mask", temp, width, height)
        file = f"{name}_{counter:05}_.png"
        Image.fromarray((mask * 255 + 0.5).astype(np.uint8)).save(Path(folder) / file, compress_level=1)
        self._saved.append(ui.SavedResult(file, subfolder, io.FolderType.temp))

    def shown(self) -> ui.SavedImages:
        """The list of previews for ComfyUI's page."""
        return ui.SavedImages(self._saved)
