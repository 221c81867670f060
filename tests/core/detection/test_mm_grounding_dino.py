"""MM-Grounding-DINO, which is LLMDet's class too: equal to transformers' own model, and with thresholds of its own."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from cutsmith import Models, SubjectNotFound, find_detections
from cutsmith.detection.detector import GroundingDetector
from cutsmith.detection.loading import load_detector
from cutsmith.detection.selection import select
from cutsmith.detection.transformers_dino import ARCHITECTURES, open_transformers_dino
from cutsmith.errors import ModelUnusable
from cutsmith.picture import Picture
from cutsmith.protocols import Thresholds
from tests.core.detection.random_dino import random_hub_network

pytestmark = pytest.mark.torch

TOLERANCE = 1e-4
PHRASES = ["Red mug", "table", "a small dog with long ears"]


@pytest.fixture(scope="module")
def mm_folder(tmp_path_factory, vocabulary, tiny_folder):
    """transformers' MMGroundingDinoForObjectDetection with random weights, as `save_pretrained` writes it."""
    from transformers import MMGroundingDinoConfig, MMGroundingDinoForObjectDetection

    network = random_hub_network(MMGroundingDinoConfig, MMGroundingDinoForObjectDetection)
    folder = tmp_path_factory.mktemp("hub") / "llmdet-random"
    network.save_pretrained(folder)
    shutil.copy(vocabulary, folder / "vocab.txt")
    shutil.copy(tiny_folder / "preprocessor_config.json", folder)
    return folder


@pytest.fixture(scope="module")
def picture(tmp_path_factory, textured):
    return textured(tmp_path_factory.mktemp("pictures") / "odd.png", 211, 157, 2)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory, answers_of, mm_folder, picture):
    questions = {
        "folder": str(mm_folder),
        "model": "MMGroundingDinoForObjectDetection",
        "box_threshold": 0.3,
        "text_threshold": 0.25,
        "pictures": {"odd": str(picture)},
        "captions": {"odd": PHRASES},
    }
    return answers_of("transformers_reference.py", questions, tmp_path_factory.mktemp("reference"))


@pytest.fixture(scope="module")
def detector(mm_folder):
    return GroundingDetector("tiny", open_transformers_dino(mm_folder), "model.safetensors")


@pytest.fixture(scope="module")
def ours(detector, picture):
    return detector.candidates(Picture.read(picture).pixels, PHRASES)


def test_raw_logits_and_boxes_equal_transformers_own(theirs, ours) -> None:
    read = np.isfinite(theirs["odd/logits"])
    np.testing.assert_array_equal(np.isfinite(ours.logits), read)
    assert ours.logits[read].std() > 0.1
    np.testing.assert_allclose(ours.logits[read], theirs["odd/logits"][read], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(ours.boxes, theirs["odd/boxes"], rtol=0, atol=TOLERANCE)


def test_the_class_is_that_of_the_config(detector, tiny_folder) -> None:
    assert type(detector.module).__name__ == "MMGroundingDinoForObjectDetection"
    assert type(open_transformers_dino(tiny_folder).module).__name__ == "GroundingDinoForObjectDetection"


def test_each_architecture_has_its_publishers_thresholds(ours, tiny_folder) -> None:
    assert ours.thresholds == ARCHITECTURES["mm-grounding-dino"].thresholds == Thresholds(0.40, 0.25)
    assert open_transformers_dino(tiny_folder).thresholds == Thresholds(0.30, 0.25)


def test_without_a_threshold_the_networks_own_counts(ours) -> None:
    # Half of these random scores are made to lie above 0.4, and half below.
    best = np.median(ours.logits.max(axis=1))
    shifted = replace(ours, logits=ours.logits + np.float32(np.log(0.4 / 0.6) - best))
    everything = [each.score for each in select(shifted, 0.0, 0.0)]
    above = [score for score in everything if score > 0.4]
    assert 0 < len(above) < len(everything)
    assert [each.score for each in select(shifted, text_threshold=0.0)] == above
    assert [each.score for each in select(shifted, 0.0, 0.0)] == everything


def test_a_folder_is_loaded_by_its_path_and_a_miss_names_the_threshold_that_counted(mm_folder, picture) -> None:
    models = Models(detector=load_detector(str(mm_folder), device="cpu").model)
    found = find_detections(picture, text="mug", box_threshold=0.0, text_threshold=0.0, models=models).found
    assert max(each.score for each in found) < 0.4
    with pytest.raises(SubjectNotFound, match=r"must be above 0\.4, but is"):
        find_detections(picture, text="mug", models=models)


def test_an_older_transformers_is_told_what_it_lacks(mm_folder, monkeypatch) -> None:
    import transformers

    monkeypatch.setattr(transformers, "MMGroundingDinoForObjectDetection", None)
    with pytest.raises(ModelUnusable, match=r"needs transformers 4\.56 or newer"):
        open_transformers_dino(mm_folder)


def test_another_kin_is_refused_with_those_that_are_known(mm_folder, tmp_path) -> None:
    folder = shutil.copytree(mm_folder, tmp_path / "other")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "omdet-turbo"}))
    with pytest.raises(ModelUnusable, match="'grounding-dino' or 'mm-grounding-dino', but got 'omdet-turbo'"):
        open_transformers_dino(folder)
