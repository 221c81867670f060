"""The bytes of a cut-out on its canvas, and what was checked in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from cutsmith.picture import encode_mask
from cutsmith.picture.formats import output_format
from cutsmith.result.canvas.checks import checks
from cutsmith.result.canvas.laying import lay_out

if TYPE_CHECKING:
    from cutsmith.result.background import Background
    from cutsmith.result.canvas.of_output import Frame
    from cutsmith.result.cutout import Cutout

LOWEST_QUALITY = 80
"""A JPEG that is too large for its marketplace is made smaller down to this quality, and no further."""
_STEP = 5
_JPEG_QUALITY = 95


class Encoded(NamedTuple):
    """A file's bytes.

    Attributes:
        data: the bytes.
        remarks: what the user should know about how the subject was laid out.
        checks: each check of the marketplace's that failed, as a sentence.
    """

    data: bytes
    remarks: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()


def encode_on_canvas(
    cutout: Cutout,
    frame: Frame,
    behind: Background,
    suffix: str,
    *,
    metadata: Mapping[str, str] | None = None,
    quality: int | None = None,
    keep_metadata: Collection[str] = (),
) -> Encoded:
    """The file of `cutout` laid on the canvas of `frame`, with `behind` behind it, as `suffix` (".jpg") says.

    With a preset, its checks are run on the bytes. A JPEG with more bytes than it allows is written again with less
    quality, in steps of 5 down to 80.

    Raises:
        OutputFormatUnsupported, OutputRefused, BadOption: as `Picture.save`. BadColour: the background.
    """
    preset = frame.preset
    laid = lay_out(cutout, frame.canvas, srgb=preset is not None and preset.wants_srgb)
    picture = replace(laid.on(behind), warnings=())

    def encoded(at: int | None) -> bytes:
        return picture.encode(suffix, metadata=metadata, quality=at, keep_metadata=keep_metadata)

    data = encoded(quality)
    remarks = [*laid.warnings]
    if preset is None:
        return Encoded(data, tuple(remarks))
    if preset.bytes_most is not None and output_format(suffix) == "JPEG":
        lowered = first = quality or _JPEG_QUALITY
        while len(data) > preset.bytes_most and lowered > LOWEST_QUALITY:
            lowered = max(lowered - _STEP, LOWEST_QUALITY)
            data = encoded(lowered)
        if lowered != first:
            limit = f"{preset.bytes_most / 1_000_000:g} MB"
            remarks.append(f"the JPEG's quality was lowered from {first} to {lowered}: {preset.title} takes {limit}")
    return Encoded(data, tuple(remarks), checks(data, preset, laid.placement))


def encode_mask_on_canvas(
    cutout: Cutout,
    frame: Frame,
    suffix: str,
    *,
    metadata: Mapping[str, str] | None = None,
    quality: int | None = None,
) -> Encoded:
    """The gray file of the alpha of `cutout` laid on the canvas of `frame`; no marketplace's checks are run on it.

    Raises:
        OutputFormatUnsupported, OutputRefused: as `encode_mask`.
    """
    laid = lay_out(cutout, frame.canvas)
    data = encode_mask(laid.alpha, suffix, dpi=cutout.picture.dpi, metadata=metadata, quality=quality)
    return Encoded(data, laid.warnings)
