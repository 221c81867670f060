"""Canvas and presets through a batch: what is written, what is told, and what the exit code says."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from cutsmith import Models, Picture, Request
from cutsmith.batch.catalogue import Catalogue, locked, planned, worked_off
from cutsmith.batch.cutting import Cutter
from cutsmith.batch.outcome import DONE, as_json, exit_code
from cutsmith.batch.plan import Job, plan_jobs
from cutsmith.batch.run import Batch, run_batch
from cutsmith.batch.weights import Weights
from cutsmith.batch.writing import Writing, checked_output
from cutsmith.errors import OutputFormatUnsupported
from cutsmith.output import Output
from cutsmith.picture.icc_profile import is_srgb
from tests.core.stand_ins import LeftHalf, TwoMugs, WholeBox


class Middle(LeftHalf):
    """A remover that takes the middle ninth for the subject."""

    name = "middle"

    def soft_mask(self, image):
        self.seen.append(image)
        height, width = image.shape[:2]
        mask = np.zeros((height, width), np.float32)
        mask[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3] = 1
        return mask


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (1800, 1800), (90, 20, 200)).save("a.png")
    return tmp_path


def run(*jobs: Job, remover=None, request=None, behind=None, **options):
    models = Models(remover or Middle(), TwoMugs(), WholeBox())
    writing = Writing(checked_output(Output(**options)), behind)
    return list(run_batch(jobs, Batch(request or Request.of(matting="none"), writing, models)))


def test_a_preset_gives_a_jpeg_that_passes_its_own_checks(here) -> None:
    output = checked_output(Output(preset="amazon", canvas="700x700", shadow=True))
    (job,) = plan_jobs(["a.png"], "out", None, output).jobs
    assert job.output == os.path.join("out", "a.jpg")  # noqa: PTH118
    (outcome,) = run(job, preset="amazon", canvas="700x700", shadow=True)
    assert (outcome.status, outcome.checks, outcome.warnings) == (DONE, (), ())
    assert as_json(outcome)["checks"] == []
    image = Image.open("out/a.jpg")
    assert (image.size, get_sampling(image)) == ((700, 700), 0)
    picture = Picture.read("out/a.jpg")
    assert is_srgb(picture.icc)
    assert (picture.pixels[[0, -1]] == 255).all()
    columns = np.flatnonzero((picture.pixels[300] < 128).any(axis=1))
    assert columns[-1] + 1 - columns[0] == pytest.approx(630, abs=2)
    assert exit_code([outcome]) == 0


def test_a_failed_check_is_told_and_the_file_is_written_all_the_same(here) -> None:
    (outcome,) = run(Job("a.png", "a.jpg"), preset="amazon", canvas="700x700", fill=0.5)
    assert outcome.status == DONE
    assert outcome.checks == ("The subject fills 50 % of the frame, but Amazon wants 85 % or more.",)
    assert as_json(outcome)["checks"] == list(outcome.checks)
    assert Image.open("a.jpg").size == (700, 700)
    assert outcome.without_pixels().checks == outcome.checks
    (good,) = run(Job("a.png", "b.jpg"), preset="amazon", canvas="700x700")
    assert exit_code([outcome, good]) == exit_code([outcome]) == 1
    assert exit_code([good]) == 0


def test_what_laying_out_has_to_say_is_told_with_the_picture(here) -> None:
    (outcome,) = run(Job("a.png", "a.png.jpg"), preset="amazon", remover=LeftHalf())
    assert any("edge cuts the subject off" in each for each in outcome.warnings)
    assert outcome.checks == (), "the rim is free only where the subject is cut off"
    assert as_json(outcome)["warnings"] == list(outcome.warnings)


def test_each_object_gets_a_canvas_of_its_own_and_a_mask_too(here) -> None:
    request = Request.of(text="mug", objects="each", matting="none")
    (outcome,) = run(Job("a.png", "cut.png"), request=request, canvas="200x100")
    assert [Image.open(path).size for path in outcome.outputs] == [(200, 100)] * 2
    run(Job("a.png", "mask.png"), canvas="200x100", mask_only=True)
    assert (Image.open("mask.png").mode, Image.open("mask.png").size) == ("L", (200, 100))


def test_a_crop_keeps_the_pixels_and_a_picture_can_lie_behind(here) -> None:
    run(Job("a.png", "crop.png"), crop=True)
    assert Image.open("crop.png").size == (600, 600)
    run(Job("a.png", "on.png"), canvas="90x90", behind=Picture(np.full((9, 9, 3), 77, np.uint8)), background="w.png")
    assert np.asarray(Image.open("on.png"))[0, 0].tolist() == [77, 77, 77]


def test_a_canvas_that_the_format_has_no_room_for_is_told_before_the_work(here) -> None:
    remover = LeftHalf()
    (outcome,) = run(Job("a.png", "a.webp"), remover=remover, canvas="17000x20")
    assert isinstance(outcome.error, OutputFormatUnsupported)
    assert remover.seen == []


OWN = """
[presets.own]
title = "The shop"
source = "us"
read = "2026-11"
verified = true
canvas = "90x60"
fill = 0.5
fill_least = 0.4
"""


def test_a_batch_keeps_what_failed_in_its_rows_and_works_again_where_a_preset_has_changed(here) -> None:
    (here / "own.toml").write_text(OWN, encoding="utf-8")
    request = Request.of(matting="none", foreground="none", looks="1")

    def rows():
        remover = Middle()
        writing = Writing(checked_output(Output(preset="own.toml")))
        cutter = Cutter(here / "out", writing, weights=Weights(given=Models(remover=remover)))
        with locked(cutter.folder):
            return list(worked_off(each := Catalogue(["a.png"], request, cutter), planned(each))), len(remover.seen)

    ((first,), seen) = rows()
    assert (first.status, first.checks, seen) == ("done", (), 1)
    assert Image.open(here / "out" / first.output).size == (90, 60)
    assert rows()[1] == 0, "it is done"
    (here / "own.toml").write_text(OWN.replace("0.4", "0.6").replace("0.5", "0.3"), encoding="utf-8")
    ((again,), seen) = rows()
    assert seen == 1
    assert again.checks == ("The subject fills 30 % of the frame, but The shop wants 60 % or more.",)
