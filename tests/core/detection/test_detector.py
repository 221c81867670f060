"""The detector around a network: what it feeds it, what it makes of the answers, and what it tells of bad ones."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith import find_detections
from cutsmith.detection.detector import GroundingDetector
from cutsmith.detection.image_tensor import ImageSpec
from cutsmith.detection.selection import select
from cutsmith.errors import BadOption, BadPhrases, DeviceOutOfMemory, ModelUnusable
from cutsmith.pipeline.loading import Models
from cutsmith.protocols import GROUNDING_DINO_THRESHOLDS, Detection, Detector

pytestmark = pytest.mark.torch

PICTURE = np.full((60, 120, 3), 90, np.uint8)
TOKENS = 12


class ConstructedNetwork:
    """Finds each word of its text in a box of its own, and remembers what it was shown."""

    image_spec = ImageSpec(40, 80, (0.5, 0.5, 0.5), (1.0, 1.0, 1.0), 2, round_before_scaling=True)
    max_tokens = TOKENS
    thresholds = GROUNDING_DINO_THRESHOLDS

    def __init__(self, boxes=((0.5, 0.5, 0.5, 0.5), (0.25, 0.25, 0.1, 0.1))) -> None:
        import torch

        self.module = torch.nn.Linear(1, 1)
        self.boxes = torch.tensor(boxes)
        self.shown: list[tuple[tuple[int, ...], str]] = []
        self.failure: Exception | None = None
        self.inference_mode = False

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def forward(self, pixels, text: str):
        import torch

        self.shown.append((tuple(pixels.shape), text))
        self.inference_mode = torch.is_inference_mode_enabled()
        if self.failure is not None:
            raise self.failure
        logits = torch.full((len(self.boxes), TOKENS), -torch.inf)
        logits[:, :6] = -9.0
        logits[0, 1], logits[1, 3] = 2.0, 1.0
        return logits, self.boxes


@pytest.fixture
def network():
    return ConstructedNetwork()


@pytest.fixture
def detector(network) -> GroundingDetector:
    return GroundingDetector("constructed", network, "weights.pth md5:1")


def test_labels_boxes_and_scores_reach_the_user(detector, network) -> None:
    contract: Detector = detector
    found = select(contract.candidates(PICTURE, "Mug; table"))
    assert all(isinstance(each, Detection) for each in found)
    assert [(each.label, each.box) for each in found] == [
        ("Mug", pytest.approx((30, 15, 90, 45), abs=1e-4)),
        ("table", pytest.approx((24, 12, 36, 18), abs=1e-4)),
    ]
    assert [each.score for each in found] == pytest.approx([0.8808, 0.7311], abs=1e-4)
    assert network.shown == [((1, 3, 40, 80), "mug. table.")]
    assert network.inference_mode


def test_max_detections_and_thresholds_choose_among_the_candidates(detector) -> None:
    candidates = detector.candidates(PICTURE, "mug, table")
    assert len(select(candidates)) == 2
    assert len(select(candidates, max_detections=1)) == 1
    assert len(select(candidates, box_threshold=0.8)) == 1
    assert select(candidates, text_threshold=0.95) == []


@pytest.mark.parametrize("given", [{"box_threshold": 2}, {"max_detections": 0}])
def test_a_bad_option_is_told_before_the_network_runs(given, detector, network) -> None:
    with pytest.raises(BadOption):
        find_detections(PICTURE, "mug", models=Models(detector=detector), **given)
    assert network.shown == []
    assert len(find_detections(PICTURE, "mug, table", models=Models(detector=detector)).found) == 2


def test_bad_words_are_told_before_the_network_runs(detector, network) -> None:
    with pytest.raises(BadPhrases):
        detector.candidates(PICTURE, " , ")
    assert network.shown == []


def test_what_was_cut_is_told_with_the_candidates(detector) -> None:
    candidates = detector.candidates(PICTURE, "mug, " + "very " * 20 + "long table")
    assert candidates.phrases == ("mug",)
    assert "left out" in candidates.warnings[0]
    assert (candidates.width, candidates.height) == (120, 60)


@pytest.mark.parametrize(("height", "width"), [(4, 480), (480, 4), (1, 2000)])
def test_boxes_on_an_extreme_picture_are_in_its_own_coordinates(height, width) -> None:
    # The grey that is added lies to the right or below: a box around the picture alone has a fraction of what is shown.
    shown_height, shown_width = max(height, -(-width // 24)), max(width, -(-height // 24))
    share_x, share_y = width / shown_width, height / shown_height
    network = ConstructedNetwork([(share_x / 2, share_y / 2, share_x, share_y), (0.99, 0.99, 0.01, 0.01)])
    detector = GroundingDetector("constructed", network, "")
    found = select(detector.candidates(np.zeros((height, width, 3), np.uint8), "mug, table"))
    assert found[0].box == pytest.approx((0, 0, width, height), rel=1e-5)
    # The other lies in the grey, in one direction at least.
    assert len(found) == 1


def test_provenance_tells_model_file_and_the_device_of_now(detector) -> None:
    import torch

    assert detector.provenance() == {
        "detector": "constructed",
        "detector_weights": "weights.pth md5:1",
        "detector_device": "cpu",
        "box_threshold": "0.3",
        "text_threshold": "0.25",
    }
    # As a host does it, between two calls.
    detector.module.to(torch.device("meta"))
    assert detector.provenance()["detector_device"] == "meta"


def test_a_full_memory_is_told_with_what_to_try(detector, network) -> None:
    import torch

    network.failure = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
    with pytest.raises(DeviceOutOfMemory, match="constructed ran out of memory on cpu") as raised:
        detector.candidates(PICTURE, "mug")
    assert "Swin-T" in raised.value.remedy


@pytest.mark.parametrize("what", ["logits", "boxes"])
def test_values_that_are_no_numbers_are_told(what, detector, network) -> None:
    whole = network.forward

    def broken(pixels, text):
        logits, boxes = whole(pixels, text)
        (logits if what == "logits" else boxes)[0, 0] = float("nan")
        return logits, boxes

    network.forward = broken
    with pytest.raises(ModelUnusable, match="values that are not numbers"):
        detector.candidates(PICTURE, "mug")


def test_every_detector_of_the_catalogue_has_a_loader() -> None:
    from cutsmith.detection.loading import LOADERS
    from cutsmith.models.catalogue import of_kind

    named = [entry.detector.loader for entry in of_kind("detector").values() if entry.detector is not None]
    assert set(named) == set(LOADERS)
