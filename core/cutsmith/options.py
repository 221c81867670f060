"""Every option of a cut, declared once: name, kind, default, choices, limits and one sentence of help.

The command line's options, the nodes' inputs, GIMP's settings, the worker's fields and `cut_out`'s keywords are made
from these declarations; a request (`cutsmith.request`) is an instance of them. How results are written is declared in
`cutsmith.output`. This file needs only the standard library, because install.py copies it beside GIMP's plug-in.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal[
    "words",
    "model",
    "choice",
    "number",
    "whole",
    "flag",
    "box",
    "points",
    "band",
    "array",
    "background",
    "name",
    "names",
    "pattern",
]
Objects = Literal["all", "best", "each"]
LookCount = Literal["auto", "1", "3"]
Matting = Literal["none", "auto", "closed-form", "vitmatte", "bimatting", "pymatting-cf", "knn", "lbdm"]
MattingEffort = Literal["fast", "balanced", "exact"]
Foreground = Literal["blur-fusion", "multilevel", "none"]
EngineName = Literal["auto", "openvino", "onnxruntime", "torch", "cuda", "coreml", "directml"]
Device = Literal["auto", "cpu", "cuda", "mps"]
WITH_BAND: tuple[Matting, ...] = ("auto", "closed-form", "vitmatte", "pymatting-cf", "knn", "lbdm")
"""The methods of matting that solve a band."""
WITH_EFFORT: tuple[Matting, ...] = ("auto", "closed-form")
"""The methods of matting that `matting_effort` bounds; auto is closed form where it solves at all."""
DEFAULT_BAND = 3
"""How far the unknown band reaches into the subject, and into the background, in pixels."""
DEFAULT_MAX_PIXELS = 100_000_000
"""Reading 100 million pixels takes about 1 GB of memory."""
MINIMUM_SIDE = 4
"""Pixels: in a smaller picture a subject cannot be told from its background."""


class Option(NamedTuple):
    """The declaration of one option.

    Attributes:
        name: the keyword of `cut_out`, and the field in JSON.
        part: "target", "finish" or "runtime"; "output" is no part of a request.
        kind: the type of value. "words" are one text or several, "model" is a catalogue name or a path, "box" and
            "band" are four and two numbers, "points" are (x, y) or (x, y, label), "array" is a plane of the picture's
            size, "background" is a colour or a picture's path, "name" is a file's name with placeholders,
            "pattern" is a text that matches a pattern.
        default: the value if none is given.
        help: one sentence.
        choices: the allowed values of the kind "choice"; the placeholders of the kind "name".
        least, most: the limits of a number; None for no limit.
        usual: the range that a slider offers, if the limits are wider.
        example: a value as written on the command line.
        otherwise: what Cutsmith does if no value is given, in words.
        pattern: the regular expression that all of a text of the kind "pattern" matches.
        wanted: what such a text is, in words.
        advanced: whether a door hides the option at first.
        is_in_pixels: whether the value counts pixels of the picture, so that a smaller picture takes a smaller one.
    """

    name: str
    part: str
    kind: Kind
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    usual: tuple[float, float] | None = None
    example: str = ""
    otherwise: str = ""
    pattern: str = ""
    wanted: str = ""
    advanced: bool = False
    is_in_pixels: bool = False


def _option(kind: Kind, default: Any, help: str, **more: Any) -> Any:
    return field(default=default, metadata={"kind": kind, "help": help, **more})


@dataclass(frozen=True, eq=False)
class Target:
    """What to cut out: words, a box, clicks, a rough mask or a selection; without any, the main subject."""

    text: str | Sequence[str] | None = _option(
        "words", None, "Cut out what these English words name.", example='"red mug, spoon"'
    )
    box: tuple[float, float, float, float] | None = _option(
        "box",
        None,
        "Cut out the subject in this box (x0, y0, x1, y1), in pixels of the upright picture.",
        example="40,60,300,420",
    )
    points: Sequence[Sequence[float]] = _option(
        "points",
        (),
        "Clicks (x, y, label) on the subject (label 1, the default) or on what is not the subject (0), for SAM 2.",
        example="240,180",
    )
    mask: NDArray[np.generic] | None = _option(
        "array", None, "A rough mask of the subject, bool, uint8 or float in [0, 1], for SAM 2."
    )
    selection: NDArray[np.generic] | None = _option(
        "array",
        None,
        "A rough selection of the subject: SAM 2 is asked for its box and for points deep inside it.",
    )
    objects: Objects = _option(
        "choice",
        "all",
        "Of what the words found: all in one cut-out, the most confident alone, or each in a cut-out of its own.",
        choices=get_args(Objects),
    )
    # Scores of different networks mean different things, so each has thresholds of its own.
    box_threshold: float | None = _option(
        "number",
        None,
        "Drop boxes whose score is not above this.",
        least=0,
        most=1,
        example="0.3",
        otherwise="the model's own, 0.3 for Grounding DINO and 0.4 for LLMDet",
    )
    text_threshold: float | None = _option(
        "number",
        None,
        "Drop boxes none of whose words scores above this.",
        least=0,
        most=1,
        example="0.25",
        otherwise="the model's own, 0.25",
        advanced=True,
    )
    max_detections: int | None = _option(
        "whole", None, "Keep at most this many boxes, the best.", least=1, otherwise="all", advanced=True
    )


@dataclass(frozen=True, eq=False)
class Finish:
    """How the soft mask becomes alpha, and how the colours at its edge are cleaned."""

    matting: Matting = _option(
        "choice",
        "auto",
        "How the soft mask becomes alpha; auto refines hair and fur where the mask can be relied on.",
        choices=get_args(Matting),
    )
    matting_effort: MattingEffort = _option(
        "choice",
        "balanced",
        "How much time and memory matting may take: exact works at the picture's own size, whatever that takes.",
        choices=get_args(MattingEffort),
        advanced=True,
    )
    band: tuple[int, int] | None = _option(
        "band",
        None,
        "Pixels by which the band that matting solves reaches into the subject and into the background.",
        least=0,
        usual=(0, 256),
        example="3,3",
        otherwise="as the mask's edge needs it",
        is_in_pixels=True,
    )
    trimap: NDArray[np.generic] | None = _option(
        "array", None, "A trimap of 0, 128 and 255 that says what matting solves for, instead of the band."
    )
    harden: float = _option(
        "number",
        0.0,
        "Make the inside solid: alpha from 0.5 to 1 minus this is stretched to 0.5 to 1, alpha below 0.5 stays.",
        least=0,
        most=0.5,
        example="0.2",
        advanced=True,
    )
    # Alpha of 0 is at least 0: a threshold of 0 would make the whole picture the subject.
    threshold: float | None = _option(
        "number",
        None,
        "Make the mask hard: alpha of at least this becomes 1, all else 0.",
        least=0.001,
        most=1,
        example="0.5",
        otherwise="soft edges are kept",
        advanced=True,
    )
    mask_offset: int = _option(
        "whole",
        0,
        "Grow the mask by this many pixels, or shrink it (below 0), before the blur.",
        usual=(-64, 64),
        advanced=True,
        is_in_pixels=True,
    )
    mask_blur: float = _option(
        "number",
        0.0,
        "Soften the mask's edge: standard deviation of the blur, in pixels.",
        least=0,
        usual=(0, 64),
        advanced=True,
        is_in_pixels=True,
    )
    invert: bool = _option("flag", False, "Cut out the background instead of the subject.", advanced=True)
    foreground: Foreground = _option(
        "choice",
        "multilevel",
        "How the old background's colour is taken out of the edge; blur-fusion is the faster and less exact way.",
        choices=get_args(Foreground),
        advanced=True,
    )
    subject_alone: bool = _option(
        "flag", False, "Leave the picture's own transparency out of the result, for a mask beside it.", advanced=True
    )


@dataclass(frozen=True, eq=False)
class Runtime:
    """Which models run, on what, and within which limits."""

    model: str | None = _option(
        "model", None, "The removal model: a catalogue name, an ONNX file, or rembg:NAME.", otherwise="IS-Net"
    )
    looks: LookCount = _option(
        "choice", "auto", "How often a removal model looks; auto: again in doubt.", choices=get_args(LookCount)
    )
    cascade: bool = _option(
        "flag", False, "In doubt, try slower and better ways too, and keep the best result.", advanced=True
    )
    segmenter: str | None = _option(
        "model",
        None,
        "SAM 2, by name or path, or subject-in-box, which runs the removal model on each box.",
        otherwise="the best SAM 2 that is here",
    )
    detector: str | None = _option(
        "model", None, "Grounding DINO, by name or path, for words.", otherwise="one that is here"
    )
    matting_model: str | None = _option(
        "model",
        None,
        "The weights of a neural matting: a catalogue name, an ONNX file, a checkpoint or a folder.",
        otherwise="the best ViTMatte that is here",
    )
    engine: EngineName = _option(
        "choice",
        "auto",
        "What runs a removal model or ViTMatte; torch, coreml and directml are experimental.",
        choices=get_args(EngineName),
        advanced=True,
    )
    device: Device = _option(
        "choice",
        "auto",
        "What runs Grounding DINO and SAM 2, and what the engine torch runs; mps is experimental.",
        choices=get_args(Device),
        advanced=True,
    )
    threads: int | None = _option(
        "whole",
        None,
        "Use at most this many processor threads.",
        least=1,
        otherwise="all that may be used",
        advanced=True,
    )
    matting_memory: int | None = _option(
        "whole", None, "Megabytes that matting may take.", least=16, otherwise="all that is free", advanced=True
    )
    max_pixels: int = _option(
        "whole", DEFAULT_MAX_PIXELS, "Refuse pictures with more pixels than this.", least=1, advanced=True
    )

    def __post_init__(self) -> None:
        # In Python and JSON, 1 and 3 are numbers to everybody.
        looks: object = self.looks
        if type(looks) is int:
            object.__setattr__(self, "looks", str(looks))


PARTS: Mapping[str, type[Target] | type[Finish] | type[Runtime]] = {
    "target": Target,
    "finish": Finish,
    "runtime": Runtime,
}

OPTIONS: Mapping[str, Option] = {
    each.name: Option(each.name, part, default=each.default, **each.metadata)
    for part, kind in PARTS.items()
    for each in fields(kind)
}

MODEL_OPTIONS = tuple(name for name, option in OPTIONS.items() if option.kind == "model")
"""The options that name a model: those for the remover, the segmenter, the detector and the matting."""


def what_is_wanted(option: Option, value: object) -> str:
    """What `value` must be instead, worded to follow "must be"; "" if the value is valid.

    This does not check arrays, nor conditions that depend on the picture, such as whether a box lies inside it.
    """
    if value is None and option.default is None:
        return ""
    match option.kind:
        case "choice":
            return "" if isinstance(value, str) and value in option.choices else f"one of {', '.join(option.choices)}"
        case "flag":
            return "" if isinstance(value, bool) else "true or false"
        case "number":
            return "" if _is_number(value) and _is_within(option, value) else f"a number{_limits(option)}"
        case "whole":
            return "" if _is_whole(value) and _is_within(option, value) else f"a whole number{_limits(option)}"
        case "band":
            is_pair = isinstance(value, Sequence) and len(value) == 2 and all(map(_is_whole, value))
            is_good = is_pair and all(_is_within(option, each) for each in value)  # type: ignore[attr-defined]
            return "" if is_good else "two whole numbers of pixels, 0 or more"
        case "model":
            return "" if isinstance(value, str) and value else "a name or a path"
        case "names":
            is_list = isinstance(value, Sequence) and not isinstance(value, str)
            is_good = is_list and all(each in option.choices for each in value)  # type: ignore[attr-defined]
            return "" if is_good else f"names among {', '.join(option.choices)}"
        case "background":
            return "" if isinstance(value, str) and value.strip() else "a colour, a picture, blur or transparent"
        case "name":
            parts = ", ".join(f"{{{each}}}" for each in option.choices)
            return "" if _is_name(option, value) else f"a file's name without a slash, in which {parts} may stand"
        case "pattern":
            is_good = isinstance(value, str) and re.fullmatch(option.pattern, value.strip().lower()) is not None
            return "" if is_good else option.wanted
        case "points":
            return "" if _is_list(value) else "a list of points, each (x, y) or (x, y, label)"
        case _:
            return ""


def _is_name(option: Option, value: object) -> bool:
    if not isinstance(value, str) or not value.strip() or set(value) & set("/\\\0"):
        return False
    try:
        parsed = list(string.Formatter().parse(value))
    except ValueError:  # a brace without its other half
        return False
    # {stem.x}, {stem[0]}, {stem!r} and {number:3} are none: a name is no program.
    return all(
        field is None or (field in option.choices and not spec and not conversion)
        for _, field, spec, conversion in parsed
    )


def _is_list(value: Any) -> bool:
    """Whether `value` is a list, a tuple or an array of at least one axis."""
    return isinstance(value, list | tuple) or bool(getattr(value, "shape", ()))


def _is_number(value: Any) -> bool:
    # JSON has whole numbers beyond what a float holds. NumPy's numbers count; booleans and arrays do not.
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    return is_number and abs(value) < 1e15 and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and _is_number(value)


def _is_within(option: Option, value: Any) -> bool:
    is_too_small = option.least is not None and value < option.least
    return not is_too_small and not (option.most is not None and value > option.most)


def _limits(option: Option) -> str:
    if option.least is not None and option.most is not None:
        return f" from {option.least:g} to {option.most:g}"
    return f", {option.least:g} or more" if option.least is not None else ""
