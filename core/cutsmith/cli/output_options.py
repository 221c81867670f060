"""The options of `cutsmith cut` that say how results are written, built from their declarations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cutsmith.cli.request_options import Command, click_option
from cutsmith.option_text import parse_names
from cutsmith.options import Option
from cutsmith.output import OUTPUT_OPTIONS, Output


def output_options(command: Command) -> Command:
    """Add every option of `Output` to `command`. Values are passed under the declared names."""
    for option in reversed(list(OUTPUT_OPTIONS.values())):
        command = click_option(option)(command)
    return command


def output_of(values: Mapping[str, Any]) -> Output:
    """The `Output` that the options' values make, not yet checked."""
    return Output(**{name: _parsed(option, values[name]) for name, option in OUTPUT_OPTIONS.items()})


def _parsed(option: Option, value: Any) -> Any:
    if option.kind != "names":
        return value
    if value is None:
        return option.default
    return parse_names(value)
