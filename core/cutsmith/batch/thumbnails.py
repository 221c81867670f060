"""The small pictures that the report shows, before and after, kept beside the results."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cutsmith.picture import Picture

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

OWN_FOLDER = ".cutsmith"
"""The batch's own folder in the folder of results."""
LONGEST = 192
"""The longest side of a thumbnail, in pixels."""
_QUALITY = 70
_log = logging.getLogger(__name__)


def thumbnail_path(folder: Path, key: str, which: str) -> Path:
    """The file of the thumbnail `which`, "before" or "after", of the unit with `key`."""
    return folder / OWN_FOLDER / "thumbnails" / key[:2] / f"{key}-{which}.webp"


def keep_thumbnails(folder: Path, key: str, before: Picture, after: Picture | None = None) -> None:
    """Write the thumbnails of a unit. A failure costs the report a picture, and is only logged."""
    for which, picture in (("before", before), ("after", after)):
        if picture is None:
            continue
        path = thumbnail_path(folder, key, which)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # No sync to the disk: a lost thumbnail is no loss.
            unfinished = path.with_suffix(".unfinished")
            unfinished.write_bytes(_encoded(picture))
            unfinished.replace(path)
        except OSError as error:
            # Two inputs with the same bytes have the same thumbnails, and another thread may have been quicker.
            if path.is_file():
                continue
            _log.warning("no thumbnail of %s: %s", before.source, error)


def _encoded(picture: Picture) -> bytes:
    import io

    import cv2
    import numpy as np
    from PIL import Image

    scale = min(1.0, LONGEST / max(picture.width, picture.height))
    size = max(round(picture.width * scale), 1), max(round(picture.height * scale), 1)
    # The colours of a cut-out are the subject's own up to its edge, so that they need not be weighed by alpha.
    colours: NDArray[np.uint8] = replace(picture, alpha=None).srgb()
    planes: NDArray[Any] = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
    if picture.alpha is not None:
        alpha = cv2.resize(picture.alpha, size, interpolation=cv2.INTER_AREA)
        planes = np.dstack([planes, np.round(np.clip(alpha, 0, 1) * 255).astype(np.uint8)])
    image = Image.fromarray(planes)
    told = io.BytesIO()
    image.save(told, "WEBP", quality=_QUALITY, method=2)
    return told.getvalue()
