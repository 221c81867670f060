"""What the review's server answers, and to whom.

The page can change the manifest and show private pictures, and any web site that is open in the same browser can send
requests to this machine. So an address holds a random word that no site knows, the Host must be this server's own (a
site whose name was made to lead here sends its own), and a verdict must come from the page's own origin.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from cutsmith.errors import BadVerdicts, CutsmithError, PictureFormatUnsupported
from cutsmith.picture.formats import recognise
from cutsmith.picture.source import HEAD_BYTES
from cutsmith.report.places import SIDES, input_path, output_path, thumbnail_path
from cutsmith.report.reading import Batch

MOST_BYTES_SAID = 1 << 20

_JSON = "application/json"
# What browsers show. Another file is handed out as bytes to save.
_SHOWN = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
    "BMP": "image/bmp",
}
# A file is a picture and nothing else, whatever a browser takes it for.
_FILE_POLICY = "default-src 'none'; sandbox"


@dataclass(frozen=True)
class Answer:
    """An answer: its body is bytes, or the path of a file."""

    status: HTTPStatus
    kind: str
    body: bytes | Path
    policy: str = _FILE_POLICY
    save: bool = False


def refused(status: HTTPStatus) -> Answer:
    """An answer that says no more than `status`."""
    return Answer(status, "text/plain; charset=utf-8", f"{status.phrase}\n".encode())


def denied(path: str, headers: Mapping[str, str], *, port: int, token: str, posts: bool) -> Answer | None:
    """Why a request is not answered; None if it may be.

    Args:
        path: the address without its origin.
        headers: by their usual names; must find them whatever their case.
        port: the server's.
        token: the word that the address must begin with.
        posts: whether the request wants to change something.
    """
    hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
    host = headers.get("Host", "")
    if host not in hosts:
        return refused(HTTPStatus.MISDIRECTED_REQUEST)
    given = path.split("/")[1] if path.startswith("/") else ""
    if not secrets.compare_digest(given.encode("utf-8", "replace"), token.encode()):
        return refused(HTTPStatus.NOT_FOUND)
    origin = headers.get("Origin")
    if (origin is not None or posts) and origin != f"http://{host}":
        return refused(HTTPStatus.FORBIDDEN)
    if headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return refused(HTTPStatus.FORBIDDEN)
    if posts and headers.get("Content-Type", "").partition(";")[0].strip() != _JSON:
        return refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    return None


def file_answer(batch: Batch, name: str) -> Answer:
    """A thumbnail, an input or a result: `thumbnails/IDENTITY-before`, `pictures/IDENTITY-output`.

    Only what a row of the manifest names can be had, by the row's identity; no part of `name` is a path.
    """
    kind, _, rest = name.partition("/")
    identity, _, side = rest.partition("-")
    row = next((each.result for each in batch.entries if each.identity == identity), None)
    path: Path | None = None
    if row is not None and kind == "thumbnails" and side in SIDES:
        path = thumbnail_path(batch.folder, row.key, side)
    elif row is not None and kind == "pictures" and side == "input":
        path = input_path(row)
    elif row is not None and kind == "pictures" and side == "output":
        path = output_path(batch.folder, row)
    try:
        if path is None:
            return refused(HTTPStatus.NOT_FOUND)
        with path.open("rb") as stream:
            # A manifest that names what is no picture does not make it one.
            found = recognise(stream.read(HEAD_BYTES), path.name)
    except (OSError, PictureFormatUnsupported):
        return refused(HTTPStatus.NOT_FOUND)
    shown = _SHOWN.get(found)
    return Answer(HTTPStatus.OK, shown or "application/octet-stream", path, save=shown is None)


def verdicts_answer(body: bytes, save: Callable[[list[Mapping[str, object]]], int]) -> Answer:
    """Hand the verdicts in `body` to `save`, and say how many there were or why they are not saved."""
    try:
        told = json.loads(body)
        if not isinstance(told, dict) or not isinstance(told.get("verdicts"), list):
            raise BadVerdicts('It must be an object with "verdicts", a list.')
        status = HTTPStatus.OK
        answer: dict[str, object] = {"saved": save(told["verdicts"])}
    except (ValueError, RecursionError):
        status, answer = HTTPStatus.BAD_REQUEST, {"error": "This is no JSON."}
    except BadVerdicts as error:
        status, answer = HTTPStatus.BAD_REQUEST, {"error": error.what}
    except CutsmithError as error:
        status, answer = HTTPStatus.INTERNAL_SERVER_ERROR, {"error": error.what}
    return Answer(status, _JSON, json.dumps(answer).encode())
