"""Every workflow runs in the genuine execution engine, and gives what `cutsmith cut` gives."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image

from tests.hosts.conftest import TINY_DETECTOR, TINY_SAM2
from tests.hosts.saved_workflows import NAMES, in_api_format, node_of, nodes_of

pytestmark = [pytest.mark.slow, pytest.mark.weights]


def saved_pictures(comfyui, prompt):
    run = comfyui.run(prompt)
    assert run.error is None, run.error["exception_message"]
    return run, [
        np.asarray(Image.open(comfyui.picture(each))) for each in run.outputs[node_of(prompt, "SaveImage")]["images"]
    ]


def test_the_six_workflows_are_there():
    assert NAMES == [
        "a-whole-batch",
        "by-clicks",
        "by-words",
        "portrait-with-hair",
        "product-on-white",
        "refine-a-painted-mask",
    ]


def test_product_on_white_equals_the_command_line(comfyui, cutsmith_cut):
    _, (picture,) = saved_pictures(comfyui, in_api_format("product-on-white"))
    np.testing.assert_array_equal(picture, cutsmith_cut("example.png", "--background", "white")[..., :3])


def test_portrait_equals_the_command_line_but_for_the_rounding_of_save_image(comfyui, cutsmith_cut):
    prompt = in_api_format("portrait-with-hair")
    portrait, behind = nodes_of(prompt, "LoadImage")
    portrait["image"], behind["image"] = "example.png", "mirrored.png"
    _, (picture,) = saved_pictures(comfyui, prompt)
    background = str(comfyui.folder / "input" / "mirrored.png")
    expected = cutsmith_cut("example.png", "--matting", "closed-form", "--band", "5,10", "--background", background)[
        ..., :3
    ]
    # ComfyUI lays one over the other in floats, and its Save Image cuts off what we round.
    lower = expected.astype(int) - picture
    assert lower.min() >= 0
    assert lower.max() <= 1
    assert not np.array_equal(picture, np.asarray(Image.open(background)))


def test_by_words_equals_the_command_line(comfyui, cutsmith_cut):
    prompt = in_api_format("by-words")
    (detect,), (mask,) = nodes_of(prompt, "CutsmithTextDetect"), nodes_of(prompt, "CutsmithSAM2Mask")
    detect["model"], mask["model"] = TINY_DETECTOR, TINY_SAM2
    _, (picture,) = saved_pictures(comfyui, prompt)
    expected = cutsmith_cut(
        "example.png",
        *("--text", detect["prompt"], "--detector", str(comfyui.folder / "models" / "grounding-dino" / TINY_DETECTOR)),
        *("--segmenter", str(comfyui.folder / "elsewhere" / TINY_SAM2), "--matting", "closed-form"),
    )
    np.testing.assert_array_equal(picture, expected)


def test_by_clicks_equals_the_command_line(comfyui, cutsmith_cut):
    _, (picture,) = saved_pictures(comfyui, in_api_format("by-clicks", model=TINY_SAM2))
    expected = cutsmith_cut(
        "example.png",
        *("--point", "240,180", "--point", "20,20,0", "--segmenter", str(comfyui.folder / "elsewhere" / TINY_SAM2)),
        *("--matting", "closed-form"),
    )
    np.testing.assert_array_equal(picture, expected)


def test_a_painted_mask_is_refined_as_the_engine_refines_it(comfyui):
    from cutsmith import refine_mask
    from cutsmith.picture import Picture
    from cutsmith.picture.samples import samples_from_alpha

    prompt = in_api_format("refine-a-painted-mask")
    nodes_of(prompt, "LoadImage")[0]["image"] = "painted.png"
    _, (picture,) = saved_pictures(comfyui, prompt)
    painted = np.asarray(Image.open(comfyui.folder / "input" / "painted.png"))
    brush = painted[..., 3] == 0
    cut = refine_mask(Picture(np.ascontiguousarray(painted[..., :3])), brush, matting="closed-form", band=(12, 12))
    np.testing.assert_array_equal(picture[..., :3], cut.foreground)
    np.testing.assert_array_equal(picture[..., 3], samples_from_alpha(cut.alpha, np.dtype(np.uint8)))
    assert (np.abs(cut.alpha - brush) > 0.5).any(), "the edge has moved from the brush's to the cat's"


def test_nothing_painted_gives_an_empty_picture_of_full_size(comfyui):
    _, (picture,) = saved_pictures(comfyui, in_api_format("refine-a-painted-mask"))
    assert picture.shape == (300, 451, 4)
    assert not picture.any()


def test_every_image_of_a_batch_is_processed_and_an_empty_one_stays_empty(comfyui, cutsmith_cut):
    prompt = in_api_format("a-whole-batch")
    for inputs, name in zip(nodes_of(prompt, "LoadImage"), ("example.png", "plain.png", "mirrored.png"), strict=True):
        inputs["image"] = name
    run, (first, plain, last) = saved_pictures(comfyui, prompt)
    np.testing.assert_array_equal(first, cutsmith_cut("example.png"))
    np.testing.assert_array_equal(last, cutsmith_cut("mirrored.png"))
    assert plain.shape == first.shape
    assert not plain.any()
    steps = [(data["value"], data["max"]) for data in run.of_type("progress")]
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_the_second_run_is_taken_from_the_cache(comfyui):
    prompt = in_api_format("product-on-white")
    saved_pictures(comfyui, prompt)
    again = comfyui.run(prompt)
    assert again.cached == set(prompt)


def test_an_interrupt_in_the_midst_of_a_batch_ends_it_at_once_and_the_next_run_works(comfyui):
    prompt = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "astronaut.png"}},
        "2": {"class_type": "RepeatImageBatch", "inputs": {"image": ["1", 0], "amount": 30}},
        "3": {"class_type": "CutsmithRembgCut", "inputs": {**REMBG, "image": ["2", 0]}},
        "4": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}},
    }
    run = comfyui.run(prompt, interrupt_after=2)
    (interrupted,) = run.of_type("execution_interrupted")
    assert interrupted["node_id"] == "3"
    assert run.steps < 5
    # Half a second on an idle machine; the batch would take half a minute.
    assert run.ended - run.interrupted_at < 1.5
    prompt["2"]["inputs"]["amount"] = 1
    start = time.perf_counter()
    assert comfyui.run(prompt).error is None
    assert time.perf_counter() - start < 30


REMBG = {"model": "default (IS-Net)", "matting": "none", "band_inner": 3, "band_outer": 3}
