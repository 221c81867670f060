"""Where each picture goes: settled before anything is done, and nothing is ever written over an input."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cutsmith.batch.plan import STANDARD, Job, plan_jobs
from cutsmith.errors import BadOption


def plan(*inputs: str, output: str | None = None, preview: str | None = None, suffix=".png", ending="cut") -> list[Job]:
    return plan_jobs(inputs, output, preview, suffix=suffix, ending=ending)


def path(*parts: str) -> str:
    return str(Path(*parts))


def test_without_an_output_a_picture_goes_beside_its_input() -> None:
    assert plan(path("a", "b.c.jpg"), ending="mask", suffix=".tif") == [
        Job(path("a", "b.c.jpg"), path("a", "b.c-mask.tif"))
    ]
    assert plan("x.png", "y.png") == [Job("x.png", "x-cut.png"), Job("y.png", "y-cut.png")]


def test_standard_input_goes_to_standard_output() -> None:
    assert plan(STANDARD) == [Job(STANDARD, STANDARD)]
    assert plan(STANDARD, output="cut.png") == [Job(STANDARD, "cut.png")]
    assert plan(STANDARD, output="out/", preview="seen/") == [
        Job(STANDARD, path("out", "standard-input.png"), path("seen", "standard-input.png"))
    ]


def test_one_picture_goes_to_a_file_or_into_a_folder(tmp_path) -> None:
    assert plan("a.jpg", output="cut.webp", preview="seen.png") == [Job("a.jpg", "cut.webp", "seen.png")]
    assert plan("a.jpg", output="no-such-folder/") == [Job("a.jpg", path("no-such-folder", "a.png"))]
    assert plan("a.jpg", output=str(tmp_path)) == [Job("a.jpg", str(tmp_path / "a.png"))]
    assert plan("a.jpg", output=STANDARD) == [Job("a.jpg", STANDARD)]


def test_several_pictures_go_into_a_folder() -> None:
    for folder in ("out", "out/"):
        assert plan("a.jpg", path("x", "b.png"), output=folder, preview="seen") == [
            Job("a.jpg", path("out", "a.png"), path("seen", "a.png")),
            Job(path("x", "b.png"), path("out", "b.png"), path("seen", "b.png")),
        ]


@pytest.mark.parametrize(
    ("inputs", "output", "preview", "told"),
    [
        (["a.jpg"], None, STANDARD, "preview cannot go to standard output"),
        (["a.jpg", "b.jpg"], STANDARD, None, "cannot all go to standard output"),
        (["a.jpg", "b.jpg"], "cut.png", None, "must be a folder, but got the file cut.png"),
        (["a.jpg", "x/a.png"], "out/", None, "would both be written to"),
        (["a.jpg", "x/A.png"], "out/", None, "would both be written to"),
        (["a.jpg", "a.jpg"], None, None, "would both be written to"),
        (["a.jpg"], "cut.png", "./cut.png", "would both be written to"),
        (["a.png"], "a.png", None, "is one of the inputs"),
        (["a.png"], "./x/../a.png", None, "is one of the inputs"),
        (["a.png"], None, "a.png", "is one of the inputs"),
        (["a.png", "b.png"], ".", None, "is one of the inputs"),
    ],
)
def test_what_would_be_lost_is_refused(inputs, output, preview, told) -> None:
    with pytest.raises(BadOption, match=told) as caught:
        plan(*inputs, output=output, preview=preview)
    assert caught.value.option in ("output", "preview")
    assert caught.value.cures


def test_nothing_is_printed_or_made(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    plan("a.jpg", "b.jpg", output="out/", preview="seen/")
    assert os.listdir(tmp_path) == []  # noqa: PTH208
    assert capsys.readouterr() == ("", "")
