"""The flags of `cutsmith cut` that say how results are written: one for each declared option, all of it from there."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from cutsmith.cli.cut_command import cut
from cutsmith.cli.output_options import output_of, output_options
from cutsmith.cli.request_options import flag
from cutsmith.output import OUTPUT_OPTIONS, Output

PARAMETERS = {parameter.name: parameter for parameter in cut.params}
WRITTEN = {
    "background": ("white", "white"),
    "canvas": ("2000x1500", "2000x1500"),
    "fill": ("0.9", 0.9),
    "margin": ("5%", "5%"),
    "position": ("top-left", "top-left"),
    "crop": (None, True),
    "shadow": (None, True),
    "preset": ("amazon", "amazon"),
    "mask_only": (None, True),
    "detections_only": (None, True),
    "format": ("webp", "webp"),
    "name": ("{stem}-cut", "{stem}-cut"),
    "quality": ("80", 80),
    "provenance": (None, True),
    "keep_metadata": ("exif, gps", ("exif", "gps")),
    "overwrite": (None, True),
    "skip_existing": (None, True),
}


def given_by(*arguments: str) -> Output:
    made: list[Output] = []

    @click.command()
    @output_options
    def command(**values: object) -> None:
        made.append(output_of(values))

    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return made[0]


def test_this_test_knows_a_value_of_each() -> None:
    assert list(WRITTEN) == list(OUTPUT_OPTIONS)


@pytest.mark.parametrize("name", OUTPUT_OPTIONS)
def test_a_flag_has_the_help_the_default_and_the_choices_of_the_declaration(name) -> None:
    option, parameter = OUTPUT_OPTIONS[name], PARAMETERS[name]
    assert isinstance(parameter, click.Option)
    assert parameter.opts == [flag(name)]
    assert parameter.help.startswith(option.help)
    assert parameter.is_flag == (option.kind == "flag")
    if option.kind == "choice":
        assert tuple(parameter.type.choices) == option.choices
    if option.otherwise:
        assert parameter.help == f"{option.help} [default: {option.otherwise}]"


@pytest.mark.parametrize("name", OUTPUT_OPTIONS)
def test_what_a_flag_says_is_what_is_written(name) -> None:
    text, value = WRITTEN[name]
    assert given_by(flag(name), *([] if text is None else [text])) == Output(**{name: value})


def test_no_flag_is_the_declarations_defaults() -> None:
    assert given_by() == Output()


def test_flags_stand_in_the_order_of_the_declaration() -> None:
    assert [name for name in PARAMETERS if name in OUTPUT_OPTIONS] == list(OUTPUT_OPTIONS)
