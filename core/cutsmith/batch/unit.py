"""The unit of a batch's work: one picture, with all that its result depends on, and the key that names it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from cutsmith.result.canvas.of_output import frame_of

if TYPE_CHECKING:
    from cutsmith.batch.manifest_rows import ResultRow
    from cutsmith.output import Output
    from cutsmith.request import Request

# How a result is written where one is there, and what it is called, does not change what is in it.
_WITHOUT_EFFECT = ("overwrite", "skip_existing", "name")


@dataclass(frozen=True, eq=False)
class Unit:
    """One picture of a batch.

    Attributes:
        source: its path or URI, as the manifest names it.
        output: where its result goes, below the folder of results, with forward slashes.
        request: what is asked of it, checked.
        earlier: the last row that the manifest has of it, or None.
        is_own: whether what may be at `output` is this batch's own, by its manifest, and may be replaced.
        instead_of: the setup of a rejected result that this one stands for, so that a later call with the first setup
            leaves it alone.
        warnings: what the user should know, such as that its result has another name.
        scale: that of its group on the canvas; None for its own.
    """

    source: str
    output: str
    request: Request
    earlier: ResultRow | None = None
    is_own: bool = False
    instead_of: str | None = None
    warnings: tuple[str, ...] = ()
    scale: float | None = None


def settings_of(output: Output, behind: bytes | None = None, scale: float | None = None) -> dict[str, str]:
    """What a result depends on beside the picture, the request and the weights: how it is written.

    Args:
        output: how results are written.
        behind: the bytes of the picture behind the subject, if there is one.
        scale: that of the picture's group on the canvas; None for its own.
    """
    told = {name: value for name, value in asdict(output).items() if name not in _WITHOUT_EFFECT}
    frame = frame_of(output)
    if frame is not None and frame.preset is not None:
        told["preset"] = asdict(frame.preset)  # what it says may change, under the same name
    digest = "" if behind is None else hashlib.sha256(behind).hexdigest()
    grouped = {} if scale is None else {"scale": repr(scale)}
    return {"output": json.dumps(told, sort_keys=True, default=list), "behind": digest, **grouped}


def unit_key(data: bytes, request: Request, weights: Mapping[str, str], settings: Mapping[str, str]) -> str:
    """The key of a unit, 64 hexadecimal digits: the same only for the same bytes, request, weights and settings.

    Args:
        data: the picture's file.
        request: what is asked of it.
        weights: the provenance of the models (`Models.provenance()`).
        settings: what `settings_of` returned.
    """
    return request.key(data, {**weights, **settings})


def setup_key(request: Request, weights: Mapping[str, str], settings: Mapping[str, str]) -> str:
    """The key without the picture: a row that has it, and whose file has not changed, is done."""
    return unit_key(b"", request, weights, settings)[:16]
