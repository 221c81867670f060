"""POST /v1.0/improve: pictures that were cut out badly, kept as material for training where the operator wants it."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from cutsmith.picture import write_bytes_atomically
from cutsmith.picture.formats import recognise
from cutsmith.picture.source import HEAD_BYTES
from cutsmith.service.cutting import fields_of
from cutsmith.service.failures import NotOffered, TooManyRequests
from cutsmith.service.pictures import read_picture
from cutsmith.service.removebg.sources import FILE, URL, picture_data
from cutsmith.serving.running import Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from cutsmith.service.forms import Fields
    from cutsmith.service.service import Service

MOST_KEPT = 10_000
"""So many pictures a folder takes; then the operator has to look after it."""
_SUFFIXES = {"JPEG": "jpg", "JPEG 2000": "jp2", "JPEG XL": "jxl", "NETPBM": "ppm"}
_MOST_TEXT = 200
_A_DAY = 24 * 60 * 60


async def improve(service: Service, request: Request) -> Response:
    """POST /v1.0/improve: keep the picture in the operator's folder, whole, beside a JSON file that tells of it.

    Raises:
        NotOffered: the operator keeps none.
        TooManyRequests: the folder is full.
        Refused, PictureError: there is no picture, or it is none.
    """
    from starlette.responses import JSONResponse

    folder = service.settings.improve_folder
    if folder is None:
        raise NotOffered("This service keeps no pictures.", "Its operator can allow it with --improve-folder FOLDER.")
    fields = await fields_of(service, request)
    data = await picture_data(service, fields)
    told = {
        "filename": _name(fields),
        "tag": _shortened(fields.text("tag")),
        "who": getattr(request.state, "who", ""),
    }

    def work(report: Report, is_dropped: Callable[[], bool]) -> str:
        return kept(folder, data, told, service.settings.max_pixels)

    return JSONResponse({"id": await service.work(request, work, "improve")})


def kept(folder: Path, data: bytes, told: dict[str, Any], max_pixels: int) -> str:
    """Keep the picture `data` in `folder`, with what is `told` of it; -> its name there, a UUID.

    Raises:
        PictureError: it is none.
        TooManyRequests: the folder is full.
        OutputRefused: the folder cannot be written.
    """
    picture = read_picture(data, "the image", max_pixels)
    if folder.is_dir() and sum(1 for _ in folder.glob("*.json")) >= MOST_KEPT:
        raise TooManyRequests(
            f"The service has kept {MOST_KEPT:,} pictures and takes no more.",
            "Its operator has to move some out of the folder.",
            retry_after=_A_DAY,
        )
    name = str(uuid.uuid4())
    kind = recognise(data[:HEAD_BYTES], "the image")
    about = {
        **told,
        "file": f"{name}.{_SUFFIXES.get(kind, kind.lower())}",
        "kept": datetime.now(UTC).isoformat(timespec="seconds"),
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "width": picture.width,
        "height": picture.height,
    }
    write_bytes_atomically(data, folder / about["file"], overwrite=False)
    # Last, so that whoever finds it finds its picture too.
    write_bytes_atomically(json.dumps(about, indent=1).encode(), folder / f"{name}.json", overwrite=False)
    return name


def _name(fields: Fields) -> str:
    """What the client calls the picture, without folders. It is told, and names no file here."""
    given = fields.text("image_filename")
    if not given and FILE in fields.files:
        given = fields.files[FILE].name
    if not given:
        given = fields.text(URL).partition("?")[0]
    return _shortened(PureWindowsPath(PurePosixPath(given).name).name)


def _shortened(text: str) -> str:
    return text[:_MOST_TEXT]
