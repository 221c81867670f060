"""What runs again when one input changes: nothing where it has no effect, and no network where only the finish does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hosts.inside_comfyui import run_inside
from tests.hosts.test_comfyui_nodes import LOAD, matting, rembg
from tests.hosts.test_comfyui_pack import PACK

pytestmark = [pytest.mark.slow, pytest.mark.weights]

MASK = {"class_type": "LoadImageMask", "inputs": {"image": "painted.png", "channel": "alpha"}}


def ran_again(comfyui, node: dict[str, Any], **changed: Any) -> bool:
    """Whether `node` runs again when the inputs have `changed`."""
    prompt = {
        "1": LOAD,
        "mask": MASK,
        "trimap": MASK,
        "node": node,
        "end": {"class_type": "PreviewImage", "inputs": {"images": ["node", 0]}},
    }
    assert comfyui.run(prompt).error is None
    after = {**prompt, "node": {**node, "inputs": {**node["inputs"], **changed}}}
    run = comfyui.run(after)
    assert run.error is None, run.error["exception_message"]
    assert ("end" in run.cached) == ("node" in run.cached), "what follows runs again if the node does"
    return "node" not in run.cached


@pytest.mark.parametrize(
    ("node", "changed"),
    [
        (rembg(), {"background_color": "#ff0000"}),
        (rembg(background="transparent", background_color="#00ff00"), {"background_color": "#ff0000"}),
        (rembg(), {"band_inner": 9, "band_outer": 20}),
        (rembg(), {"matting_effort": "exact"}),
        (matting(mask=["mask", 0]), {"background_color": "#ff0000"}),
        (matting(mask=["mask", 0], trimap=["trimap", 0]), {"band_inner": 9, "band_outer": 20}),
    ],
)
def test_an_input_without_effect_runs_nothing_again(comfyui, node: dict[str, Any], changed: dict[str, Any]) -> None:
    assert not ran_again(comfyui, node, **changed)


@pytest.mark.parametrize(
    ("node", "changed"),
    [
        (rembg(background="color"), {"background_color": "#ff0000"}),
        (rembg(matting="closed-form"), {"band_inner": 9}),
        (rembg(matting="closed-form"), {"matting_effort": "exact"}),
        (matting(mask=["mask", 0]), {"band_inner": 9}),
        (rembg(), {"mask_blur": 2.0}),
    ],
)
def test_an_input_with_an_effect_runs_the_node_again(comfyui, node: dict[str, Any], changed: dict[str, Any]) -> None:
    assert ran_again(comfyui, node, **changed)


def test_a_network_runs_once_for_a_picture_whatever_the_finish_and_the_thresholds(
    comfyui_tree, isnet_weights, tiny_folder
):
    answer = run_inside(comfyui_tree, "run_again.py", pack=str(PACK), detector=str(tiny_folder))
    assert answer["looks"] == 1, "one look at one picture"
    assert answer["after_finishes"] == answer["looks"], "another finish runs no network"
    assert answer["finishes_differ"]
    assert answer["after_another_picture"] == answer["looks"] + 1
    assert answer["detections"] == 1
    assert answer["after_thresholds"] == 1, "another threshold runs no network"
    assert answer["after_other_words"] == 2
    assert answer["counts"][0] > answer["counts"][1]
    assert answer["kept"] > 0
    assert answer["kept_after_keep_off"] < answer["kept"], "what a freed model said is freed with it"
