"""Many pictures: one that fails does not stop the others, nothing is kept in memory, and nothing is printed."""

from __future__ import annotations

import gc
import io
import weakref
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cutsmith import Models, Request
from cutsmith.batch import run as batch_run
from cutsmith.batch.outcome import DONE, FAILED, NOTHING_FOUND, exit_code
from cutsmith.batch.plan import STANDARD, Job, plan_jobs
from cutsmith.batch.run import Batch, run_batch
from cutsmith.batch.writing import Writing
from cutsmith.errors import (
    BadBox,
    NotInstalled,
    OutputExists,
    OutputFormatUnsupported,
    OutputRefused,
    PictureNotFound,
    SubjectNotFound,
    WeightsMissing,
)
from cutsmith.output import Output
from tests.core.stand_ins import LeftHalf, Nothing, TwoMugs, WholeBox

BATCH = Batch(Request.of(matting="none"), models=Models(remover=LeftHalf()))
WORDS = Batch(Request.of(matting="none", text="mug"), models=Models(detector=TwoMugs(), segmenter=WholeBox()))


@pytest.fixture(autouse=True)
def nothing_is_printed(capsys):
    yield
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def inputs(tmp_path) -> list[str]:
    paths = [str(tmp_path / f"{number}.png") for number in range(3)]
    for path in paths:
        Image.new("RGB", (60, 40), (90, 20, 200)).save(path)
    return paths


def jobs_of(inputs, tmp_path, *, preview=False) -> list[Job]:
    return list(plan_jobs(inputs, f"{tmp_path}/out/", f"{tmp_path}/seen/" if preview else None, Output()).jobs)


def writing(**options) -> Writing:
    return Writing(Output(**options))


def test_every_picture_is_written(inputs, tmp_path) -> None:
    outcomes = list(run_batch(jobs_of(inputs, tmp_path, preview=True), BATCH))
    assert [outcome.status for outcome in outcomes] == [DONE] * 3
    assert exit_code(outcomes) == 0
    for number, outcome in enumerate(outcomes):
        assert outcome.outputs == (str(tmp_path / "out" / f"{number}.png"),)
        cut = np.asarray(Image.open(outcome.outputs[0]))
        assert (cut[:, :30, 3] == 255).all()
        assert (cut[:, 30:, 3] == 0).all()
        assert Image.open(outcome.previews[0]).width > 60
        assert {"read", "load", "mask", "foreground", "write"} <= set(outcome.stages)
        assert outcome.seconds >= sum(outcome.stages.values()) * 0.99


def test_it_works_only_as_outcomes_are_asked_for(inputs, tmp_path) -> None:
    outcomes = run_batch(jobs_of(inputs, tmp_path), BATCH)
    assert not (tmp_path / "out").exists()
    next(outcomes)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["0.png"]


def test_one_that_fails_does_not_stop_the_others(inputs, tmp_path) -> None:
    (tmp_path / "1.png").unlink()
    outcomes = list(run_batch(jobs_of(inputs, tmp_path), BATCH))
    assert [outcome.status for outcome in outcomes] == [DONE, FAILED, DONE]
    assert isinstance(outcomes[1].error, PictureNotFound)
    assert outcomes[1].outputs == outcomes[1].cutouts == ()
    assert exit_code(outcomes) == 1


def test_nothing_found_is_an_outcome_of_its_own(inputs, tmp_path) -> None:
    outcomes = list(run_batch(jobs_of(inputs, tmp_path), replace(BATCH, models=Models(remover=Nothing()))))
    assert [outcome.status for outcome in outcomes] == [NOTHING_FOUND] * 3
    assert isinstance(outcomes[0].error, SubjectNotFound)
    assert exit_code(outcomes) == 4
    assert list((tmp_path).glob("out/*")) == []


def test_what_concerns_every_picture_ends_the_batch(inputs, tmp_path, monkeypatch) -> None:
    def missing(*_, **__):
        raise NotInstalled("There is no engine.")

    monkeypatch.setattr(batch_run, "cut_out", missing)
    with pytest.raises(NotInstalled):
        next(run_batch(jobs_of(inputs, tmp_path), BATCH))


def test_targets_are_refused_before_any_work(inputs, tmp_path) -> None:
    remover = LeftHalf()
    batch = replace(BATCH, models=Models(remover=remover))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "0.png").write_bytes(b"mine")
    jobs = [*jobs_of(inputs[:2], tmp_path), Job(inputs[2], str(tmp_path / "cut.jpg"))]
    outcomes = list(run_batch(jobs, batch))
    assert [type(outcome.error) for outcome in outcomes] == [OutputExists, type(None), OutputFormatUnsupported]
    assert len(remover.seen) == 1
    assert (tmp_path / "out" / "0.png").read_bytes() == b"mine"
    (again,) = run_batch(jobs[:1], replace(batch, writing=writing(overwrite=True)))
    assert again.status == DONE
    (white,) = run_batch(jobs[2:], replace(batch, writing=writing(background="white")))
    assert white.status == DONE


def test_a_box_outside_one_picture_is_that_pictures_failure(inputs, tmp_path) -> None:
    batch = Batch(Request.of(matting="none", box=(50, 30, 70, 50)), models=Models(segmenter=WholeBox()))
    Image.new("RGB", (20, 20)).save(inputs[1])
    outcomes = list(run_batch(jobs_of(inputs, tmp_path), batch))
    assert [outcome.status for outcome in outcomes] == [DONE, FAILED, DONE]
    assert isinstance(outcomes[1].error, BadBox)
    assert exit_code(outcomes) == 1
    assert exit_code(outcomes[1:2]) == 2, "a single picture tells more"


def test_the_mask_alone(inputs, tmp_path) -> None:
    (outcome,) = run_batch(jobs_of(inputs[:1], tmp_path), replace(BATCH, writing=writing(mask_only=True)))
    mask = Image.open(outcome.outputs[0])
    assert mask.mode == "L"
    assert np.asarray(mask)[0].tolist() == [255] * 30 + [0] * 30


def test_objects_apart_are_numbered(inputs, tmp_path) -> None:
    batch = replace(WORDS, request=Request.of(matting="none", text="mug", objects="each"))
    (outcome,) = run_batch(jobs_of(inputs[:1], tmp_path, preview=True), batch)
    assert outcome.outputs == tuple(str(tmp_path / "out" / f"0-{number}.png") for number in (1, 2))
    assert outcome.previews == tuple(str(tmp_path / "seen" / f"0-{number}.png") for number in (1, 2))
    left, right = (np.asarray(Image.open(path))[..., 3] for path in outcome.outputs)
    assert (left[:, 20:] == 0).all()
    assert (right[:, :40] == 0).all()
    assert left.max() == right.max() == 255


def test_detections_alone_cut_nothing_out(inputs, tmp_path) -> None:
    batch = replace(WORDS, writing=writing(detections_only=True))
    (outcome,) = run_batch(jobs_of(inputs[:1], tmp_path, preview=True), batch)
    assert outcome.outputs == outcome.cutouts == ()
    assert [found.label for found in outcome.detections.found] == ["mug", "mug"]
    assert Image.open(outcome.previews[0]).size[1] >= 40
    assert not (tmp_path / "out").exists()
    (nothing,) = run_batch(
        jobs_of(inputs[:1], tmp_path),
        replace(batch, request=Request.of(matting="none", text="mug", box_threshold=0.95)),
    )
    assert nothing.status == NOTHING_FOUND


class Buffer:
    """A standard output."""

    def __init__(self) -> None:
        self.checked, self.data = 0, b""

    def check(self) -> None:
        self.checked += 1

    def write(self, data: bytes) -> None:
        self.data += data


@pytest.mark.parametrize(("mask_only", "mode"), [(False, "RGBA"), (True, "L")])
def test_a_picture_goes_to_standard_output(inputs, mask_only, mode) -> None:
    buffer = Buffer()
    batch = replace(BATCH, writing=Writing(Output(mask_only=mask_only), standard_output=buffer))
    (outcome,) = run_batch([Job(inputs[0], STANDARD)], batch)
    assert outcome.outputs == (STANDARD,)
    assert buffer.checked == 1
    assert Image.open(io.BytesIO(buffer.data)).mode == mode


def test_missing_weights_are_fetched_and_the_picture_is_tried_again(tmp_path, monkeypatch) -> None:
    content = io.BytesIO()
    Image.new("RGB", (60, 40), (90, 20, 200)).save(content, "PNG")
    # Standard input can be read once only.
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content.getvalue())))
    fetched = []
    real = batch_run.cut_out

    def missing_at_first(*asked, **options):
        if not fetched:
            raise WeightsMissing("The weights are nowhere.", model="isnet-general-use")
        return real(*asked, **options)

    monkeypatch.setattr(batch_run, "cut_out", missing_at_first)
    jobs = plan_jobs([STANDARD], str(tmp_path / "cut.png"), None, Output()).jobs
    (outcome,) = run_batch(jobs, replace(BATCH, fetch=lambda missing: fetched.append(missing.model)))
    assert outcome.status == DONE
    assert fetched == ["isnet-general-use"]
    assert Image.open(tmp_path / "cut.png").size == (60, 40)


def test_without_a_fetch_missing_weights_end_the_batch(inputs, tmp_path, monkeypatch) -> None:
    def missing(*_, **__):
        raise WeightsMissing("The weights are nowhere.")

    monkeypatch.setattr(batch_run, "cut_out", missing)
    with pytest.raises(WeightsMissing):
        list(run_batch(jobs_of(inputs, tmp_path), BATCH))


def test_a_cut_out_that_is_there_is_told_although_its_preview_failed(inputs, tmp_path, monkeypatch) -> None:
    def full(cutout):
        raise OutputRefused("The disk is full.")

    monkeypatch.setattr("cutsmith.result.preview.preview", full)
    (outcome,) = run_batch(jobs_of(inputs[:1], tmp_path, preview=True), BATCH)
    assert outcome.status == FAILED
    assert outcome.outputs == (str(tmp_path / "out" / "0.png"),)
    assert outcome.previews == ()
    assert isinstance(outcome.error, OutputRefused)


def test_no_picture_is_kept_in_memory_once_its_outcome_is_dropped(inputs, tmp_path) -> None:
    alphas: list[weakref.ref] = []
    kept = []
    for outcome in run_batch(jobs_of(inputs, tmp_path), BATCH):
        gc.collect()
        assert [alpha() for alpha in alphas] == [None] * len(alphas)
        alphas.append(weakref.ref(outcome.cutouts[0].alpha))
        kept.append(outcome.without_pixels())
        del outcome
    assert len(kept) == 3
