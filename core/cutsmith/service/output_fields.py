"""Fields of a form or of JSON -> how the answer is encoded. Every option comes from its declaration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cutsmith.batch.plan import Job, result_suffix
from cutsmith.batch.writing import Writing, checked_output
from cutsmith.errors import BadOption, shown
from cutsmith.option_text import from_text
from cutsmith.output import OUTPUT_OPTIONS, Output
from cutsmith.picture.formats import OUTPUT_FORMATS
from cutsmith.result.background import BLUR, TRANSPARENT, parse_colour
from cutsmith.result.canvas.presets import presets
from cutsmith.service.failures import BadForm
from cutsmith.service.pictures import read_picture

if TYPE_CHECKING:
    from cutsmith.options import Option
    from cutsmith.result.canvas.writing import Encoded
    from cutsmith.result.cutout import Cutout
    from cutsmith.service.forms import Fields

BACKGROUND_IMAGE = "background_image"
"""The field of a picture to put behind the subject."""

# What they say of files has no place in an answer.
_OF_FILES = ("name", "overwrite", "skip_existing", "detections_only")
CLIENTS = tuple(name for name in OUTPUT_OPTIONS if name not in _OF_FILES)
"""The options that a client may say, by name."""

MEDIA_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "BMP": "image/bmp",
}
"""Format -> the media type of an answer."""

_FORMATS = {kind: suffix.removeprefix(".") for suffix, name in OUTPUT_FORMATS.items() for kind in (MEDIA_TYPES[name],)}
_FORMATS |= {"image/jpeg": "jpg", "image/tiff": "tiff"}  # of two suffixes, the one that the option has


@dataclass(frozen=True)
class AnswerWriting:
    """How a cut-out becomes the bytes of an answer.

    Attributes:
        writing: what is written, checked.
        suffix: of the format, such as ".png".
    """

    writing: Writing
    suffix: str

    @property
    def media_type(self) -> str:
        """The answer's media type."""
        return MEDIA_TYPES[OUTPUT_FORMATS[self.suffix]]

    def encoded(self, cutout: Cutout) -> Encoded:
        """The file of `cutout`; errors as for `Writing.encoded`."""
        return self.writing.encoded(cutout, Job("", f"result{self.suffix}"))


def writing_of(fields: Fields, accept: str, max_pixels: int) -> AnswerWriting:
    """How the answer is encoded, by `fields` and, where no format is among them, by the Accept header.

    Raises:
        BadForm, BadOption, BadColour, OutputFormatUnsupported: a value is wrong.
        PictureError: the background is no picture.
    """
    values: dict[str, Any] = {}
    for name in CLIENTS:
        if name in fields.names and (value := _value(OUTPUT_OPTIONS[name], fields)) is not None:
            values[name] = value
    behind = fields.upload(BACKGROUND_IMAGE)
    if behind is not None:
        if "background" in values:
            raise BadForm("A background was given twice: as a field and as a picture.", option="background")
        values["background"] = "white"  # any that is not transparent: the picture goes over it
    values["background"] = _background(values.get("background", TRANSPARENT))
    _check_preset(values.get("preset"))
    output = checked_output(Output(**values))
    if output.format is None and (wanted := _accepted(accept)):
        output = checked_output(Output(**{**values, "format": wanted}))
    ground = None if behind is None else read_picture(behind, "the background", max_pixels)
    return AnswerWriting(Writing(output, ground), result_suffix(output))


def _value(option: Option, fields: Fields) -> Any:
    value = fields.value(option.name)
    if isinstance(value, str) and (not fields.is_json or option.kind == "names"):
        return from_text(option, value)
    # A canvas's margin and the like may be a number in JSON.
    return f"{value:g}" if option.kind == "pattern" and type(value) in (int, float) else value


def _background(background: object) -> str:
    """A colour by its numbers, blur or transparent. No path: a client must not name the server's files.

    The numbers, because a file whose name is that of a colour comes before the colour.
    """
    if not isinstance(background, str):
        raise BadForm(option="background", found=shown(background), wanted="a colour, blur or transparent")
    if background in (TRANSPARENT, BLUR):
        return background
    wanted = f"a colour, blur or transparent; a picture goes into the field {BACKGROUND_IMAGE}"
    return "#{:02x}{:02x}{:02x}".format(*parse_colour(background, wanted))


def _check_preset(preset: object) -> None:
    """A preset's name. No path, for the same reason."""
    known = presets()
    if preset is not None and (not isinstance(preset, str) or preset.strip().lower() not in known):
        raise BadOption(option="preset", found=shown(preset), wanted=f"one of {', '.join(known)}")


def _accepted(accept: str) -> str:
    """The format that an Accept header names first; "" where it leaves the choice to us."""
    for each in accept.lower().split(","):
        kind = each.partition(";")[0].strip()
        if kind in _FORMATS:
            return _FORMATS[kind]
        if kind in ("*/*", "image/*"):
            return ""
    return ""
