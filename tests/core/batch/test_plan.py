"""Where each picture goes: settled before anything is done, and nothing is ever written over an input."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from cutsmith.batch.plan import STANDARD, Job, plan_jobs, result_suffix
from cutsmith.errors import BadOption
from cutsmith.output import Output

posix = pytest.mark.skipif(os.name != "posix", reason="links of POSIX")


def plan(*inputs: str, output: str | None = None, preview: str | None = None, numbered=False, **writing) -> list[Job]:
    return list(plan_jobs(inputs, output, preview, Output(**writing), numbered=numbered).jobs)


def path(*parts: str) -> str:
    return str(Path(*parts))


def made(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(folder / name, "PNG")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_an_output_a_picture_goes_beside_its_input() -> None:
    assert plan(path("a", "b.c.jpg"), mask_only=True, format="tiff") == [
        Job(path("a", "b.c.jpg"), path("a", "b.c-mask.tiff"))
    ]
    assert plan("x.png", "y.png") == [Job("x.png", "x-cut.png"), Job("y.png", "y-cut.png")]
    assert plan("x.jpg", "x.png") == [Job("x.jpg", "x-jpg-cut.png"), Job("x.png", "x-png-cut.png")]
    assert plan("x.jpg", name="cut of {stem}") == [Job("x.jpg", "cut of x.png")]


def test_standard_input_goes_to_standard_output() -> None:
    assert plan(STANDARD) == [Job(STANDARD, STANDARD)]
    assert plan(STANDARD, output="cut.png") == [Job(STANDARD, "cut.png")]
    assert plan(STANDARD, output="out/", preview="seen/") == [
        Job(STANDARD, path("out", "standard-input.png"), path("seen", "standard-input.png"))
    ]


def test_one_picture_goes_to_a_file_or_into_a_folder(here) -> None:
    assert plan("a.jpg", output="cut.webp", preview="seen.png") == [Job("a.jpg", "cut.webp", "seen.png")]
    assert plan("a.jpg", output="no-such-folder/") == [Job("a.jpg", path("no-such-folder", "a.png"))]
    assert plan("a.jpg", output=str(here)) == [Job("a.jpg", str(here / "a.png"))]
    assert plan("a.jpg", output=STANDARD) == [Job("a.jpg", STANDARD)]


def test_a_name_without_a_suffix_is_a_new_folder_for_one_picture_as_for_several(here) -> None:
    assert plan("a.jpg", output="new", preview="seen") == [Job("a.jpg", path("new", "a.png"), path("seen", "a.png"))]
    assert plan("a.jpg", output=".new/er") == [Job("a.jpg", path(".new", "er", "a.png"))]
    (here / "file").touch()
    assert plan("a.jpg", output="file") == [Job("a.jpg", "file")], "a file that is there is no folder"
    assert plan("a.jpg", output=".png") == [Job("a.jpg", ".png")]
    assert plan("a.jpg", output="v1.2") == [Job("a.jpg", "v1.2")], "refused for its suffix later"


def test_several_pictures_go_into_a_folder() -> None:
    for folder in ("out", "out/"):
        assert plan("a.jpg", path("x", "b.png"), output=folder, preview="seen") == [
            Job("a.jpg", path("out", "a.png"), path("seen", "a.png")),
            Job(path("x", "b.png"), path("out", "b.png"), path("seen", "b.png")),
        ]
    assert [job.output for job in plan("a.jpg", "a.png", "b.jpg", output="out/")] == [
        path("out", "a-jpg.png"),
        path("out", "a-png.png"),
        path("out", "b.png"),
    ]
    assert plan("a.jpg", "./a.jpg", output="out.png") == [Job("a.jpg", "out.png")], "one picture, given twice"


def test_the_pictures_of_a_folder_keep_its_sub_folders(here) -> None:
    made(here, "in/a.jpg", "in/sub/a.jpg", "in/sub/b.png")
    assert plan("in", output="out", preview="seen", name="{folder}-{stem}", background="white") == [
        Job(path("in", "a.jpg"), path("out", "in-a.jpg"), path("seen", "in-a.png")),
        Job(path("in", "sub", "a.jpg"), path("out", "sub", "sub-a.jpg"), path("seen", "sub", "sub-a.png")),
        Job(path("in", "sub", "b.png"), path("out", "sub", "sub-b.jpg"), path("seen", "sub", "sub-b.png")),
    ]
    assert [job.output for job in plan("in", "in/a.jpg", output="out")] == [
        path("out", "a.png"),
        path("out", "sub", "a.png"),
        path("out", "sub", "b.png"),
    ]
    # The second run, with results in the folder itself.
    made(here, "in/out/a.png", "in/out/sub/a.png")
    assert len(plan("in", output="in/out")) == 3


def test_a_folder_of_pictures_needs_a_folder_of_results(here) -> None:
    made(here, "in/a.jpg")
    with pytest.raises(BadOption, match="need a folder of their own") as caught:
        plan("in")
    assert [(cure.option, cure.value) for cure in caught.value.cures] == [("output", "in-cut/")]
    with pytest.raises(BadOption, match=r"must be a folder, but got the file cut\.png"):
        plan("in", output="cut.png")
    with pytest.raises(BadOption, match="The preview for several pictures must be a folder"):
        plan("in", output="out", preview="seen.png")
    with pytest.raises(BadOption, match="cannot all go to standard output"):
        plan("in", output=STANDARD)
    assert plan("in", detections_only=True) == [Job(path("in", "a.jpg"), STANDARD)], "nothing is written"


@pytest.mark.parametrize(
    ("writing", "suffix"),
    [
        ({}, ".png"),
        ({"background": "white"}, ".jpg"),
        ({"background": "blur"}, ".jpg"),
        ({"mask_only": True}, ".png"),
        ({"format": "webp"}, ".webp"),
        ({"format": "png", "background": "white"}, ".png"),
        ({"format": "jpg", "mask_only": True}, ".jpg"),
    ],
)
def test_results_take_the_suffix_that_the_background_or_the_format_asks_for(writing, suffix) -> None:
    assert result_suffix(Output(**writing)) == suffix
    assert Path(plan("a.jpg", output="out/", **writing)[0].output).suffix == suffix
    assert Path(plan("a.jpg", **writing)[0].output).suffix == suffix
    assert plan("a.jpg", output="out/", preview="seen/", **writing)[0].preview == path("seen", "a.png")


def test_a_format_and_a_name_must_agree_with_the_file_that_is_given() -> None:
    assert plan("a.jpg", output="cut.TIF", format="tiff") == [Job("a.jpg", "cut.TIF")]
    assert plan("a.jpg", output="cut.jpeg", format="jpg", background="red") == [Job("a.jpg", "cut.jpeg")]
    with pytest.raises(BadOption, match=r"webp was asked for, but cut\.png has the suffix \.png") as caught:
        plan("a.jpg", output="cut.png", format="webp")
    assert [(cure.option, cure.value) for cure in caught.value.cures] == [("format", ""), ("output", "cut.webp")]
    with pytest.raises(BadOption, match=r"also the file cut\.png") as caught:
        plan("a.jpg", output="cut.png", name="{stem}")
    assert [(cure.option, cure.value) for cure in caught.value.cures] == [("name", ""), ("output", "cut/")]
    with pytest.raises(BadOption, match="the same for all 2 pictures"):
        plan("a.jpg", "b.jpg", output="out", name="cut")
    assert plan("a.jpg", output="out", name="cut") == [Job("a.jpg", path("out", "cut.png"))]


@pytest.mark.parametrize(
    ("inputs", "output", "preview", "told"),
    [
        (["a.jpg"], None, STANDARD, "preview cannot go to standard output"),
        (["a.jpg", "b.jpg"], STANDARD, None, "cannot all go to standard output"),
        (["a.jpg", "b.jpg"], "cut.png", None, "must be a folder, but got the file cut.png"),
        (["a.jpg", "b.jpg"], "out/", "out/", "The cut-out of a.jpg and the preview of a.jpg would both be written to"),
        (["a.jpg"], "cut.png", "./cut.png", "would both be written to"),
        (["a.jpg"], "cut.png", "CUT.png", "would both be written to"),
        (["a.png"], "a.png", None, "is one of the inputs"),
        (["a.png"], "./x/../a.png", None, "is one of the inputs"),
        (["a.png"], None, "a.png", "is one of the inputs"),
        (["a.png", "b.png"], ".", None, "is one of the inputs"),
        (["a.jpg", "a-cut.png"], None, None, "is one of the inputs"),
        (["a.jpg"], "", None, "output must be a file or a folder"),
        (["a.jpg"], None, " ", "preview must be a file or a folder"),
    ],
)
def test_what_would_be_lost_is_refused(inputs, output, preview, told) -> None:
    with pytest.raises(BadOption) as caught:
        plan(*inputs, output=output, preview=preview)
    assert told in str(caught.value)
    assert caught.value.option in ("output", "preview")
    assert caught.value.cures


@posix
@pytest.mark.parametrize(
    ("output", "preview"),
    [("out.png", None), ("cut.png", "out.png"), ("link/", None), (None, "link"), ("hard.png", None), ("other/", None)],
)
def test_a_result_that_leads_to_an_input_is_refused_whatever_its_name(here, output, preview) -> None:
    made(here, "pics/a.png", "b.png")
    (here / "out.png").symlink_to("pics/a.png")
    (here / "link").symlink_to("pics")
    (here / "hard.png").hardlink_to(here / "b.png")
    # The result of a.png is a link to the other input of the call.
    (here / "other").mkdir()
    (here / "other" / "a.png").symlink_to(here / "b.png")
    several = output == "other/"
    inputs = ["pics/a.png", "b.png"] if several else ["b.png"] if output == "hard.png" else ["pics/a.png"]
    with pytest.raises(BadOption, match="is one of the inputs and would be replaced"):
        plan(*inputs, output=output, preview=preview)


@posix
def test_files_that_are_read_besides_are_not_replaced_either(here) -> None:
    made(here, "wall.png", "a.jpg")
    (here / "out.png").symlink_to("wall.png")
    with pytest.raises(BadOption, match=r"out\.png leads to wall\.png"):
        plan_jobs(["a.jpg"], "out.png", None, Output(), also_read=["wall.png"])


def test_a_number_that_makes_a_result_an_input_is_refused() -> None:
    assert len(plan("a.jpg", "a-2.jpg", output="./", numbered=True)) == 2
    with pytest.raises(BadOption, match=r"a-2\.png is one of the inputs"):
        plan("a.jpg", "a-2.png", output=".", numbered=True)
    assert len(plan("a.jpg", "a-2.png", output="out", numbered=True)) == 2


@posix
def test_two_results_that_are_one_file_behind_their_links_are_refused(here) -> None:
    for name in ("one.png", "two.png"):
        (here / name).symlink_to("new.png")
    with pytest.raises(BadOption, match="would both be written to"):
        plan("a.jpg", output="one.png", preview="two.png")
    (here / "out").mkdir()
    (here / "link").symlink_to("out")
    with pytest.raises(BadOption, match="would both be written to"):
        plan("a.jpg", "b.jpg", output="out", preview="link")


@posix
def test_standard_input_is_an_input_as_well(here) -> None:
    made(here, "a.png")
    before = os.dup(0)
    try:
        with (here / "a.png").open("rb") as stream:
            os.dup2(stream.fileno(), 0)
            with pytest.raises(BadOption, match=r"a\.png leads to standard input"):
                plan(STANDARD, output="a.png")
    finally:
        os.dup2(before, 0)
        os.close(before)


def test_nothing_is_printed_or_made(here, capsys) -> None:
    plan("a.jpg", "b.jpg", output="out/", preview="seen/")
    assert os.listdir(here) == []  # noqa: PTH208
    assert capsys.readouterr() == ("", "")
