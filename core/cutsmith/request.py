"""`Request`: all options of a cut in three small frozen parts, with their checks and their JSON form.

    Request.of(text="red mug", matting="none")

`target` says what to cut out, `finish` how its mask becomes alpha, and `runtime` which models run and on what. Doors
make a request from their fields and hand it to the pipeline, which takes it apart. No room below the pipeline sees one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from cutsmith.cures import Cure, give, leave_out, set_option
from cutsmith.errors import BadOption, BadPoint, shown
from cutsmith.options import (
    OPTIONS,
    PARTS,
    WITH_EFFORT,
    Device,
    EngineName,
    Finish,
    Foreground,
    LookCount,
    Matting,
    MattingEffort,
    Objects,
    Option,
    Runtime,
    Target,
    what_is_wanted,
)
from cutsmith.request_json import VERSION, from_json, to_json
from cutsmith.version import __version__

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.picture import Picture

# These affect how fast a picture is cut out, or whether it is refused, but not the result.
_WITHOUT_EFFECT = ("threads", "max_pixels")
_POINTERS = {
    name: "points" if option.kind == "points" else f"a {name}"
    for name, option in OPTIONS.items()
    if option.part == "target" and option.kind in ("box", "points", "array")
}


class Options(TypedDict, total=False):
    """The keywords of `cutsmith.cut_out`, as type checkers and editors see them (PEP 692).

    `cutsmith.options` explains each under the same name.
    """

    text: str | Sequence[str] | None
    box: tuple[float, float, float, float] | None
    points: Sequence[Sequence[float]]
    mask: NDArray[np.generic] | None
    selection: NDArray[np.generic] | None
    objects: Objects
    box_threshold: float | None
    text_threshold: float | None
    max_detections: int | None
    matting: Matting
    matting_effort: MattingEffort
    band: tuple[int, int] | None
    trimap: NDArray[np.generic] | None
    harden: float
    threshold: float | None
    mask_offset: int
    mask_blur: float
    invert: bool
    foreground: Foreground
    subject_alone: bool
    model: str | None
    looks: LookCount | Literal[1, 3]
    cascade: bool
    segmenter: str | None
    detector: str | None
    matting_model: str | None
    engine: EngineName
    device: Device
    threads: int | None
    matting_memory: int | None
    max_pixels: int


@dataclass(frozen=True, eq=False)
class Request:
    """All options of a cut.

    Attributes:
        target: what to cut out.
        finish: how its mask becomes alpha and clean colours.
        runtime: which models run, and on what.
    """

    target: Target = field(default_factory=Target)
    finish: Finish = field(default_factory=Finish)
    runtime: Runtime = field(default_factory=Runtime)

    @classmethod
    def of(cls, **options: Unpack[Options]) -> Request:
        """Make a request from `options`, without checking it.

        Raises:
            BadOption: the name of an option is unknown.
        """
        return cls().updated(options)

    def updated(self, options: Mapping[str, Any]) -> Request:
        """This request with other values for `options`, by their names.

        Raises:
            BadOption: the name of an option is unknown.
        """
        unknown = sorted(set(options) - set(OPTIONS))
        if unknown:
            from difflib import get_close_matches

            near = get_close_matches(unknown[0], OPTIONS, n=2)
            raise BadOption(
                f"There is no option {', '.join(map(repr, unknown))}.",
                f"Did you mean {' or '.join(near)}?" if near else f"Known are {', '.join(sorted(OPTIONS))}.",
            )
        parts = {
            part: replace(
                getattr(self, part),
                **{name: value for name, value in options.items() if OPTIONS[name].part == part},
            )
            for part in PARTS
        }
        return Request(**parts)

    def value(self, name: str) -> Any:
        """The value of the option `name`."""
        return getattr(getattr(self, OPTIONS[name].part), name)

    def given(self) -> dict[str, Any]:
        """The options that differ from their defaults, by name, in the order of their declaration."""
        return {
            name: self.value(name)
            for name, option in OPTIONS.items()
            if not _is_default(self.value(name), option.default)
        }

    @property
    def phrases(self) -> tuple[str, ...]:
        """The words, split into phrases; empty without words.

        Raises:
            BadPhrases: the words have no phrase, or none that a detector reads.
        """
        if self.target.text is None:
            return ()
        from cutsmith.phrases import split_phrases

        return split_phrases(self.target.text)

    @property
    def prompts(self) -> tuple[str, ...]:
        """The options that say what to cut out, by name; none for the picture's main subject."""
        return tuple(name for name in self.given() if name == "text" or name in _POINTERS)

    @property
    def is_prompted(self) -> bool:
        """Whether an option says what to cut out; otherwise it is the picture's main subject."""
        return bool(self.prompts)

    def checked(self) -> Request:
        """Return this request if its values are valid and go together. Whether they fit the picture is checked later.

        Raises:
            BadOption, BadBox, BadPoint, BadPhrases, BadArray: a value is invalid, or two values exclude each other.
        """
        for name, option in OPTIONS.items():
            value = self.value(name)
            if wanted := what_is_wanted(option, value):
                refusal = BadPoint if option.kind == "points" else BadOption
                raise refusal("", _example(option), option=name, found=shown(value), wanted=wanted)
        phrases = self.phrases
        pointed = [_POINTERS[name] for name in self.prompts if name in _POINTERS]
        if phrases and pointed:
            raise BadOption(
                f"Words and {' and '.join(pointed)} were given together, but only one way to say what is cut out is "
                "allowed.",
                "Give the words alone, or a box with points.",
                option="text",
            )
        if "a selection" in pointed and len(pointed) > 1:
            raise BadOption(
                f"{' and '.join(pointed).capitalize()} were given together, but a selection must stand alone.",
                leave_out("selection"),
                option="selection",
            )
        if self.target.objects != "all" and not phrases:
            raise BadOption(
                f"The choice {self.target.objects!r} is among objects that words find, but there are no words.",
                give("text", '"red mug"'),
                option="objects",
            )
        if self.finish.band is not None and self.finish.matting == "none":
            raise BadOption(
                "A band is for a matting method, but none was asked for.",
                set_option("matting", "auto"),
                option="band",
            )
        if self.finish.harden and self.finish.threshold is not None:
            raise BadOption(
                "A threshold makes the whole mask hard, so it cannot be combined with a harder inside alone.",
                leave_out("harden"),
                option="threshold",
            )
        return self

    @property
    def matting_bytes(self) -> int | None:
        """What matting may allocate, in bytes; None for all that is free."""
        return None if self.runtime.matting_memory is None else self.runtime.matting_memory * 1_000_000

    def provenance(self) -> dict[str, str]:
        """The options for a result's provenance: matting, foreground, and the others that were given."""
        told: dict[str, str] = {"matting": self.finish.matting, "foreground": self.finish.foreground}
        given = self.given()
        if self.finish.matting != "none":
            if self.finish.trimap is not None:
                told["trimap"] = "given"
            else:
                told["band"] = "adaptive" if self.finish.band is None else ",".join(map(str, self.finish.band))
            if self.finish.matting in WITH_EFFORT:
                told["matting_effort"] = self.finish.matting_effort
        for name, value in given.items():
            if OPTIONS[name].part == "finish" and OPTIONS[name].kind in ("whole", "number", "flag"):
                told[name] = str(value).lower()
        for name in _POINTERS:
            if name in given:
                told[name] = _told(OPTIONS[name], given[name])
        if self.target.text is not None:
            told.update(self.words_provenance())
            told["objects"] = self.target.objects
            if self.target.max_detections is not None:
                told["max_detections"] = str(self.target.max_detections)
        return told

    def words_provenance(self) -> dict[str, str]:
        """What a result says of the words, and of when a box answers them, where that was given."""
        names = (name for name, option in OPTIONS.items() if option.part == "target" and option.kind == "number")
        given = {name: f"{self.value(name):g}" for name in names if self.value(name) is not None}
        return {"text": ", ".join(self.phrases), **given}

    def key(self, picture: bytes | Picture, weights: Mapping[str, str]) -> str:
        """A hash of 64 hexadecimal digits, the same only for the same request, picture and weights.

        Args:
            picture: the file's bytes, or the picture that was read.
            weights: the provenance of the models (`Models.provenance()`).
        """
        import hashlib
        import json

        told = self.to_json()
        for name in _WITHOUT_EFFECT:
            told["runtime"].pop(name, None)
        content = picture if isinstance(picture, bytes) else picture.digest().encode()
        digest = hashlib.sha256(hashlib.sha256(content).digest())
        digest.update(json.dumps([__version__, told, dict(weights)], sort_keys=True).encode())
        return digest.hexdigest()

    def to_json(self) -> dict[str, Any]:
        """The request for JSON, by parts. Default values are left out, and arrays are packed."""
        told: dict[str, Any] = {"version": VERSION, **{part: {} for part in PARTS}}
        for name, value in self.given().items():
            option = OPTIONS[name]
            told[option.part][name] = to_json(option, value)
        return told

    @classmethod
    def from_json(cls, told: object) -> Request:
        """Make a checked request from what `to_json` returned.

        Raises:
            BadOption: the form is wrong, or a field is unknown.
            BadBox, BadPoint, BadPhrases, BadArray: see `checked`.
        """
        if not isinstance(told, Mapping):
            raise BadOption(f"A request must be a JSON object, but got {shown(told)}.")
        version = told.get("version", VERSION)
        if isinstance(version, bool) or version != VERSION:
            raise BadOption(f"The version of a request must be {VERSION}, but got {shown(version)}.")
        unknown = sorted(set(map(str, told)) - {"version", *PARTS})
        if unknown:
            raise BadOption(f"A request has no {', '.join(unknown)}: its parts are {', '.join(PARTS)}.")
        options: dict[str, Any] = {}
        for part in PARTS:
            values = told.get(part, {})
            if not isinstance(values, Mapping):
                raise BadOption(f"The part {part} of a request must be a JSON object, but got {shown(values)}.")
            for name, value in values.items():
                if name not in OPTIONS or OPTIONS[name].part != part:
                    raise BadOption(f"The part {part} of a request has no option {shown(name)}.")
                options[name] = value
        return cls.from_fields(options)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Request:
        """Make a checked request from options in JSON's form (lists for box, points and band), without parts.

        Raises:
            BadOption, BadBox, BadPoint, BadPhrases, BadArray: see `from_json`.
        """
        return cls().updated({name: from_json(name, value) for name, value in fields.items()}).checked()


def given_request(request: object, **defaults: Unpack[Options]) -> Request:
    """The `request` that a verb was called with, or one of `defaults` where that is None.

    Raises:
        BadOption: it is neither, such as the path of a result.
    """
    if request is None:
        return Request.of(**defaults)
    if isinstance(request, Request):
        return request
    raise BadOption(
        "",
        "Options go by name, such as matting=; the result is written by its own save().",
        option="request",
        found=shown(request),
        wanted="a Request",
    )


def _example(option: Option) -> Cure:
    """The cure for a bad value of `option`."""
    if option.example:
        return give(option.name, option.example)
    if option.default is None:
        return leave_out(option.name)
    return set_option(option.name, option.default, "The default")


def box_text(box: Sequence[float]) -> str:
    """A box as people write it: "40,60,300,420"."""
    return ",".join(f"{value:g}" for value in box)


def _told(option: Option, value: Any) -> str:
    """`value` as provenance shows it."""
    match option.kind:
        case "box":
            return box_text(value)
        case "points":
            return " ".join(box_text(point) for point in value)
        case _:
            return "given"


def _is_default(value: Any, default: Any) -> bool:
    if default is None or value is None:
        return value is default
    try:
        return len(value) == 0 if isinstance(default, tuple) else bool(value == default)
    except (TypeError, ValueError):  # an array where none belongs, which the check tells
        return False
