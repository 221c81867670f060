"""A run ends where nobody wants its result any more: before a stage, between iterations, between segments."""

from __future__ import annotations

import time

import numpy as np
import pytest

from cutsmith import Models, Picture, Request, cut_out, cut_out_each, find_detections, refine_mask
from cutsmith.batch.plan import Job
from cutsmith.batch.run import Batch, run_batch
from cutsmith.errors import Cancelled
from cutsmith.matting.closed_form import solve
from tests.core.stand_ins import Filled, LeftHalf, SoftEdge, TwoMugs, WholeBox

PIXELS = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
PICTURE = Picture(PIXELS)
HALF = Models(remover=LeftHalf())
WORDS = Models(detector=TwoMugs(), segmenter=WholeBox())


def stages_until_cancelled(verb, *arguments, at: str, **options) -> list[str]:
    """The stages that began until the run ended, which nobody wants any more once `at` has begun."""
    begun: list[str] = []
    with pytest.raises(Cancelled) as caught:
        verb(*arguments, on_stage=begun.append, cancelled=lambda: at in begun, **options)
    assert caught.value.exit_code == 130
    return begun


def test_nothing_begins_where_nobody_wants_the_result_from_the_start() -> None:
    begun: list[str] = []
    for verb, arguments in [
        (cut_out, (PICTURE,)),
        (cut_out_each, (PICTURE,)),
        (find_detections, (PICTURE, "mug")),
        (refine_mask, (PICTURE, np.zeros((60, 90), bool))),
    ]:
        models = {} if verb is refine_mask else {"models": WORDS if verb is find_detections else HALF}
        with pytest.raises(Cancelled):
            verb(*arguments, on_stage=begun.append, cancelled=lambda: True, **models)
    assert begun == []


STAGES = ["read", "load", "mask", "matting"]


@pytest.mark.parametrize("at", STAGES)
def test_a_cut_out_ends_before_the_next_stage(at) -> None:
    assert stages_until_cancelled(cut_out, PICTURE, models=HALF, at=at) == STAGES[: STAGES.index(at) + 1]


def test_words_end_before_the_next_stage_too() -> None:
    assert stages_until_cancelled(cut_out, PICTURE, models=WORDS, text="mug", at="detect")[-1] == "detect"
    assert stages_until_cancelled(find_detections, PICTURE, "mug", models=WORDS, at="load") == ["read", "load"]
    assert stages_until_cancelled(refine_mask, PICTURE, np.ones((60, 90), bool), at="read") == ["read"]


def test_between_segments_a_run_ends_before_the_next_mask_is_made() -> None:
    Filled.masked = 0
    with pytest.raises(Cancelled):
        cut_out(PICTURE, models=WORDS, text="mug", cancelled=lambda: Filled.masked == 1)
    assert Filled.masked == 1


def test_objects_apart_end_between_two_of_them() -> None:
    begun: list[str] = []
    with pytest.raises(Cancelled):
        cut_out_each(
            PICTURE,
            models=WORDS,
            text="mug",
            on_stage=begun.append,
            cancelled=lambda: begun.count("foreground") == 1,
        )
    assert begun.count("matting") == 1


@pytest.mark.parametrize("verb", ["cut_out", "refine_mask"])
def test_matting_ends_between_two_iterations(verb) -> None:
    def run(cancelled, begun):
        if verb == "cut_out":
            return cut_out(
                PICTURE,
                models=Models(remover=SoftEdge()),
                matting="closed-form",
                on_stage=begun.append,
                cancelled=cancelled,
            )
        return refine_mask(PICTURE, SoftEdge().soft_mask(PIXELS), on_stage=begun.append, cancelled=cancelled)

    stages: list[str] = []
    asked_in: list[str] = []
    run(lambda: asked_in.append(stages[-1] if stages else "") is not None, stages)
    # The last question of a stage comes before the next one: it is not between two iterations. How often a waiting
    # thread asks depends on the machine, so that only the questions within matting are counted.
    assert asked_in.count("matting") >= 4

    begun: list[str] = []
    in_matting = 0

    def at_the_second() -> bool:
        nonlocal in_matting
        in_matting += begun[-1:] == ["matting"]
        return in_matting == 2

    with pytest.raises(Cancelled):
        run(at_the_second, begun)
    assert begun[-1] == "matting"
    assert in_matting == 2, "it is not asked again"


@pytest.mark.alone
def test_a_large_undecided_region_ends_soon_after_it_is_dropped() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (160, 200, 3), dtype=np.uint8)
    trimap = np.full((160, 200), 128, np.uint8)
    trimap[:2], trimap[-2:] = 255, 0
    refine_mask(Picture(PIXELS), SoftEdge().soft_mask(PIXELS))  # the first use compiles
    dropped = []

    def cancelled() -> bool:
        if begun[-1:] == ["matting"] and not dropped:
            dropped.append(time.monotonic())
            return False
        return bool(dropped)

    begun: list[str] = []
    with pytest.raises(Cancelled):
        refine_mask(Picture(pixels), trimap > 0, trimap=trimap, on_stage=begun.append, cancelled=cancelled)
    assert begun == ["read", "matting"]


def test_a_picture_of_a_batch_that_is_dropped_is_told_as_failed(tmp_path) -> None:
    path = PICTURE.save(tmp_path / "a.png")
    batch = Batch(Request(), models=HALF, cancelled=lambda: True)
    (outcome,) = run_batch([Job(str(path), str(tmp_path / "cut.png"))], batch)
    assert isinstance(outcome.error, Cancelled)
    assert not (tmp_path / "cut.png").exists()


# ---- what matting warns of


def does_not_converge(monkeypatch) -> None:
    """Every system goes to the iterations, which are given no step."""
    monkeypatch.setattr(solve, "_DIRECT_PIXELS", 0)
    monkeypatch.setattr(solve, "_MOST_ITERATIONS", 0)


def test_warnings_of_matting_arrive_with_the_result(monkeypatch, caplog) -> None:
    does_not_converge(monkeypatch)
    cut = cut_out(PICTURE, models=Models(remover=SoftEdge(), warnings=("Of the model.",)), matting="closed-form")
    assert cut.warnings[0] == "Of the model."
    warnings = cut.warnings[1:]
    assert warnings
    assert all(each.startswith("Closed-form matting found no solution for ") for each in warnings)
    refined = refine_mask(PICTURE, SoftEdge().soft_mask(PIXELS), matting="closed-form")
    assert refined.warnings == warnings
    trimap = np.where(cut.soft_mask > 0.9, 255, np.where(cut.soft_mask < 0.1, 0, 128)).astype(np.uint8)
    solved = refine_mask(PICTURE, SoftEdge().soft_mask(PIXELS), trimap=trimap)
    np.testing.assert_array_equal(solved.alpha[trimap == 128], solved.soft_mask[trimap == 128])
    assert caplog.text == "", "it is told once, with the result"


def test_each_of_several_cut_outs_has_the_warnings_of_its_own_matting(monkeypatch) -> None:
    does_not_converge(monkeypatch)
    detector = TwoMugs("A word was cut.")
    models = Models(detector=detector, segmenter=WholeBox())
    cuts = cut_out_each(PICTURE, models=models, text="mug", matting="closed-form", band=(2, 2))
    assert len(cuts) == 2
    told = [each.warnings for each in cuts]
    assert all(warnings[0] == "A word was cut." for warnings in told)
    assert all(len(warnings) > 1 and "no solution" in warnings[1] for warnings in told)
