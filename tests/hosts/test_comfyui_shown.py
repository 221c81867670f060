"""What the nodes show of a run, in the genuine ComfyUI: short lines in a fixed order, in the `ui` of each node."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.hosts.test_comfyui_nodes import DETECT, LOAD, batch, matting, rembg, sam2

pytestmark = [pytest.mark.slow, pytest.mark.weights]

MASK = {"class_type": "LoadImageMask", "inputs": {"image": "painted.png", "channel": "alpha"}}
BOX = {"class_type": "PrimitiveBoundingBox", "inputs": {"x": 100, "y": 20, "width": 300, "height": 260}}


def shown(comfyui, node: dict[str, Any], *pictures: str, **further: Any) -> list[str]:
    """The lines that `node` shows for the pictures."""
    prompt = {
        **(batch(*pictures) if pictures else {"1": LOAD}),
        **further,
        "node": node,
        "end": {"class_type": "PreviewAny", "inputs": {"source": ["node", 0]}},
    }
    run = comfyui.run(prompt)
    assert run.error is None, run.error["exception_message"]
    lines: list[str] = run.outputs["node"]["text"]
    assert all(isinstance(line, str) and 0 < len(line) <= 300 for line in lines)
    return lines


@pytest.fixture(scope="module")
def bottle(comfyui) -> str:
    """A bottle on a nearly white ground, which the quality score does not doubt."""
    import cv2

    pixels = np.full((512, 512, 3), 250, np.uint8)
    brown = (60, 90, 160)
    cv2.ellipse(pixels, (256, 300), (110, 150), 0, 0, 360, brown, -1, cv2.LINE_AA)
    cv2.rectangle(pixels, (225, 60), (287, 180), brown, -1)
    cv2.rectangle(pixels, (215, 40), (297, 75), (40, 40, 40), -1)
    cv2.ellipse(pixels, (220, 280), (20, 80), 10, 0, 360, (120, 150, 210), -1, cv2.LINE_AA)
    Image.fromarray(pixels[..., ::-1]).save(comfyui.folder / "input" / "bottle.png")
    return "bottle.png"


def test_rembg_cut_shows_quality_weights_that_stand_in_and_the_engine(comfyui, bottle: str, isnet_weights) -> None:
    load = {"class_type": "LoadImage", "inputs": {"image": bottle}}
    first, *others, matted = shown(comfyui, rembg(matting="closed-form", image=["bottle", 0]), bottle=load)
    assert first.startswith("Quality: good; about ")
    assert first.endswith("of the subject may be wrong.")
    assert others[-1].startswith("IS-Net general use")
    assert " on OpenVINO, cpu, " in others[-1] or " on onnxruntime, cpu" in others[-1]
    assert matted == "Matting: closed-form, on the processor"
    assert isnet_weights.stem in (others[0] if "half" in others[-1] else "isnet-general-use")


def test_a_doubtful_result_is_shown_with_its_reasons_first(comfyui) -> None:
    first, *reasons = shown(comfyui, rembg())
    assert first == "Quality: look at this result; much of the subject may be wrong."
    assert reasons[0] == "The result covers most of the photograph: background may be left."


def test_a_batch_shows_in_which_images_nothing_was_found(comfyui) -> None:
    first, second, *_ = shown(comfyui, rembg(), "example.png", "plain.png", "mirrored.png")
    assert first == "1 of 3 images (2): nothing found."
    assert second.startswith("Quality:")


def test_nothing_found_in_a_single_image_is_shown_with_the_engine_that_looked(comfyui) -> None:
    lines = shown(comfyui, rembg(), "plain.png")
    assert lines[0] == "Nothing found."
    assert lines[-1].startswith("IS-Net general use")
    assert not any("Quality" in line for line in lines)


def test_text_detect_counts_what_it_found_and_shows_words_that_were_cut_off(comfyui) -> None:
    prompt = ", ".join(f"thing number {number}" for number in range(90))
    lines = shown(
        comfyui, {"class_type": "CutsmithTextDetect", "inputs": {**DETECT, "prompt": prompt, "image": ["1", 0]}}
    )
    assert lines[0].startswith("Found: ")
    assert any("left out" in line or "cut" in line for line in lines), lines
    assert lines[-1].endswith(" on torch, cpu")


def test_sam2_mask_shows_nothing_found_and_sam2s_own_doubts(comfyui) -> None:
    words = {"class_type": "CutsmithTextDetect", "inputs": {**DETECT, "image": ["1", 0], "box_threshold": 1.0}}
    lines = shown(comfyui, sam2(bboxes=["words", 0]), "example.png", "mirrored.png", words=words)
    assert lines[0] == "Nothing found in any of the 2 images."
    clicked = shown(comfyui, sam2(positive_points='[{"x": 200, "y": 150}]'))
    assert clicked[0].startswith("Quality: ")
    assert clicked[-1].endswith(" on torch, cpu")
    boxed = shown(comfyui, sam2(bboxes=["box", 0], model="subject in box (IS-Net)"), box=BOX)
    assert boxed[-1].startswith("IS-Net general use")


def test_trimap_matting_shows_what_solved_and_what_it_was_told_of_the_trimap(comfyui) -> None:
    lines = shown(comfyui, matting(mask=["mask", 0], matting="closed-form", band_inner=9, band_outer=9), mask=MASK)
    assert lines[-1] == "Matting: closed-form, on the processor"
    assert not any("Quality" in line for line in lines)
    soft = {"class_type": "SolidMask", "inputs": {"value": 0.4, "width": 451, "height": 300}}
    told = shown(comfyui, matting(mask=["mask", 0], trimap=["soft", 0], matting="closed-form"), mask=MASK, soft=soft)
    assert any("trimap" in line.lower() for line in told[:-1]), told


def test_hundreds_of_images_are_shown_in_a_few_lines(comfyui) -> None:
    many = {"class_type": "RepeatImageBatch", "inputs": {"image": ["2", 0], "amount": 60}}
    pictures = batch("example.png", "plain.png")
    prompt = {
        **{("2" if name == "1" else name): node for name, node in pictures.items()},
        "1": {"class_type": "ImageScale", "inputs": {**SMALL, "image": ["many", 0]}},
        "many": many,
        "node": rembg(),
        "end": {"class_type": "PreviewAny", "inputs": {"source": ["node", 0]}},
    }
    run = comfyui.run(prompt)
    assert run.error is None, run.error["exception_message"]
    lines = run.outputs["node"]["text"]
    assert "60 of 120 images (2, 4, 6, 8, 10, 12 and 54 more): nothing found." in lines
    assert len(lines) <= 12


SMALL = {"upscale_method": "area", "width": 96, "height": 64, "crop": "disabled"}
