"""Cancelling in the genuine server: nothing runs on, and the node says what is done and what is waited for.

Times are those of the server's own processor use: other programs on the machine do not count.
"""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest
import websocket

from tests.hosts.inside_comfyui import run_inside
from tests.hosts.test_comfyui_nodes import DETECT, LOAD, sam2

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.weights]

PACK = Path(__file__).resolve().parents[2]
REMBG = {"model": "default (IS-Net)", "matting": "none", "band_inner": 3, "band_outer": 3, "looks": "1"}
SIZE = {"width": 6000, "height": 4000, "crop": "disabled"}
# A cancelled run may take 0.3 s, on two cores.
ENDS_WITHIN = 0.6
# Of a second in which nothing runs; a server that waits uses a hundredth.
IDLE = 0.4


def painted(effort: str) -> dict:
    """24 megapixels and a painted mask, whose band of 30 pixels on each side is solved."""
    return {
        "1": LOAD,
        "2": {"class_type": "ImageScale", "inputs": {"image": ["1", 0], "upscale_method": "bicubic", **SIZE}},
        "3": {"class_type": "LoadImageMask", "inputs": {"image": "painted.png", "channel": "alpha"}},
        "4": {"class_type": "MaskToImage", "inputs": {"mask": ["3", 0]}},
        "5": {"class_type": "ImageScale", "inputs": {"image": ["4", 0], "upscale_method": "nearest-exact", **SIZE}},
        "6": {"class_type": "ImageToMask", "inputs": {"image": ["5", 0], "channel": "red"}},
        "7": {
            "class_type": "CutsmithTrimapMatting",
            "inputs": {
                "image": ["2", 0],
                "mask": ["6", 0],
                "matting": "closed-form",
                "matting_effort": effort,
                "band_inner": 30,
                "band_outer": 30,
            },
        },
        "8": {"class_type": "PreviewImage", "inputs": {"images": ["7", 0]}},
    }


def interrupted(comfyui, prompt, node: str, after: float) -> tuple[float, float]:
    """Interrupt `node` once it has worked for `after` seconds; -> how long it worked on, and the second after that."""
    with comfyui.messages() as (client, connection):
        posted = comfyui.post_prompt(prompt, client)
        assert posted.status_code == 200, posted.text
        began = stopped = None
        while True:
            if began is not None and stopped is None and comfyui.cpu_seconds() - began > after:
                comfyui.interrupt()
                stopped = comfyui.cpu_seconds()
            connection.settimeout(0.02 if began is not None and stopped is None else 120)
            try:
                received = connection.recv()
            except websocket.WebSocketTimeoutException:
                continue
            if isinstance(received, bytes):
                continue
            message = json.loads(received)
            assert message["type"] not in ("execution_success", "execution_error"), "it ended before it was interrupted"
            if message["type"] == "executing" and message["data"]["node"] == node:
                began = comfyui.cpu_seconds()
            if message["type"] == "execution_interrupted":
                break
    ended = comfyui.cpu_seconds()
    time.sleep(2)
    return ended - stopped, (comfyui.cpu_seconds() - ended) / 2


@pytest.fixture
def small(comfyui):
    """A workflow that takes no time."""
    return {"1": LOAD, "2": {"class_type": "CutsmithRembgCut", "inputs": {**REMBG, "image": ["1", 0]}}, "3": preview()}


def preview() -> dict:
    return {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}}


@pytest.mark.parametrize("after", [1.0, 4.0, 8.0])
def test_nothing_of_24_megapixels_of_closed_form_runs_on_after_a_cancel(comfyui, after):
    working_on, idle = interrupted(comfyui, painted("balanced"), "7", after)
    assert idle < IDLE
    assert working_on < ENDS_WITHIN + 2.4, "one step of the solver's setup is a single call into a library"


def test_nothing_of_a_removal_model_runs_on_after_a_cancel(comfyui, small):
    assert comfyui.run(small).error is None
    prompt = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "astronaut.png"}},
        "2": {"class_type": "CutsmithRembgCut", "inputs": {**REMBG, "image": ["1", 0], "looks": "3"}},
        "3": preview(),
    }
    working_on, idle = interrupted(comfyui, prompt, "2", 1.5)
    assert idle < IDLE
    assert working_on < ENDS_WITHIN
    small["2"]["inputs"]["mask_blur"] = 1.0
    assert comfyui.run(small).error is None


def test_each_box_is_a_step_of_the_progress_bar(comfyui):
    prompt = {
        "1": LOAD,
        "2": {"class_type": "CutsmithTextDetect", "inputs": {**DETECT, "image": ["1", 0], "max_detections": 3}},
        "3": sam2(bboxes=["2", 0], mask_blur=0.5),
        "count": {"class_type": "PreviewAny", "inputs": {"source": ["2", 2]}},
        "4": {"class_type": "MaskPreview", "inputs": {"mask": ["3", 0]}},
    }
    run = comfyui.run(prompt)
    assert run.error is None, run.error
    count = int(run.outputs["count"]["text"][0])
    steps = [(data["value"], data["max"]) for data in run.of_type("progress") if data["node"] == "3"]
    assert count >= 2
    assert steps[-1] == (count, count)


def test_the_node_says_that_a_model_is_loaded_and_nothing_where_it_is_there_already(comfyui, small, tiny_network):
    folder = comfyui.folder / "models" / "rembg"
    folder.mkdir(exist_ok=True)
    shutil.copy(tiny_network(64, sigmoid=True), folder / "new.onnx")
    small["2"]["inputs"]["model"] = "new.onnx"
    run = comfyui.run(small)
    assert run.error is None, run.error
    assert run.texts == [("2", "Loading new.onnx"), ("2", "Loaded new.onnx")]
    assert "Cutsmith: Loading new.onnx" in comfyui.log.read_text(encoding="utf-8")
    small["2"]["inputs"]["mask_blur"] = 4.0
    assert comfyui.run(small).texts == []


def test_what_cannot_stop_is_told_and_the_next_run_says_that_it_waits(comfyui_tree):
    answer = run_inside(comfyui_tree, "interrupts.py", pack=str(PACK))
    assert answer["seconds"] < 3.5, "ComfyUI is let go, though one step takes five seconds"
    assert "the next run waits for it" in answer["log"]
    assert answer["log"].index("Waiting until a cancelled run has ended") < answer["log"].index("The cancelled run has")
    assert answer["order"] == ["first", "second"]
    assert answer["cancelled_is_heard"]


def test_unload_models_gives_the_memory_of_an_onnx_session_back(comfyui, small):
    small["2"]["inputs"] |= {"keep_model_loaded": False, "mask_blur": 5.0}
    comfyui.run(small)
    before = settled(comfyui)
    small["2"]["inputs"] |= {"keep_model_loaded": True, "mask_blur": 6.0}
    comfyui.run(small)
    kept = settled(comfyui)
    comfyui.free()
    freed = settled(comfyui)
    session = kept - before
    assert session > 80e6, "the weights alone have 88 MB or more"
    assert kept - freed > 0.8 * session
    small["2"]["inputs"]["mask_blur"] = 7.0
    assert comfyui.run(small).error is None


def settled(comfyui) -> int:
    """The memory that the server holds, once that no longer changes."""
    held = -1
    for _ in range(40):
        time.sleep(0.5)
        before, held = held, comfyui.memory()
        if abs(before - held) < 1e6:
            break
    return held
