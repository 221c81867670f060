"""Errors and warnings as the command line words them: flags for options, commands that can be typed."""

from __future__ import annotations

import shlex
import sys

import pytest

from cutsmith.cli.telling import print_error, print_warning, remedy_of, warning_of, what_of
from cutsmith.cures import (
    advise,
    fetch,
    give,
    install_extra,
    install_packages,
    leave_out,
    lower,
    run,
    set_option,
)
from cutsmith.errors import BadBox, BadOption, CutsmithError, Notice, WeightsMissing, shown


def value_error(option: str) -> BadOption:
    return BadOption(option=option, found="7", wanted="a number from 0 to 1")


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("box_threshold", "--box-threshold must be a number from 0 to 1, but got 7."),
        ("max_pixels", "--max-pixels must be a number from 0 to 1, but got 7."),
        ("points", "--point must be a number from 0 to 1, but got 7."),
        ("source", "--from must be a number from 0 to 1, but got 7."),
        ("mask", "The mask must be a number from 0 to 1, but got 7."),
        ("trimap", "The trimap must be a number from 0 to 1, but got 7."),
    ],
)
def test_an_option_is_told_as_its_flag(option, expected) -> None:
    assert what_of(value_error(option)) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("poisson", "poisson"), ((-1, 3), "-1,3"), (0.5, "0.5"), ([1], "[1]"), (None, "None")]
)
def test_a_value_is_told_as_it_is_typed(value, expected) -> None:
    error = BadOption(option="band", found=shown(value), wanted="so")
    assert what_of(error) == f"--band must be so, but got {expected}."


def test_what_the_engine_says_in_sentences_stays() -> None:
    assert what_of(BadBox("The box 1,2,1,4 has no area.", option="box", found="1,2,1,4")) == (
        "The box 1,2,1,4 has no area."
    )


@pytest.mark.parametrize(
    ("cure", "expected"),
    [
        (advise("Scale it down."), "Scale it down."),
        (set_option("device", "cpu"), "Use --device cpu"),
        (set_option("device", "cpu", "To run it on the processor"), "To run it on the processor: --device cpu"),
        (set_option("overwrite", True, "Write over it"), "Write over it: --overwrite"),
        (set_option("max_pixels", 250_000_000, "If you trust it"), "If you trust it: --max-pixels 250000000"),
        (give("box", "40,60,300,420"), "Example: --box 40,60,300,420"),
        (give("text", "red mug"), 'Example: --text "red mug"'),
        (give("text", '"red mug"'), 'Example: --text "red mug"'),
        (give("background", "#ffffff"), 'Example: --background "#ffffff"'),
        (give("points", "240,180 30,40,0"), "Example: --point 240,180 --point 30,40,0"),
        (give("box", "1,2,3,4", "Did you mean"), "Did you mean: --box 1,2,3,4"),
        (give("output", "cut.png", "Give a file"), "Give a file: -o cut.png"),
        (leave_out("segmenter"), "Leave --segmenter out."),
        (leave_out("threads", "To use every core"), "To use every core: leave --threads out"),
        (lower("box_threshold"), "Lower --box-threshold."),
        (lower("text_threshold", "Or"), "Or: lower --text-threshold"),
        (fetch("u2net"), "Fetch them: cutsmith models fetch u2net"),
        (fetch("bria", accepts_licence=True), "Fetch them: cutsmith models fetch bria --accept-licence"),
        (fetch("u2net", "Or without rembg"), "Or without rembg: cutsmith models fetch u2net"),
        (run("models", "list"), "All models: cutsmith models list"),
        (run("doctor"), "What is installed: cutsmith doctor"),
        (
            run("models", "fetch", "u2net", "--from", "FOLDER|URL", text="Another source"),
            "Another source: cutsmith models fetch u2net --from FOLDER|URL",
        ),
        (run("cut", "my photo.jpg"), 'cutsmith cut "my photo.jpg"'),
        (run("cut", 'a"b.jpg'), "cutsmith cut 'a\"b.jpg'"),
    ],
)
def test_a_cure_is_what_can_be_typed(cure, expected) -> None:
    assert remedy_of(CutsmithError("It failed.", cure)) == expected


@pytest.mark.parametrize(
    "cure", [give("mask", "a plane"), set_option("trimap", "x"), leave_out("selection"), lower("subject_alone")]
)
def test_what_only_python_can_give_is_no_advice_here(cure) -> None:
    assert remedy_of(CutsmithError("It failed.", cure, advise("Do it again."))) == "Do it again."


def test_a_part_is_installed_by_pip_or_in_a_clone() -> None:
    assert remedy_of(CutsmithError("It is not here.", install_extra("sam2"))).split("\n  ") == [
        'pip install "cutsmith[sam2]"',
        "In a clone: python3 install.py demo --with sam2",
    ]


def test_what_pips_extra_leaves_out_is_named_beside_it() -> None:
    first, second, _ = remedy_of(CutsmithError("It is not here.", install_extra("groundingdino"))).split("\n  ")
    assert first == 'pip install "cutsmith[groundingdino]"'
    # On a line of its own: Windows PowerShell has no "&&".
    assert second == "And then: pip install --no-deps groundingdino-py"


def test_packages_are_installed_into_the_python_that_runs() -> None:
    told = remedy_of(CutsmithError("They are not here.", install_packages("openvino", "onnxruntime")))
    assert shlex.split(told) == [sys.executable, "-m", "pip", "install", "openvino", "onnxruntime"]


def test_a_failure_is_told_on_standard_error_with_a_line_for_each_cure(capsys) -> None:
    error = WeightsMissing("The weights are not here.", fetch("u2net"), advise("Looked for them in:\n    /folder"))
    print_error(error, "photo.jpg")
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        "cutsmith: photo.jpg: The weights are not here.\n"
        "  Fetch them: cutsmith models fetch u2net\n  Looked for them in:\n    /folder\n"
    )


def test_nothing_follows_where_nothing_is_known(capsys) -> None:
    print_error(CutsmithError("It failed."))
    assert capsys.readouterr().err == "cutsmith: It failed.\n"


def test_a_warning_is_one_line_with_its_first_ways(capsys) -> None:
    notice = Notice("SAM 2 is not used: it is not installed.", install_extra("sam2"), set_option("device", "cpu"))
    told = 'SAM 2 is not used: it is not installed. pip install "cutsmith[sam2]" Use --device cpu'
    assert warning_of(notice) == told
    print_warning(notice, "photo.jpg")
    print_warning("only the first of 3 pictures is used")
    assert capsys.readouterr().err == (
        f"cutsmith: photo.jpg: warning: {told}\ncutsmith: warning: only the first of 3 pictures is used\n"
    )
