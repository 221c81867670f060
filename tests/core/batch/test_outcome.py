"""What is told of one picture, as JSON, and the exit code of all."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cutsmith import Box, Detection, Models, Picture, cut_out_each
from cutsmith.batch.outcome import DONE, FAILED, NOTHING_FOUND, Outcome, as_json, exit_code
from cutsmith.batch.plan import Job
from cutsmith.errors import BadBox, OutputRefused, SubjectNotFound
from cutsmith.result.detections import Detections
from tests.core.stand_ins import LeftHalf, TwoMugs, WholeBox

JOB = Job("a.jpg", "a-cut.png")
PICTURE = Picture(np.full((40, 60, 3), 90, np.uint8), warnings=("The profile was dropped.",))
NOT_FOUND = SubjectNotFound("Nothing was found.", best_probability=0.123456, threshold=0.5)


def cutouts(**options):
    models = Models(LeftHalf(), TwoMugs(), WholeBox())
    return tuple(cut_out_each(PICTURE, models=models, **options))


def test_a_picture_that_was_cut_out() -> None:
    outcome = Outcome(JOB, DONE, 1.23456, cutouts(), ("a-cut.png",), ("seen.png",), stages={"read": 0.12345})
    told = as_json(outcome)
    assert json.loads(json.dumps(told)) == told
    assert told["input"] == "a.jpg"
    assert told["output"] == "a-cut.png"
    assert told["status"] == "done"
    assert told["model"] == "left half"
    assert told["seconds"] == 1.235
    assert told["stages"] == {"read": 0.123}
    assert told["preview"] == "seen.png"
    assert told["warnings"] == ["The profile was dropped."]
    assert told["provenance"]["weights"] == "left.onnx"
    assert {"outputs", "objects", "detections", "error"}.isdisjoint(told)
    assert outcome.picture is PICTURE


def test_several_objects_have_several_files() -> None:
    outputs, previews = ("a-1.png", "a-2.png"), ("s-1.png", "s-2.png")
    told = as_json(Outcome(JOB, DONE, 1, cutouts(text="mug"), outputs, previews))
    assert told["output"] == "a-1.png"
    assert told["outputs"] == list(outputs)
    assert told["preview"] == list(previews)
    assert told["model"] == "whole box", "what made the mask"
    assert [each["label"] for each in told["objects"]] == ["mug", "mug"]
    assert [each["score"] for each in told["objects"]] == [0.9, 0.6]


def test_detections_alone() -> None:
    found = (Detection(Box(1, 2.126, 3, 4), "mug", 0.87654),)
    detections = Detections(PICTURE, found, {"detector": "two mugs"}, ("A word was cut.",), {})
    told = as_json(Outcome(JOB, DONE, 1, detections=detections))
    assert told["detections"] == [{"box": [1, 2.13, 3, 4], "label": "mug", "score": 0.8765}]
    assert told["model"] == "two mugs"
    assert told["output"] is None
    assert told["warnings"] == ["A word was cut."]


def test_failures_tell_their_error() -> None:
    told = as_json(Outcome(JOB, FAILED, 1, error=OutputRefused("The disk is full.", "Make room.")))
    assert (told["status"], told["model"], told["provenance"], told["warnings"]) == ("failed", None, None, [])
    assert told["error"]["type"] == "OutputRefused"
    assert told["error"]["what"] == "The disk is full."
    assert {"best_probability", "threshold"}.isdisjoint(told)
    nothing = as_json(Outcome(JOB, NOTHING_FOUND, 1, error=NOT_FOUND))
    assert (nothing["status"], nothing["best_probability"], nothing["threshold"]) == ("nothing found", 0.1235, 0.5)
    json.dumps([told, nothing])


def test_without_pixels_what_is_small_is_kept() -> None:
    outcome = Outcome(JOB, DONE, 1, cutouts(), ("a-cut.png",), stages={"read": 1})
    kept = outcome.without_pixels()
    assert kept.cutouts == ()
    assert kept.detections is kept.picture is kept.provenance is None
    assert (kept.job, kept.status, kept.outputs, kept.stages) == (JOB, DONE, ("a-cut.png",), {"read": 1})


done, nothing = Outcome(JOB, DONE), Outcome(JOB, NOTHING_FOUND, error=NOT_FOUND)
failed, misused = Outcome(JOB, FAILED, error=OutputRefused("")), Outcome(JOB, FAILED, error=BadBox(""))


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([done], 0),
        ([done, nothing], 0),
        ([nothing], 4),
        ([nothing, nothing], 4),
        ([failed], 1),
        ([misused], 2),
        ([misused, done], 1),
        ([failed, nothing], 1),
    ],
)
def test_exit_codes(outcomes, code) -> None:
    assert exit_code(outcomes) == code
