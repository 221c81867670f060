"""What was written, decoded again and compared with what the marketplace wants.

Each check that fails is a sentence. What an encoder makes of the pixels counts, not the pixels that it was given.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.picture import Picture
from cutsmith.picture.formats import recognise
from cutsmith.picture.icc_profile import is_srgb
from cutsmith.picture.source import HEAD_BYTES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.result.canvas.layout import Placement
    from cutsmith.result.canvas.presets import Preset

_SAMPLINGS = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}
# Around a subject that reaches the edge, the encoder's blocks of 8 pixels may show traces.
_BLOCK = 8
# A subject that fills the frame takes whole pixels, so that a wanted share is met to half a pixel on each side.
_ROUNDING = 1.0


def checks(data: bytes, preset: Preset, placement: Placement) -> tuple[str, ...]:
    """A sentence for each thing in which the file `data` is not what `preset` wants; empty if all is well.

    Where the picture's edge cuts the subject off, the subject may stand on the rim of that side.

    Raises:
        PictureError: `data` cannot be decoded.
    """
    picture = Picture.read(data, max_pixels=10**9)
    failed = [
        *_rim(picture, preset, placement),
        *_fill(preset, placement),
        *_size(picture, preset),
        *_bytes(data, preset),
        *_format(data, preset),
        *_colour(picture, preset),
    ]
    return tuple(failed)


def _rim(picture: Picture, preset: Preset, placement: Placement) -> Iterator[str]:
    if not preset.pure_white:
        return
    if picture.alpha is not None:
        yield f"The background is transparent, but {preset.title} wants pure white."
        return
    white = np.iinfo(picture.pixels.dtype).max
    box = placement.box
    lines: dict[str, tuple[NDArray[Any], float, float]] = {
        "left": (picture.pixels[:, 0], box.y0, box.y1),
        "top": (picture.pixels[0], box.x0, box.x1),
        "right": (picture.pixels[:, -1], box.y0, box.y1),
        "bottom": (picture.pixels[-1], box.x0, box.x1),
    }
    for side, (line, start, end) in lines.items():
        is_off = (line != white).any(axis=1)
        if side in placement.cut_off:
            is_off[max(int(start) - _BLOCK, 0) : int(end) + _BLOCK] = False
        if is_off.any():
            darkest = ",".join(map(str, line[is_off].min(axis=0).tolist()))
            yield (
                f"The rim is not pure white on the {side} side: {int(is_off.sum())} of its {len(line)} pixels are "
                f"darker (down to {darkest}), but {preset.title} wants {white},{white},{white}."
            )


def _fill(preset: Preset, placement: Placement) -> Iterator[str]:
    tolerance = _ROUNDING / min(placement.width, placement.height)
    told = f"The subject fills {_percent(placement.fill)} of the frame, but {preset.title} wants"
    if preset.fill_least is not None and placement.fill < preset.fill_least - tolerance:
        yield f"{told} {_percent(preset.fill_least)} or more."
    if preset.fill_most is not None and placement.fill > preset.fill_most + tolerance:
        yield f"{told} {_percent(preset.fill_most)} or less."


def _size(picture: Picture, preset: Preset) -> Iterator[str]:
    width, height = picture.width, picture.height
    told = f"The picture has {width} x {height} pixels, but {preset.title} wants"
    if preset.longest_least is not None and max(width, height) < preset.longest_least:
        yield f"{told} {preset.longest_least} or more on the longer side."
    if preset.longest_most is not None and max(width, height) > preset.longest_most:
        yield f"{told} {preset.longest_most} or less on the longer side."
    if preset.shortest_least is not None and min(width, height) < preset.shortest_least:
        yield f"{told} {preset.shortest_least} or more on the shorter side."
    if preset.megapixels_most is not None and width * height > preset.megapixels_most * 1_000_000:
        yield f"{told} {preset.megapixels_most:g} million or less in all."


def _bytes(data: bytes, preset: Preset) -> Iterator[str]:
    if preset.bytes_most is not None and len(data) > preset.bytes_most:
        yield (
            f"The file has {_megabytes(len(data))} MB, but {preset.title} wants "
            f"{_megabytes(preset.bytes_most)} MB or less."
        )


def _format(data: bytes, preset: Preset) -> Iterator[str]:
    found = recognise(data[:HEAD_BYTES], "The result")
    if preset.formats and found not in preset.formats:
        yield f"The file is a {found}, but {preset.title} wants {' or '.join(preset.formats)}."
    if found == "JPEG" and preset.subsampling is not None:
        sampling = _sampling(data)
        if sampling != preset.subsampling:
            yield f"The JPEG's colours are stored {sampling}, but {preset.title} wants {preset.subsampling}."


def _colour(picture: Picture, preset: Preset) -> Iterator[str]:
    if preset.wants_srgb and picture.icc is not None and not is_srgb(picture.icc):
        yield f"The colours are not sRGB, but {preset.title} wants sRGB."


def _sampling(data: bytes) -> str:
    from PIL import Image
    from PIL.JpegImagePlugin import get_sampling

    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        if image.mode == "L":
            return "4:4:4"  # gray has no colours to store at half the size
        return _SAMPLINGS.get(get_sampling(image), "in an unknown way")


def _percent(share: float) -> str:
    """A share as people read it: 84.9 %, so that it never looks like the limit that it misses."""
    return f"{round(share * 100, 1):g} %"


def _megabytes(count: int) -> str:
    return f"{round(count / 1_000_000, 2):g}"
