"""The picture on which the page's editor draws where a node's input comes from no file: the input itself, smaller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folder_paths
from comfy_api.latest import io

from cutsmith.errors import CutsmithError

if TYPE_CHECKING:
    from cutsmith.picture import Picture

    from .tensors import Pictures

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


@contextmanager
def shown_in_the_editor_on_failure(pictures: Pictures) -> Iterator[Pictures]:
    """-> `pictures`; the first is sent to the page's editor if what runs within raises one of the engine's errors.

    A node that fails delivers no `ui`, but nobody can click on the subject before there is a picture.
    """
    try:
        yield pictures
    except CutsmithError:
        _send(picture_for_the_editor(pictures[0]))
        raise


def _send(shown: dict[str, Any]) -> None:
    """Send `shown` to the page as ComfyUI sends the `ui` of a node that has run: of the node that is being executed."""
    from comfy_execution.utils import get_executing_context

    context = get_executing_context()
    if context is None:
        return
    from server import PromptServer

    server = PromptServer.instance
    node, prompt = context.node_id, context.prompt_id
    sent = {"node": node, "display_node": node, "output": shown, "prompt_id": prompt}
    server.send_sync("executed", sent, server.client_id)
