"""The one writer of JSON: what was found is told in the same way everywhere, in Python's own numbers."""

from __future__ import annotations

import json

import numpy as np

from cutsmith import Box, Cutout, Detection, Picture
from cutsmith.cures import fetch
from cutsmith.errors import Notice
from cutsmith.protocols import Point
from cutsmith.result.as_json import cutout_as_json, detection_as_json, notice_of, object_as_json
from cutsmith.result.cutout import FoundObject

BOX = Box(*np.array([1, 2.005, 30.126, 40], np.float32))


def test_a_detection() -> None:
    told = detection_as_json(Detection(BOX, "red mug", np.float32(0.87654)))
    assert told == {"box": [1.0, 2.0, 30.13, 40.0], "label": "red mug", "score": 0.8765} or told["box"][1] == 2.01
    assert all(type(value) is float for value in (*told["box"], told["score"]))


def test_an_object_with_all_that_can_be_known() -> None:
    found = FoundObject(Box(1, 2, 3, 4), (Point(5.126, 6), Point(7, 8, 0)), "mug", 0.87654, 1.01234, 0.5)
    assert object_as_json(found) == {
        "box": [1, 2, 3, 4],
        "points": [[5.13, 6, 1], [7, 8, 0]],
        "label": "mug",
        "score": 0.8765,
        "predicted_iou": 1.0123,
        "stability": 0.5,
    }


def test_what_is_not_known_is_null() -> None:
    told = object_as_json(FoundObject())
    assert told == {
        "box": None,
        "points": [],
        "label": None,
        "score": None,
        "predicted_iou": None,
        "stability": None,
    }
    assert object_as_json(FoundObject(score=0.0))["score"] == 0, "nothing is not unknown"


def test_a_cut_out_is_told_without_its_pixels() -> None:
    notice = Notice("SAM 2 is not used.", fetch("sam2.1-hiera-small"))
    alpha = np.zeros((4, 4), np.float32)
    pixels = np.zeros((4, 4, 3), np.uint8)
    cut = Cutout(
        Picture(pixels),
        alpha,
        pixels,
        alpha,
        {"model": "u2net"},
        ("Plain words.", notice),
        {"read": 0.5},
        (FoundObject(Box(1, 2, 3, 4)),),
    )
    told = cutout_as_json(cut)
    assert json.loads(json.dumps(told)) == told
    assert told["objects"] == [object_as_json(cut.objects[0])]
    assert told["warnings"] == ["Plain words.", str(notice)]
    assert told["notices"] == [{"what": "Plain words.", "cures": []}, notice.to_json()]
    assert told["notices"][1]["cures"] == [{"action": "fetch", "names": ["sam2.1-hiera-small"]}]
    assert told["provenance"] == {"model": "u2net"}
    assert told["seconds"] == {"read": 0.5}


def test_a_warning_that_is_a_notice_stays_one() -> None:
    notice = Notice("What.", "Advice.")
    assert notice_of(notice) is notice
    assert notice_of("What.").cures == ()


def test_a_score_that_is_no_number_is_null() -> None:
    told = object_as_json(FoundObject(predicted_iou=float("nan"), stability=float("inf")))
    assert (told["predicted_iou"], told["stability"]) == (None, None)
    json.dumps(told, allow_nan=False)
