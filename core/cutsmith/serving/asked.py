"""The fields and arrays of a job: what its client asks for, once that has been checked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cutsmith.errors import BadJob, PictureNotOpen, shown
from cutsmith.options import OPTIONS
from cutsmith.request import Request
from cutsmith.request_json import from_json
from cutsmith.serving.answers import ANSWER_DTYPES
from cutsmith.serving.open_pictures import OpenPicture, OpenPictures

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.picture import Picture
    from cutsmith.pipeline.prompting import Part

_ARRAY_DTYPES = {"pixels": ("uint8", "uint16"), "icc": ("uint8",)}
_PLANE_DTYPES = ("uint8", "float32")
PLANES = tuple(name for name, option in OPTIONS.items() if option.kind == "array")
_WANTED_FIELDS = ("alpha", "colours")
PICTURE, PARTS, LONGEST = "picture", "parts", "longest"
"""Fields beside a request's: an open picture's identity, what was pointed at, and how long a preview's side may be."""
_LEAST, _MOST = 16, 16384
_PART_FIELDS = {"box", "points", "is_taken_away"}


class Asked:
    """The fields and arrays of a job."""

    def __init__(self, fields: dict[str, Any], arrays: dict[str, NDArray[Any]], pictures: OpenPictures) -> None:
        self.pictures = pictures
        self._fields = fields
        self._arrays = arrays

    def end(self, *, fields: Collection[str], arrays: Collection[str]) -> None:
        """Reject fields and arrays with any other name."""
        refuse_unknown("options", set(self._fields) - set(fields))
        refuse_unknown("arrays", set(self._arrays) - set(arrays))

    def request(self, planes: Collection[str], more: Collection[str] = (), *, arrays: Collection[str] = ()) -> Request:
        """The request made of the fields, and of the arrays named in `planes`.

        `more` are other fields that may be, and `arrays` other arrays.
        """
        self.end(
            fields=(*(name for name in OPTIONS if name not in PLANES), *_WANTED_FIELDS, PICTURE, PARTS, *more),
            arrays=(*_ARRAY_DTYPES, "mask", *planes, *arrays),
        )
        fields = {name: value for name, value in self._fields.items() if name in OPTIONS}
        given = {name: self.array(name) for name in planes if name in self._arrays}
        return Request.from_fields({**fields, **given})

    def array(self, name: str) -> NDArray[Any]:
        """The array `name`, once its dtype has been checked."""
        if name not in self._arrays:
            raise BadJob(f'The job has no array "{name}".')
        array = self._arrays[name]
        dtypes = _ARRAY_DTYPES.get(name, _PLANE_DTYPES)
        if array.dtype.name not in dtypes:
            raise BadJob(f"The array {name} must be {' or '.join(dtypes)}, but got {array.dtype}.")
        return array

    def optional_array(self, name: str) -> NDArray[Any] | None:
        """The array `name`, once its dtype has been checked; None if there is none."""
        return self.array(name) if name in self._arrays else None

    def picture(self) -> Picture:
        """The open picture that the field `picture` names, or else the one in the arrays.

        The array "pixels" is (H, W, 3), or (H, W, 4) with straight alpha, with the profile in "icc".
        """
        from cutsmith.picture import Picture

        if PICTURE in self._fields:
            return self.opened().picture
        samples = self.array("pixels")
        if samples.ndim != 3 or samples.shape[2] not in (3, 4):
            raise BadJob(f"The array pixels must have the shape (H, W, 3) or (H, W, 4), but got {samples.shape}.")
        icc = self.array("icc").tobytes() if "icc" in self._arrays else None
        most = self._fields.get("max_pixels", OPTIONS["max_pixels"].default)
        # A person with a picture open reads the messages.
        return replace(Picture.from_samples(samples, icc=icc, max_pixels=most), source="the picture")

    def opened(self) -> OpenPicture:
        """The open picture that the field `picture` names, which stays open from now."""
        identity = self._fields.get(PICTURE)
        opened = self.pictures.find(identity) if isinstance(identity, str) else None
        if opened is None:
            raise PictureNotOpen("There is no such open picture, or none any more.", "Open it again: the job open.")
        if "pixels" in self._arrays:
            raise BadJob("The job has pixels beside an open picture.", "Leave one of them out.")
        return self.pictures.keep(opened)

    def parts(self) -> list[Part]:
        """What was pointed at, in the field `parts`; empty without it."""
        from cutsmith.pipeline.prompting import Part

        given = self._fields.get(PARTS, [])
        if not isinstance(given, list) or not all(isinstance(each, Mapping) for each in given):
            raise BadJob(f"parts must be a list of objects, but got {shown(given)}.")
        for each in given:
            refuse_unknown("fields of a part", set(each) - _PART_FIELDS)
        return [
            Part(
                None if each.get("box") is None else from_json("box", each["box"]),
                from_json("points", each.get("points", [])),
                _flag(each),
            )
            for each in given
        ]

    def longest(self) -> int | None:
        """How many pixels the longer side of a picture or mask may have that is only looked at; None for any number."""
        longest = self._fields.get(LONGEST)
        if longest is None or (type(longest) is int and _LEAST <= longest <= _MOST):
            return longest
        raise BadJob(f"longest must be a whole number from {_LEAST} to {_MOST:,}, but got {shown(longest)}.")

    def wanted(self) -> Wanted:
        """What the answer should hold."""
        dtype = self._fields.get("alpha", "uint8")
        if dtype not in ANSWER_DTYPES:
            raise BadJob(f"alpha must be one of {', '.join(ANSWER_DTYPES)}, but got {shown(dtype)}.")
        colours = self._fields.get("colours", False)
        if not isinstance(colours, bool):
            raise BadJob(f"colours must be true or false, but got {shown(colours)}.")
        return Wanted(dtype, colours)


@dataclass(frozen=True)
class Wanted:
    """What the answer should hold: alpha as `dtype`, and the subject's colours if `colours` is set."""

    dtype: str
    colours: bool

    def of(self, request: Request) -> Request:
        """`request`, without the estimation of colours if the answer does not need them."""
        return request if self.colours else request.updated({"foreground": "none"})


def _flag(part: Mapping[str, Any]) -> bool:
    value = part.get("is_taken_away", False)
    if not isinstance(value, bool):
        raise BadJob(f"is_taken_away must be true or false, but got {shown(value)}.")
    return value


def refuse_unknown(what: str, names: Iterable[object]) -> None:
    """Reject `names`, unless there are none.

    Raises:
        BadJob: there are.
    """
    unknown = sorted(map(shown, names))
    if unknown:
        raise BadJob(f"The job has unknown {what}: {', '.join(unknown)}.")
