"""Previews of masks on the nodes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import folder_paths
from comfy_api.latest import io, ui

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Previews are files; hundreds of masks would take longer to write than to make.
_MOST = 16


def mask_preview(masks: Sequence[NDArray[np.float32]]) -> ui.SavedImages:
    """What a node shows of its masks, float32 (H, W) each: the first few, as gray pictures in ComfyUI's temp folder.

    ComfyUI's own PreviewMask writes three equal channels, which takes three times as long.
    """
    import numpy as np
    from PIL import Image

    height, width = masks[0].shape
    temp = folder_paths.get_temp_directory()
    folder, name, counter, subfolder, _ = folder_paths.get_save_image_path("cutsmith_mask", temp, width, height)
    saved = []
    for number, mask in enumerate(masks[:_MOST], start=counter):
        file = f"{name}_{number:05}_.png"
        Image.fromarray((mask * 255 + 0.5).astype(np.uint8)).save(Path(folder) / file, compress_level=1)
        saved.append(ui.SavedResult(file, subfolder, io.FolderType.temp))
    return ui.SavedImages(saved)
