"""All fields of a request, checked before any work is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from cutsmith.result.canvas.own_frame import OwnFrame
from cutsmith.service.removebg.colour import Ground, ground_of
from cutsmith.service.removebg.geometry import Region, fill_of, margins_of, place_of, region_of
from cutsmith.service.removebg.refusal import invalid
from cutsmith.service.removebg.shadows import shadow_opacity_of
from cutsmith.service.removebg.sizes import MOST_PNG, most_pixels_of

if TYPE_CHECKING:
    from cutsmith.service.forms import Fields

Format = Literal["auto", "png", "jpg", "webp", "zip"]
Channels = Literal["rgba", "alpha"]

_FORMATS = ("auto", "png", "jpg", "webp", "zip")
_CHANNELS = ("rgba", "alpha")
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")
_OTHER = "other"
# What each type is called at either level.
_COARSE = {"person": "person", "product": "product", "animal": "animal", "car": "car"}
_COARSE |= {"car_interior": "car", "car_part": "car"}
_FINE = _COARSE | {
    "car_interior": "car_interior",
    "car_part": "car_part",
    "graphic": "graphics",
    "graphics": "graphics",
    "transportation": "transportation",
}
# What each is called in shadow_type[...].
_SUBJECTS = _COARSE | {"graphic": "graphic", "graphics": "graphic", "transportation": "transportation"}


@dataclass(frozen=True)
class Wanted:
    """What a request asks for.

    Attributes:
        region: where the subject is looked for.
        frame: how the picture's frame is changed, without a limit of its size.
        size_pixels: what the size allows, whatever the format.
        format: "auto" for PNG where the result has transparency, else JPEG.
        channels: "alpha" for the mask alone.
        ground: the colour behind the subject; None for none.
        type: as the client says it; "auto" without.
        told_type: what the answer says of it; None for nothing.
    """

    region: Region
    frame: OwnFrame
    size_pixels: int
    format: Format
    channels: Channels
    ground: Ground | None
    type: str
    told_type: str | None

    def covers_all(self, *, has_picture_behind: bool) -> bool:
        """Whether something opaque lies behind the subject."""
        return has_picture_behind or (self.ground is not None and self.ground.opacity == 1)

    def most_pixels(self, *, has_picture_behind: bool) -> int:
        """How many pixels the result has at most. Where the format depends on the result, it may become a PNG."""
        is_mask = self.channels == "alpha"
        may_be_png = self.format == "auto" and (is_mask or not self.covers_all(has_picture_behind=has_picture_behind))
        return min(self.size_pixels, MOST_PNG) if may_be_png or self.format == "png" else self.size_pixels


def wanted_of(fields: Fields, size: str = "preview") -> Wanted:
    """What `fields` ask for. Fields that the API does not have are not looked at.

    Args:
        fields: the request's.
        size: the size where none is given.

    Raises:
        Refused: a value is wrong, or cannot be done here.
        BadForm: a value is no text.
    """
    kind = fields.text("type", "auto").lower()
    cut_down = fields.text("crop").lower() in _TRUE
    # A margin that is wrong is refused in any case, but has an effect where the frame is cut down.
    margins = margins_of(fields.text("crop_margin"))
    _check_semitransparency(fields.text("semitransparency", "true").lower())
    return Wanted(
        region=region_of(fields.text("roi")),
        frame=OwnFrame(
            cut_down=cut_down,
            margins=margins,
            fill=fill_of(fields.text("scale").lower()),
            place=place_of(fields.text("position").lower()),
            shadow_opacity=shadow_opacity_of(fields, _SUBJECTS.get(kind, _OTHER)),
        ),
        size_pixels=most_pixels_of(fields.text("size", size)),
        format=cast(Format, _one_of("format", fields.text("format", "auto"), _FORMATS)),
        channels=cast(Channels, _one_of("channels", fields.text("channels", "rgba"), _CHANNELS)),
        ground=ground_of(fields.text("bg_color")),
        type=kind,
        told_type=_told_type(kind, fields.text("type_level", "1").lower()),
    )


def _told_type(kind: str, level: str) -> str | None:
    """What the answer says of the type that the client named. Nobody finds it out here."""
    if level == "none":
        return None
    return (_FINE if level in ("2", "latest") else _COARSE).get(kind, _OTHER)


def _one_of(field: str, text: str, known: tuple[str, ...]) -> str:
    if text.lower() not in known:
        raise invalid(field, text, f"one of {', '.join(known)}")
    return text.lower()


def _check_semitransparency(text: str) -> None:
    """It is taken and has no effect: the windows of cars get the alpha that the model gives them."""
    if text not in (*_TRUE, *_FALSE):
        raise invalid("semitransparency", text, "true or false")
