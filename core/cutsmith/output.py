"""How results are written, declared once as the options of a cut are; for the doors that write files.

No part of a request: the same cut-out can be written in many ways.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal, get_args

from cutsmith.options import Option, _option

Format = Literal["png", "tiff", "webp", "jpg", "avif", "bmp"]
NamePart = Literal["stem", "suffix", "folder", "number"]
"""What stands in braces in the name of a result."""

KINDS_OF_METADATA = ("exif", "xmp", "iptc", "gps")
"""What a result can keep of a photograph's own metadata."""

SIZE = r"([1-9]\d{0,5}) ?[x×*] ?([1-9]\d{0,5})"
"""The size of a canvas: 2000x2000."""
LENGTH = r"(\d{1,6}(?:\.\d+)?) ?(px|%)?"
"""A number of pixels, or of percent."""
PLACE = r"centre|center|top|bottom|left|right|(?:top|bottom)[- ](?:left|right)"
"""A place on the canvas in words."""
_SHARE = r"(100(?:\.0+)?|\d{1,2}(?:\.\d+)?) ?%?"
SHARES = rf"{_SHARE} ?, ?{_SHARE}"
"""A place on the canvas in percent of the free room: to the left of the subject, and above it."""


@dataclass(frozen=True)
class Output:
    """What is written of each picture, and how; for doors that write files. No part of a request."""

    background: str = _option(
        "background",
        "transparent",
        "What to put behind the subject: a colour, a picture, or blur.",
        example="white",
    )
    canvas: str | None = _option(
        "pattern",
        None,
        "Lay the subject on a canvas of this size, in pixels.",
        pattern=SIZE,
        wanted="a width and a height in pixels",
        example="2000x2000",
        otherwise="the picture's own frame",
    )
    fill: float | None = _option(
        "number",
        None,
        "The share of the canvas that the subject takes along the side that limits it.",
        least=0.01,
        most=1,
        example="0.85",
        otherwise="0.85, or all that the margin leaves",
    )
    margin: str | None = _option(
        "pattern",
        None,
        "Keep at least this much room around the subject: pixels, or percent of its longer side.",
        pattern=LENGTH,
        wanted="a number of pixels or of percent, 0 or more",
        example="5%",
        otherwise="none",
    )
    position: str | None = _option(
        "pattern",
        None,
        "Where the subject stands on the canvas: a side, a corner, or how much of the free room lies left and above.",
        pattern=f"{PLACE}|{SHARES}",
        wanted="centre, top, bottom, left, right, a corner such as top-left, or two numbers of percent from 0 to 100",
        example="bottom",
        otherwise="centre",
    )
    crop: bool = _option("flag", False, "Cut the frame down to the subject and its margin.")
    shadow: bool = _option("flag", False, "Draw a soft shadow on the ground where the subject stands on it.")
    preset: str | None = _option(
        "pattern",
        None,
        "Make pictures as this marketplace wants them, and check each: a name, or a file with a preset of your own.",
        pattern=r"[^\0]*\S[^\0]*",
        wanted="the name of a preset, or a TOML file with one",
        example="amazon",
        otherwise="none",
    )
    mask_only: bool = _option("flag", False, "Write only the alpha, as a gray picture.")
    detections_only: bool = _option("flag", False, "Find the boxes of what the words name, and cut nothing out.")
    format: Format | None = _option(
        "choice",
        None,
        "The format of results whose name is not given.",
        choices=get_args(Format),
        otherwise="jpg on a background, else png",
    )
    name: str | None = _option(
        "name",
        None,
        "Name results by this pattern; {stem}, {suffix}, {folder} and {number} are those of the picture.",
        choices=get_args(NamePart),
        example='"{stem}-cut"',
        otherwise="{stem} in a folder, {stem}-cut beside the picture",
    )
    quality: int | None = _option(
        "whole",
        None,
        "The quality of JPEG and AVIF; makes WebP lossy.",
        least=1,
        most=100,
        otherwise="95 for JPEG, 90 for AVIF",
    )
    provenance: bool = _option("flag", False, "Write model, engine and options into the file's metadata.")
    keep_metadata: Sequence[str] = _option(
        "names",
        (),
        "Keep these kinds of the photograph's own metadata; exif is without the place, which gps adds.",
        choices=KINDS_OF_METADATA,
        example="exif,xmp",
        otherwise="none",
    )
    overwrite: bool = _option("flag", False, "Replace existing results.")
    skip_existing: bool = _option(
        "flag", False, "Leave out pictures whose result, of several the first, is already there."
    )


OUTPUT_OPTIONS: Mapping[str, Option] = {
    each.name: Option(each.name, "output", default=each.default, **each.metadata) for each in fields(Output)
}
"""The options of `Output`."""
