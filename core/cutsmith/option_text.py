"""The values of options as people type them, on the command line and in tables: "40,60,300,420"."""

from __future__ import annotations

from typing import Any

from cutsmith.cures import give
from cutsmith.errors import BadBox, BadOption, BadPoint, CutsmithError
from cutsmith.options import OPTIONS, Option, what_is_wanted
from cutsmith.output import OUTPUT_OPTIONS

_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})


def from_text(option: Option, text: str) -> Any:
    """The value of `option` that `text` says, in JSON's form; several points stand apart by blanks or semicolons.

    Only the form is checked here, not whether a number is within its limits.

    Raises:
        BadBox, BadPoint, BadOption: the text cannot be such a value, or the value is an array.
    """
    match option.kind:
        case "box":
            return list(parse_box(text))
        case "points":
            return [list(parse_point(point)) for point in text.replace(";", " ").split()]
        case "band":
            return list(parse_band(text))
        case "number" | "whole":
            try:
                return float(text) if option.kind == "number" else int(text)
            except ValueError as error:
                raise _bad(BadOption, option.name, text, what_is_wanted(option, text)) from error
        case "flag":
            word = text.strip().lower()
            if word not in _YES | _NO:
                raise _bad(BadOption, option.name, text, "true or false")
            return word in _YES
        case "names":
            return parse_names(text)
        case "array":
            raise _bad(BadOption, option.name, text, "an array, which no text is")
        case _:
            return text


def parse_box(text: str) -> tuple[float, float, float, float]:
    """Parse `X0,Y0,X1,Y1` into four numbers, in pixels.

    Raises:
        BadBox: the text is not four numbers.
    """
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
    except ValueError as error:
        raise _bad(BadBox, "box", text, "four numbers X0,Y0,X1,Y1 in pixels") from error
    return x0, y0, x1, y1


def parse_point(text: str) -> tuple[float, float, float]:
    """Parse `X,Y` or `X,Y,LABEL` into three numbers; the label defaults to 1.

    Raises:
        BadPoint: the text is not two or three numbers.
    """
    wanted = "X,Y or X,Y,LABEL in pixels, where LABEL is 1 on the subject and 0 on what is not"
    try:
        x, y, label = (float(part) for part in (text.split(",") + ["1"] * (text.count(",") == 1)))
    except ValueError as error:
        raise _bad(BadPoint, "points", text, wanted) from error
    return x, y, label


def parse_band(text: str) -> tuple[int, int]:
    """Parse `IN,OUT` into two numbers of pixels.

    Raises:
        BadOption: the text is not two whole numbers of at least 0.
    """
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdecimal() for part in parts):
        raise _bad(BadOption, "band", text, "IN,OUT, two whole numbers of pixels")
    return int(parts[0]), int(parts[1])


def parse_names(text: str) -> tuple[str, ...]:
    """Parse names with commas between them; "none" and "" are none."""
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    return () if names == ("none",) else names


def _bad(kind: type[CutsmithError], name: str, text: str, wanted: str) -> CutsmithError:
    example = (OPTIONS.get(name) or OUTPUT_OPTIONS[name]).example
    cures = [give(name, example)] if example else []
    return kind("", *cures, option=name, found=text, wanted=wanted)
