"""Our boxes in every node of the genuine ComfyUI that takes boxes, whatever is known about them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from comfyui_nodes.bounding_boxes import native_boxes
from cutsmith.geometry import Box
from cutsmith.result.cutout import FoundObject
from tests.hosts.inside_comfyui import run_inside
from tests.hosts.test_comfyui_nodes import DETECT, LOAD, batch, sam2

pytestmark = [pytest.mark.slow, pytest.mark.weights]

# Those that run without weights.
RUN = {"CreateBoundingBoxes", "CropByBBoxes", "DrawBBoxes"}
# Those that need weights get ours from `inside/boxes_for_models.py`.
NEED_WEIGHTS = {"SAM3_Detect", "SDPoseKeypointExtractor"}
# Takes a single box that is drawn on it, and none of ComfyUI's own detectors either.
TAKE_ONE = {"ImageCropV2"}
CLICK = '[{"x": 200, "y": 150}]'
SOURCES: dict[str, dict[str, Any]] = {
    "words": {"class_type": "CutsmithTextDetect", "inputs": {**DETECT, "image": ["1", 0], "max_detections": 3}},
    "words that find nothing": {
        "class_type": "CutsmithTextDetect",
        "inputs": {**DETECT, "image": ["1", 0], "box_threshold": 1.0},
    },
    "clicks": sam2(positive_points=CLICK),
    "a rough mask": sam2(mask=["mask", 0]),
    "boxes without scores": sam2(bboxes=["box", 0], model="subject in box (IS-Net)", individual_masks=True),
}
MASK = {"class_type": "LoadImageMask", "inputs": {"image": "painted.png", "channel": "alpha"}}
BOX = {"class_type": "PrimitiveBoundingBox", "inputs": {"x": 100, "y": 20, "width": 300, "height": 260}}


def inputs_of(info: dict[str, Any]) -> dict[str, Any]:
    return {**info["input"].get("required", {}), **info["input"].get("optional", {})}


def takers(comfyui) -> dict[str, dict[str, Any]]:
    """ComfyUI's own nodes with an input for boxes."""
    nodes = comfyui.get("/object_info")
    return {
        name: info
        for name, info in nodes.items()
        if not name.startswith("Cutsmith")
        and any(isinstance(kind, str) and "BOUNDING_BOX" in kind.split(",") for kind, *_ in inputs_of(info).values())
    }


def test_every_node_that_takes_boxes_is_tried_here(comfyui) -> None:
    assert set(takers(comfyui)) == RUN | NEED_WEIGHTS | TAKE_ONE


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", sorted(RUN))
@pytest.mark.parametrize("count", [1, 2])
def test_the_boxes_of_our_nodes_are_taken(comfyui, name: str, source: str, count: int) -> None:
    info = takers(comfyui)[name]
    slot = 1 if SOURCES[source]["class_type"] == "CutsmithSAM2Mask" else 0
    given: dict[str, Any] = {}
    for title, (kind, *settings) in inputs_of(info).items():
        kinds = kind.split(",") if isinstance(kind, str) else kind
        if "BOUNDING_BOX" in kinds:
            given[title] = ["boxes", slot]
        elif kinds == ["IMAGE"]:
            given[title] = ["1", 0]
        elif settings and "default" in settings[0] and title in info["input"].get("required", {}):
            # A list would be taken for a link.
            given[title] = {"__value__": settings[0]["default"]}
    prompt = {
        **(batch("example.png", "mirrored.png") if count == 2 else {"1": LOAD}),
        "mask": MASK,
        "box": BOX,
        "boxes": SOURCES[source],
        "taker": {"class_type": name, "inputs": given},
        "shown": {"class_type": "PreviewImage", "inputs": {"images": ["taker", 0]}},
    }
    run = comfyui.run(prompt)
    assert run.error is None, run.error["exception_message"]
    assert run.outputs["shown"]["images"]


def test_the_boxes_of_a_click_have_sam2s_own_estimate_and_those_of_a_removal_model_no_score(comfyui) -> None:
    prompt = {
        "1": LOAD,
        "box": BOX,
        "clicked": SOURCES["clicks"],
        "removed": SOURCES["boxes without scores"],
        "one": {"class_type": "PreviewAny", "inputs": {"source": ["clicked", 1]}},
        "two": {"class_type": "PreviewAny", "inputs": {"source": ["removed", 1]}},
    }
    outputs = comfyui.run(prompt).outputs
    assert '"score": 0.' in outputs["one"]["text"][0] or '"score": 1' in outputs["one"]["text"][0]
    assert '"width"' in outputs["two"]["text"][0]
    assert "score" not in outputs["two"]["text"][0]


def test_nodes_that_need_weights_read_our_boxes(comfyui_tree) -> None:
    boxes = [
        native_boxes([FoundObject(Box(10, 20, 40, 60), label="red mug", score=0.7), FoundObject(Box(1, 2, 30, 40))]),
        [],
        native_boxes([FoundObject(Box(*np.array([5, 6, 25.5, 36], np.float32)), predicted_iou=np.float32(0.9))]),
    ]
    answer = run_inside(comfyui_tree, "boxes_for_models.py", boxes=boxes)
    np.testing.assert_allclose(answer["sam3"], [[10, 20, 40, 60], [1, 2, 30, 40], [5, 6, 25.5, 36]], atol=1e-3)
    assert answer["crops"] == 4, "a crop for each box, and the whole picture where nothing was found"
