"""The options of `cutsmith cut` that make up a request, built from their declarations in `cutsmith.options`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import click

from cutsmith.option_text import parse_band, parse_box, parse_point
from cutsmith.options import OPTIONS, Option

Command = Callable[..., Any]

# Arrays need a file or another program, and only a layer mask needs subject_alone.
_NOT_OFFERED = {"subject_alone", *(name for name, option in OPTIONS.items() if option.kind == "array")}
OFFERED: Mapping[str, Option] = {name: option for name, option in OPTIONS.items() if name not in _NOT_OFFERED}
_FLAGS = {"points": "--point"}
_METAVARS = {
    "words": "PHRASES",
    "box": "X0,Y0,X1,Y1",
    "points": "X,Y[,0|1]",
    "band": "IN,OUT",
    "model": "NAME|PATH",
    "whole": "N",
    "number": "N",
    "background": "COLOUR|IMAGE|blur",
    "name": "NAME",
    "canvas": "WIDTHxHEIGHT",
    "margin": "PIXELS|PERCENT%",
    "position": "PLACE|X%,Y%",
    "preset": "NAME|FILE",
}


def flag(name: str) -> str:
    """The flag of the option `name`: "--box-threshold"."""
    return _FLAGS.get(name, f"--{name.replace('_', '-')}")


def request_options(command: Command, instead: Mapping[str, Option] = MappingProxyType({})) -> Command:
    """Add every offered option to `command`. Values are passed under the declared names.

    Args:
        command: what takes the values.
        instead: options as this command alone offers them, by their names.
    """
    for name, option in reversed(list(OFFERED.items())):
        command = click_option(instead.get(name, option))(command)
    return command


def request_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a request, parsed from the options' values.

    Raises:
        BadBox, BadPoint, BadOption: a value cannot be parsed.
    """
    return {name: _parsed(option, values[name]) for name, option in OFFERED.items()}


def click_option(option: Option) -> Callable[[Command], Command]:
    """What adds `option` to a command. The value, a text for some kinds, is passed under the declared name."""
    settings: dict[str, Any] = {"default": option.default, "show_default": False, "help": _help(option)}
    match option.kind:
        case "flag":
            settings["is_flag"] = True
        case "names":
            settings |= {"default": None, "metavar": f"{','.join(option.choices)}|none"}
        case "choice":
            settings["type"] = click.Choice(option.choices)
        case "points":
            settings |= {"multiple": True, "metavar": _METAVARS["points"]}
        case kind:
            types = {"whole": int, "number": float}
            settings |= {"type": types.get(kind, str), "metavar": _METAVARS.get(option.name) or _METAVARS[kind]}
            if option.least is not None and option.most is not None:
                settings["metavar"] = f"{option.least:g}-{option.most:g}"
    return click.option(flag(option.name), option.name, **settings)


def _help(option: Option) -> str:
    if option.otherwise:
        return f"{option.help} [default: {option.otherwise}]"
    is_said = option.default is not None and option.kind not in ("flag", "points")
    return f"{option.help} [default: {option.default}]" if is_said else option.help


def _parsed(option: Option, value: Any) -> Any:
    if value is None:
        return None
    match option.kind:
        case "box":
            return parse_box(value)
        case "points":
            return tuple(parse_point(point) for point in value)
        case "band":
            return parse_band(value)
        case _:
            return value
