"""A cut-out in its frame -> the bytes and headers of the answer."""

from __future__ import annotations

import base64
import io
import json
import math
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cutsmith.geometry import Box
from cutsmith.picture import Picture, encode_mask
from cutsmith.result.canvas.laying import LaidOut, lay_in_own_frame
from cutsmith.result.canvas.layout import Subject, find_subject
from cutsmith.result.canvas.own_frame import place_in_own_frame
from cutsmith.service.answers import JSON, quality_headers

if TYPE_CHECKING:
    from starlette.responses import Response

    from cutsmith.result.cutout import Cutout
    from cutsmith.service.removebg.wanted import Format, Wanted

_MEDIA_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "zip": "application/zip"}
# Without a quality, WebP is lossless, which takes long for a large picture.
_WEBP_QUALITY = 90
# In 8 bits this is opaque.
_OPAQUE = 1 - 0.5 / 255


class Original(NamedTuple):
    """The size of the picture that the client sent, upright, in pixels."""

    width: int
    height: int


def answer_of(cutout: Cutout, wanted: Wanted, behind: Picture | None, original: Original, *, as_json: bool) -> Response:
    """The answer for `cutout`. Runs in a thread: it encodes.

    Args:
        cutout: of the picture, which may have been made smaller.
        wanted: what the client asks for.
        behind: a picture to lay behind the subject.
        original: the size that the picture had.
        as_json: whether the client asks for JSON.

    Raises:
        OutputFormatUnsupported: the format cannot hold the result.
    """
    from starlette.responses import Response

    kind = _format(cutout, wanted, behind)
    most_pixels = wanted.most_pixels(has_picture_behind=behind is not None)
    laid = lay_in_own_frame(cutout, replace(wanted.frame, most_pixels=most_pixels))
    data = _encoded(laid, wanted, behind, kind)
    subject = _in_original(find_subject(cutout.alpha), original)
    foreground = _foreground(subject.box)
    headers = {
        "X-Width": str(laid.placement.width),
        "X-Height": str(laid.placement.height),
        # A whole number: clients take it for one.
        "X-Credits-Charged": "0",
        **{f"X-Foreground-{name.title()}": str(value) for name, value in foreground.items()},
        **quality_headers(cutout.quality),
    }
    if wanted.told_type is not None:
        headers["X-Type"] = wanted.told_type
    if original.width * original.height > most_pixels:
        whole = place_in_own_frame(subject, wanted.frame)
        headers |= {"X-Max-Width": str(whole.width), "X-Max-Height": str(whole.height)}
    if not as_json:
        return Response(data, headers=headers, media_type=_MEDIA_TYPES[kind])
    told = {"result_b64": base64.b64encode(data).decode()}
    told_all = {"data": {**told, **{f"foreground_{name}": value for name, value in foreground.items()}}}
    return Response(json.dumps(told_all), headers=headers, media_type=JSON)


def _format(cutout: Cutout, wanted: Wanted, behind: Picture | None) -> Format:
    if wanted.format != "auto":
        return wanted.format
    if wanted.channels == "alpha":
        return "png"
    if wanted.covers_all(has_picture_behind=behind is not None):
        return "jpg"
    frame = wanted.frame
    has_room = any(map(any, frame.margins)) or frame.fill is not None or frame.place is not None
    return "png" if has_room or float(cutout.alpha.min()) < _OPAQUE else "jpg"


def _encoded(laid: LaidOut, wanted: Wanted, behind: Picture | None, kind: Format) -> bytes:
    if kind == "zip":
        return _zipped(_composed(laid, wanted, behind, has_alpha=True))
    suffix, quality = f".{kind}", _WEBP_QUALITY if kind == "webp" else None
    if wanted.channels == "alpha":
        return encode_mask(laid.alpha, suffix, dpi=laid.source.dpi, quality=quality)
    return _composed(laid, wanted, behind, has_alpha=kind != "jpg").encode(suffix, quality=quality)


def _composed(laid: LaidOut, wanted: Wanted, behind: Picture | None, *, has_alpha: bool) -> Picture:
    """The picture, without the warnings that its source had."""
    if behind is not None:
        picture = laid.on(behind)
    elif wanted.ground is not None and has_alpha:
        picture = laid.on(wanted.ground.colour, wanted.ground.opacity)
    elif wanted.ground is not None:
        picture = laid.on(wanted.ground.on_white)
    else:
        picture = laid.as_picture() if has_alpha else laid.on("white")
    return replace(picture, warnings=())


def _zipped(picture: Picture) -> bytes:
    """color.jpg and alpha.png, which together are `picture`."""
    alpha = np.ones(picture.pixels.shape[:2], np.float32) if picture.alpha is None else picture.alpha
    files = {
        "color.jpg": replace(picture, alpha=None).encode(".jpg"),
        "alpha.png": encode_mask(alpha, ".png", dpi=picture.dpi),
    }
    stream = io.BytesIO()
    # Both are compressed already.
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _in_original(subject: Subject, original: Original) -> Subject:
    across, down = original.width / subject.width, original.height / subject.height
    x0, y0, x1, y1 = subject.box
    box = Box(math.floor(x0 * across), math.floor(y0 * down), math.ceil(x1 * across), math.ceil(y1 * down))
    return Subject(box.clip(*original), *original, subject.cut_off)


def _foreground(box: Box) -> dict[str, int]:
    """Where the subject is in the picture that the client sent, in its pixels."""
    return {"top": int(box.y0), "left": int(box.x0), "width": int(box.width), "height": int(box.height)}
