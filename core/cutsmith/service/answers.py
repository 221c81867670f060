"""A cut-out -> an answer: the picture, JSON, or its parts."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from cutsmith.picture import encode_mask
from cutsmith.result.as_json import cutout_as_json

if TYPE_CHECKING:
    from starlette.responses import Response

    from cutsmith.result.cutout import Cutout
    from cutsmith.result.quality import Quality
    from cutsmith.service.output_fields import AnswerWriting

UNKNOWN = "-1"
"""The uncertainty where nothing is known, as Photoroom's API has it."""

PARTS = ("multipart/form-data", "multipart/mixed")
JSON = "application/json"
_MOST_HEADER = 2000


def quality_headers(quality: Quality) -> dict[str, str]:
    """What Cutsmith itself thinks of the result.

    X-Uncertainty-Score is in [0, 1], or -1 where nothing is known; X-Quality-Reasons is percent-encoded UTF-8.
    """
    score = UNKNOWN if quality.uncertainty is None else f"{quality.uncertainty:.4f}"
    reasons = quote(" ".join(quality.reasons), safe=" ,.:;!?()'%/")[:_MOST_HEADER]
    return {"X-Uncertainty-Score": score, "X-Quality-Verdict": quality.verdict, "X-Quality-Reasons": reasons}


def wanted_form(accept: str) -> str:
    """ "application/json" or one of `PARTS` where the Accept header asks for it; "" for a picture."""
    for each in accept.lower().split(","):
        kind = each.partition(";")[0].strip()
        if kind in (JSON, *PARTS):
            return kind
        if kind.startswith("image/") or kind == "*/*":
            return ""
    return ""


def answer_of(cutout: Cutout, writing: AnswerWriting, accept: str) -> Response:
    """The answer for `cutout`, in the form that the Accept header asks for. Runs in a thread: it encodes.

    Raises:
        OutputFormatUnsupported: the format cannot hold the result.
    """
    from starlette.responses import Response

    form = wanted_form(accept)
    headers = quality_headers(cutout.quality)
    if form in PARTS:
        data, kind = parts_of(cutout, form)
        return Response(data, headers=headers, media_type=kind)
    encoded = writing.encoded(cutout)
    remarks = (*encoded.remarks, *encoded.checks)
    if form == JSON:
        told = told_of(cutout, remarks)
        told |= {"result_b64": base64.b64encode(encoded.data).decode(), "media_type": writing.media_type}
        return Response(json.dumps(told), headers=headers, media_type=JSON)
    if remarks:
        headers["X-Remarks"] = quote(" ".join(remarks), safe=" ,.:;()")[:_MOST_HEADER]
    return Response(encoded.data, headers=headers, media_type=writing.media_type)


def told_of(cutout: Cutout, remarks: tuple[str, ...] = ()) -> dict[str, object]:
    """All that is known of `cutout` but its pixels."""
    size = {"width": cutout.picture.width, "height": cutout.picture.height}
    return {**size, **cutout_as_json(cutout), "remarks": list(remarks)}


def parts_of(cutout: Cutout, form: str) -> tuple[bytes, str]:
    """(body, media type) with the parts alpha (a gray PNG), foreground (an RGB PNG) and provenance (JSON)."""
    from urllib3.fields import RequestField
    from urllib3.filepost import encode_multipart_formdata

    foreground = replace(cutout.picture, pixels=cutout.foreground, alpha=None, warnings=())
    parts = (
        ("alpha", "alpha.png", encode_mask(cutout.alpha, ".png"), "image/png"),
        ("foreground", "foreground.png", foreground.encode(".png"), "image/png"),
        ("provenance", "provenance.json", json.dumps(told_of(cutout)).encode(), JSON),
    )
    fields = []
    for name, filename, data, kind in parts:
        field = RequestField(name, data, filename)
        field.make_multipart(content_type=kind)
        fields.append(field)
    body, kind = encode_multipart_formdata(fields)
    return body, kind.replace("multipart/form-data", form)


def with_stages(stages: Mapping[str, float]) -> str:
    """The seconds of each stage as the header Server-Timing, which browsers show."""
    return ", ".join(f"{name.replace(' ', '-')};dur={seconds * 1000:.1f}" for name, seconds in stages.items())
