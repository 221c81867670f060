"""Every workflow runs in the genuine execution engine, and gives what `cutsmith cut` gives."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image

from tests.hosts.conftest import TINY_DETECTOR, TINY_SAM2
from tests.hosts.inside_comfyui import write_random_birefnet
from tests.hosts.saved_workflows import NAMES, node_of, nodes_of, runnable

pytestmark = [pytest.mark.slow, pytest.mark.weights]


def saved_pictures(comfyui, prompt):
    run = comfyui.run(prompt)
    assert run.error is None, run.error["exception_message"]
    return run, [
        np.asarray(Image.open(comfyui.picture(each))) for each in run.outputs[node_of(prompt, "SaveImage")]["images"]
    ]


def test_the_workflows_are_there():
    assert NAMES == [
        "a-whole-batch",
        "by-boxes",
        "by-clicks",
        "by-words",
        "hair-on-comfyui-s-mask",
        "portrait-with-hair",
        "product-on-white",
        "refine-a-painted-mask",
    ]


def test_product_on_white_equals_the_command_line(comfyui, cutsmith_cut):
    _, (picture,) = saved_pictures(comfyui, runnable("product-on-white"))
    np.testing.assert_array_equal(picture, cutsmith_cut("example.png", "--background", "white")[..., :3])


def test_portrait_equals_the_command_line_but_for_the_rounding_of_save_image(comfyui, cutsmith_cut):
    prompt = runnable("portrait-with-hair")
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
    prompt = runnable("by-words")
    (detect,), (mask,) = nodes_of(prompt, "CutsmithTextDetect"), nodes_of(prompt, "CutsmithSAM2Mask")
    detect["model"], mask["model"] = TINY_DETECTOR, TINY_SAM2
    # Words that the random network finds.
    detect["prompt"] = "person, cat, dog, cup"
    _, (picture,) = saved_pictures(comfyui, prompt)
    expected = cutsmith_cut(
        "example.png",
        *("--text", detect["prompt"], "--detector", str(comfyui.folder / "models" / "grounding-dino" / TINY_DETECTOR)),
        *("--segmenter", str(comfyui.folder / "elsewhere" / TINY_SAM2), "--matting", "closed-form"),
    )
    np.testing.assert_array_equal(picture, expected)


def test_by_clicks_equals_the_command_line(comfyui, cutsmith_cut):
    prompt = runnable("by-clicks", model=TINY_SAM2, positive_points='[{"x": 300, "y": 180}]')
    _, (picture,) = saved_pictures(comfyui, prompt)
    expected = cutsmith_cut(
        "example.png",
        *("--point", "300,180", "--point", "20,20,0", "--segmenter", str(comfyui.folder / "elsewhere" / TINY_SAM2)),
        *("--matting", "closed-form"),
    )
    np.testing.assert_array_equal(picture, expected)


def test_by_boxes_cuts_out_what_is_in_the_boxes_of_comfyuis_own_node(comfyui):
    prompt = runnable("by-boxes", picture="cutsmith-three-things.jpg")
    _, (picture,) = saved_pictures(comfyui, prompt)
    alpha = picture[..., 3]
    (boxes,) = nodes_of(prompt, "CreateBoundingBoxes")
    in_boxes = np.zeros(alpha.shape, bool)
    for box in boxes["editor_state"]["__value__"]:
        x, y, width, height = (int(box[key]) for key in ("x", "y", "width", "height"))
        assert alpha[y + height // 2, x + width // 2] > 250, "what is in the middle of each box"
        in_boxes[max(0, y - 20) : y + height + 20, max(0, x - 20) : x + width + 20] = True
    assert not alpha[~in_boxes].any(), "the mug has no box"


def test_hair_on_comfyuis_own_mask_runs_with_random_weights(comfyui, comfyui_tree):
    # What the network finds is chance; the links, the folder and the two nodes' types are not.
    folder = comfyui.folder / "models" / "background_removal"
    folder.mkdir(parents=True, exist_ok=True)
    write_random_birefnet(comfyui_tree, folder / "random.safetensors")
    prompt = runnable("hair-on-comfyui-s-mask", picture="cutsmith-animal.jpg", bg_removal_name="random.safetensors")
    _, (picture,) = saved_pictures(comfyui, prompt)
    assert picture.shape == (640, 640, 4)


def test_a_painted_mask_is_refined_as_the_engine_refines_it(comfyui):
    from cutsmith import refine_mask
    from cutsmith.picture import Picture
    from cutsmith.picture.samples import samples_from_alpha

    prompt = runnable("refine-a-painted-mask")
    nodes_of(prompt, "LoadImage")[0]["image"] = "painted.png"
    _, (picture,) = saved_pictures(comfyui, prompt)
    painted = np.asarray(Image.open(comfyui.folder / "input" / "painted.png"))
    brush = painted[..., 3] == 0
    cut = refine_mask(Picture(np.ascontiguousarray(painted[..., :3])), brush, matting="closed-form", band=(12, 12))
    np.testing.assert_array_equal(picture[..., :3], cut.foreground)
    np.testing.assert_array_equal(picture[..., 3], samples_from_alpha(cut.alpha, np.dtype(np.uint8)))
    assert (np.abs(cut.alpha - brush) > 0.5).any(), "the edge has moved from the brush's to the cat's"


def test_nothing_painted_gives_an_empty_picture_of_full_size(comfyui):
    _, (picture,) = saved_pictures(comfyui, runnable("refine-a-painted-mask"))
    assert picture.shape == (300, 451, 4)
    assert not picture.any()


def test_every_image_of_a_batch_is_processed_and_an_empty_one_stays_empty(comfyui, cutsmith_cut):
    prompt = runnable("a-whole-batch")
    for inputs, name in zip(nodes_of(prompt, "LoadImage"), ("example.png", "plain.png", "mirrored.png"), strict=True):
        inputs["image"] = name
    run, (first, plain, last) = saved_pictures(comfyui, prompt)
    np.testing.assert_array_equal(first, cutsmith_cut("example.png"))
    np.testing.assert_array_equal(last, cutsmith_cut("mirrored.png"))
    assert plain.shape == first.shape
    assert not plain.any()
    # ComfyUI's ProgressBar (comfy/utils.py) tells the first step and the last at once, and drops one between them that
    # comes within 0.1 s of another.
    steps = [(data["value"], data["max"]) for data in run.of_type("progress")]
    assert steps in ([(1, 3), (2, 3), (3, 3)], [(1, 3), (3, 3)])


def test_the_second_run_is_taken_from_the_cache(comfyui):
    prompt = runnable("product-on-white")
    saved_pictures(comfyui, prompt)
    again = comfyui.run(prompt)
    assert again.cached == set(prompt)


@pytest.mark.alone
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
