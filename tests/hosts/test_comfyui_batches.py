"""Films in the genuine ComfyUI: frames pass through one by one, and the page gets a handful of previews."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hosts.inside_comfyui import run_inside
from tests.hosts.test_comfyui_nodes import DETECT, LOAD

pytestmark = [pytest.mark.slow, pytest.mark.weights]

PACK = Path(__file__).resolve().parents[2]
MOST_PREVIEWS = 16


def test_sixty_frames_of_720p_hold_little_beside_the_batches(comfyui_tree) -> None:
    answer = run_inside(comfyui_tree, "hold_frames.py", pack=str(PACK), frames=60)
    assert answer["shapes"] == [[60, 720, 1280, 3], [60, 720, 1280], [60, 720, 1280]]
    # A few frames at work, each 11 MB in floats: 60 that are kept would be several hundred.
    assert answer["beside"] < 200, answer
    assert answer["beside_crops"] < 100, answer


def test_text_detect_writes_previews_of_the_first_frames_alone(comfyui) -> None:
    prompt = {
        "load": LOAD,
        "1": {"class_type": "RepeatImageBatch", "inputs": {"image": ["load", 0], "amount": MOST_PREVIEWS + 3}},
        "2": {"class_type": "CutsmithTextDetect", "inputs": {**DETECT, "image": ["1", 0], "max_detections": 1}},
        "sizes": {"class_type": "GetImageSize", "inputs": {"image": ["2", 1]}},
        "count": {"class_type": "PreviewAny", "inputs": {"source": ["sizes", 2]}},
    }
    run = comfyui.run(prompt)
    assert run.error is None, run.error
    assert len(run.outputs["2"]["images"]) == MOST_PREVIEWS
    # The output still has them all.
    assert run.outputs["count"]["text"] == [str(MOST_PREVIEWS + 3)]
