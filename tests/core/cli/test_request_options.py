"""The flags of `cutsmith cut`: one for each option that is offered, all of it from the declaration."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from cutsmith import Request
from cutsmith.cli.cut_command import cut
from cutsmith.cli.request_options import OFFERED, flag, request_fields, request_options
from cutsmith.options import OPTIONS

PARAMETERS = {parameter.name: parameter for parameter in cut.params}
WRITTEN = {
    "text": ["--text", "red mug"],
    "box": ["--box", "1,2,30.5,40"],
    "points": ["--point", "5,6", "--point", "7,8,0"],
    "objects": ["--objects", "each"],
    "box_threshold": ["--box-threshold", "0.5"],
    "text_threshold": ["--text-threshold", "0.5"],
    "max_detections": ["--max-detections", "3"],
    "matting": ["--matting", "closed-form"],
    "matting_effort": ["--matting-effort", "exact"],
    "band": ["--band", "2,5"],
    "harden": ["--harden", "0.25"],
    "threshold": ["--threshold", "0.5"],
    "mask_offset": ["--mask-offset", "-2"],
    "mask_blur": ["--mask-blur", "1.5"],
    "invert": ["--invert"],
    "foreground": ["--foreground", "none"],
    "model": ["--model", "u2net"],
    "looks": ["--looks", "3"],
    "cascade": ["--cascade"],
    "segmenter": ["--segmenter", "subject-in-box"],
    "detector": ["--detector", "x.safetensors"],
    "matting_model": ["--matting-model", "x.onnx"],
    "engine": ["--engine", "onnxruntime"],
    "device": ["--device", "cpu"],
    "threads": ["--threads", "2"],
    "matting_memory": ["--matting-memory", "500"],
    "max_pixels": ["--max-pixels", "1000"],
}
MEANT = {
    "text": "red mug",
    "box": (1, 2, 30.5, 40),
    "points": ((5, 6, 1), (7, 8, 0)),
    "objects": "each",
    "box_threshold": 0.5,
    "text_threshold": 0.5,
    "max_detections": 3,
    "matting": "closed-form",
    "matting_effort": "exact",
    "band": (2, 5),
    "harden": 0.25,
    "threshold": 0.5,
    "mask_offset": -2,
    "mask_blur": 1.5,
    "invert": True,
    "foreground": "none",
    "model": "u2net",
    "looks": "3",
    "cascade": True,
    "segmenter": "subject-in-box",
    "detector": "x.safetensors",
    "matting_model": "x.onnx",
    "engine": "onnxruntime",
    "device": "cpu",
    "threads": 2,
    "matting_memory": 500,
    "max_pixels": 1000,
}


def given_by(*arguments: str) -> Request:
    """The request that a command line asks for."""
    made: list[Request] = []

    @click.command()
    @request_options
    def command(**values: object) -> None:
        made.append(Request().updated(request_fields(values)))

    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return made[0]


def test_all_but_planes_is_offered() -> None:
    hidden = {name for name, option in OPTIONS.items() if option.kind == "array"} | {"subject_alone"}
    assert set(OFFERED) == set(OPTIONS) - hidden
    assert list(OFFERED) == [name for name in OPTIONS if name in OFFERED], "in the order of the declaration"
    assert list(WRITTEN) == list(MEANT) == list(OFFERED), "this test knows a value of each"


@pytest.mark.parametrize("name", OFFERED)
def test_a_flag_has_the_help_the_default_and_the_limits_of_the_declaration(name) -> None:
    option, parameter = OPTIONS[name], PARAMETERS[name]
    assert isinstance(parameter, click.Option)
    assert parameter.opts == [flag(name)]
    assert parameter.help.startswith(option.help)
    assert parameter.is_flag == (option.kind == "flag")
    if option.choices:
        assert tuple(parameter.type.choices) == option.choices
    if option.otherwise:
        assert parameter.help == f"{option.help} [default: {option.otherwise}]"
    elif option.kind in ("choice", "number", "whole"):
        assert parameter.help == f"{option.help} [default: {option.default}]"
    if option.least is not None and option.most is not None:
        assert parameter.metavar == f"{option.least:g}-{option.most:g}"


def test_help_shows_every_flag_and_its_help() -> None:
    shown = " ".join(CliRunner().invoke(cut, ["--help"], terminal_width=200).output.split())
    for name, option in OFFERED.items():
        assert flag(name) in shown
        assert option.help in shown


def test_no_flag_asks_for_nothing() -> None:
    assert given_by().given() == {}


@pytest.mark.parametrize("name", OFFERED)
def test_what_a_flag_says_is_what_the_request_holds(name) -> None:
    assert given_by(*WRITTEN[name]).given() == {name: MEANT[name]}


def test_all_flags_together() -> None:
    assert given_by(*(word for words in WRITTEN.values() for word in words)).given() == MEANT


@pytest.mark.parametrize("name", [name for name, option in OFFERED.items() if option.example])
def test_the_example_of_a_declaration_is_understood(name) -> None:
    import shlex

    request = given_by(flag(name), *shlex.split(OPTIONS[name].example))
    assert list(request.given()) == [name]
    (request.updated({"matting": "closed-form"}) if name == "band" else request).checked()
