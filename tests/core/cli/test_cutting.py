"""Several pictures in one call: what is kept of each, and how the bar and the reports share a terminal."""

from __future__ import annotations

import gc
import json
import os
import re
import subprocess
import sys
import weakref

import numpy as np
import pytest
from PIL import Image

from cutsmith import Models, Request
from cutsmith.batch import run as batch_run
from cutsmith.batch.plan import plan_jobs
from cutsmith.batch.run import Batch
from cutsmith.cli import cutting
from cutsmith.cli.cutting import Telling
from cutsmith.errors import OutputRefused
from cutsmith.output import Output
from tests.core.stand_ins import LeftHalf

pytestmark = pytest.mark.weights


LEFT_HALF = Batch(Request(), models=Models(remover=LeftHalf()))


def test_no_picture_is_kept_in_memory_after_it_was_written(tmp_path, monkeypatch, capsys) -> None:
    inputs = [str(tmp_path / f"{number}.png") for number in range(5)]
    for path in inputs:
        Image.new("RGB", (60, 40), (90, 20, 200)).save(path)
    alphas: list[weakref.ref] = []
    alive = []
    real = batch_run.cut_out

    def watched(*asked, **options):
        gc.collect()
        alive.append(sum(alpha() is not None for alpha in alphas))
        cutout = real(*asked, **options)
        alphas.append(weakref.ref(cutout.alpha))
        return cutout

    monkeypatch.setattr(batch_run, "cut_out", watched)
    jobs = plan_jobs(inputs, f"{tmp_path}/out/", None, Output()).jobs
    assert cutting.cut_all(jobs, LEFT_HALF, Telling()) == 0
    assert alive == [0, 0, 0, 0, 0]
    assert len(capsys.readouterr().out.splitlines()) == 5


def test_every_doubtful_result_is_told_with_its_name(tmp_path, capsys) -> None:
    class Everything(LeftHalf):
        def soft_mask(self, image):
            return np.ones(image.shape[:2], np.float32)

    inputs = [str(tmp_path / f"{number}.png") for number in range(3)]
    for path in inputs:
        Image.new("RGB", (60, 40), (90, 20, 200)).save(path)
    jobs = plan_jobs(inputs, f"{tmp_path}/out/", None, Output()).jobs
    assert cutting.cut_all(jobs, Batch(Request(), models=Models(remover=Everything())), Telling()) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "Look at this result" in line]
    assert len(told) == 3
    assert all(path in line for path, line in zip(inputs, told, strict=True))


def test_the_bar_leaves_the_terminal_before_anything_is_told(tmp_path, photo, isnet_weights) -> None:
    pty = pytest.importorskip("pty", reason="this system has no pseudo terminals")
    for name in ("first", "second", "third"):
        Image.fromarray(photo("chelsea")).save(tmp_path / f"{name}.png")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "cutsmith", "cut", "first.png", "missing.png", "second.png", "third.png", "-o", "out/"],
        cwd=tmp_path,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:  # how Linux tells that the other side is closed
            pass
    os.close(ours)
    text = shown.decode()
    assert process.returncode == 1
    assert "cutting out" in text
    for told in ("out/first.png", "out/second.png", "out/third.png", "There is no file missing.png"):
        # Erase in line, cursor up, colours: what stands before them on the line must be nothing.
        line = re.split(r"\n|\x1b\[2K", text[: text.index(told)])[-1]
        assert "cutting out" not in line, told
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l"), "the cursor is shown again"


def test_a_cut_out_that_is_there_is_told_although_its_preview_failed(tmp_path, monkeypatch, capsys) -> None:
    Image.new("RGB", (60, 40), (90, 20, 200)).save(tmp_path / "a.png")

    def full(cutout):
        raise OutputRefused("The disk is full.")

    monkeypatch.setattr("cutsmith.result.preview.preview", full)
    jobs = plan_jobs([str(tmp_path / "a.png")], str(tmp_path / "cut.png"), str(tmp_path / "seen.png"), Output()).jobs
    assert cutting.cut_all(jobs, LEFT_HALF, Telling(in_json=True)) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["output"]) == ("failed", str(tmp_path / "cut.png"))
    assert told["error"]["what"] == "The disk is full."
    assert Image.open(tmp_path / "cut.png").size == (60, 40)
