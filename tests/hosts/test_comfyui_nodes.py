"""What nodes give each other, in the genuine execution engine: batches, masks of every kind, boxes, edits."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.hosts.conftest import TINY_DETECTOR, TINY_SAM2, TUNED_SAM2

pytestmark = [pytest.mark.slow, pytest.mark.weights]

LOAD = {"class_type": "LoadImage", "inputs": {"image": "example.png"}}
MATTING = {"band_inner": 3, "band_outer": 3, "matting": "none", "refine_foreground": False}
REMBG = {"model": "default (IS-Net)", "matting": "none", "band_inner": 3, "band_outer": 3}
DETECT = {
    "model": TINY_DETECTOR,
    "prompt": "person, cat, dog, cup",
    "box_threshold": 0.05,
    "text_threshold": 0.05,
    "max_detections": 0,
}


def masks_of(comfyui, prompt, source):
    """The masks that an output holds, as 8-bit pictures, by ComfyUI's own Mask to Image and Save Image."""
    prompt = {
        **prompt,
        "image": {"class_type": "MaskToImage", "inputs": {"mask": source}},
        "save": {"class_type": "SaveImage", "inputs": {"images": ["image", 0], "filename_prefix": "masks"}},
    }
    run = comfyui.run(prompt)
    assert run.error is None, run.error
    return [np.asarray(Image.open(comfyui.picture(each)))[..., 0] for each in run.outputs["save"]["images"]]


def rembg(**inputs):
    return {"class_type": "CutsmithRembgCut", "inputs": {**REMBG, "image": ["1", 0], **inputs}}


def sam2(**inputs):
    return {"class_type": "CutsmithSAM2Mask", "inputs": {"model": TINY_SAM2, "image": ["1", 0], **inputs}}


def matting(**inputs):
    return {"class_type": "CutsmithTrimapMatting", "inputs": {**MATTING, "image": ["1", 0], **inputs}}


def batch(*names):
    prompt = {
        f"load{number}": {"class_type": "LoadImage", "inputs": {"image": name}} for number, name in enumerate(names)
    }
    links = {f"images.image{number}": [f"load{number}", 0] for number in range(len(names))}
    return {**prompt, "1": {"class_type": "BatchImagesNode", "inputs": links}}


def test_one_mask_serves_every_image_of_a_batch(comfyui):
    prompt = {
        **batch("example.png", "mirrored.png"),
        "mask": {"class_type": "LoadImageMask", "inputs": {"image": "painted.png", "channel": "alpha"}},
        "2": matting(mask=["mask", 0]),
    }
    one, two = masks_of(comfyui, prompt, ["2", 1])
    assert one.shape == (300, 451)
    assert 0 < one.mean() < 255
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("chosen", ["none", "closed-form"])
def test_a_workflow_of_the_first_version_which_says_method_gives_the_same(comfyui, chosen):
    painted = {"class_type": "LoadImageMask", "inputs": {"image": "painted.png", "channel": "alpha"}}
    now = matting(mask=["mask", 0], matting=chosen)
    then = matting(mask=["mask", 0], method=chosen)
    del then["inputs"]["matting"]
    (new,) = masks_of(comfyui, {"1": LOAD, "mask": painted, "2": now}, ["2", 1])
    (old,) = masks_of(comfyui, {"1": LOAD, "mask": painted, "2": then}, ["2", 1])
    np.testing.assert_array_equal(old, new)
    assert 0 < old.mean() < 255


def test_masks_for_another_number_of_images_are_told(comfyui):
    prompt = {
        **batch("example.png", "mirrored.png", "plain.png"),
        "mask": {"class_type": "SolidMask", "inputs": {"value": 1.0, "width": 451, "height": 300}},
        "masks": {
            "class_type": "BatchMasksNode",
            "inputs": {"masks.mask0": ["mask", 0], "masks.mask1": ["mask", 0]},
        },
        "2": matting(mask=["masks", 0]),
        "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
    }
    error = comfyui.run(prompt).error
    assert "There must be 1 or 3 masks for 3 images, but got 2." in error["exception_message"]
    assert error["exception_type"].endswith("BadArray")


def test_a_picture_with_four_channels_is_cut_out_within_its_own_alpha(comfyui):
    transparent = {"1": LOAD, "2": rembg(background="transparent"), "3": rembg(image=["2", 0])}
    (again,) = masks_of(comfyui, transparent, ["3", 1])
    (once,) = masks_of(comfyui, {"1": LOAD, "2": rembg()}, ["2", 1])
    assert (again <= once.astype(int) + 1).all()
    assert again.mean() > 0.5 * once.mean()


def test_masks_are_edited_in_the_order_offset_blur_invert(comfyui):
    from cutsmith import cut_out
    from cutsmith.matting.mask_edits import edited_mask

    (mask,) = masks_of(comfyui, {"1": LOAD, "2": rembg(mask_offset=-4, mask_blur=2.5, invert=True)}, ["2", 1])
    alpha = cut_out(comfyui.folder / "input" / "example.png", matting="none").alpha
    expected = edited_mask(alpha, offset=-4, blur=2.5, invert=True)
    np.testing.assert_allclose(mask, np.floor(expected * 255), atol=1)


def test_boxes_go_from_words_to_masks_an_object_each(comfyui):
    prompt = {
        **batch("example.png", "mirrored.png"),
        "2": {"class_type": "CutsmithTextDetect", "inputs": {**DETECT, "image": ["1", 0], "max_detections": 3}},
        "3": sam2(bboxes=["2", 0], individual_masks=True),
        "count": {"class_type": "PreviewAny", "inputs": {"source": ["2", 2]}},
        "boxes": {"class_type": "PreviewAny", "inputs": {"source": ["3", 1]}},
    }
    masks = masks_of(comfyui, prompt, ["3", 0])
    run = comfyui.run(prompt)
    (count,) = run.outputs["count"]["text"]
    assert 2 <= int(count) <= 6
    assert len(masks) == int(count)
    assert all(mask.shape == (300, 451) for mask in masks)
    assert '"width"' in run.outputs["boxes"]["text"][0]
    assert '"label": "' in run.outputs["boxes"]["text"][0]


def test_nothing_found_is_a_zero_mask_of_full_size_for_each_image(comfyui):
    prompt = {
        **batch("example.png", "mirrored.png"),
        "2": {"class_type": "CutsmithTextDetect", "inputs": {**DETECT, "image": ["1", 0], "box_threshold": 1.0}},
        "3": sam2(bboxes=["2", 0]),
    }
    masks = masks_of(comfyui, prompt, ["3", 0])
    assert len(masks) == 2
    assert all(mask.shape == (300, 451) and not mask.any() for mask in masks)


def test_subject_in_box_needs_no_sam2_and_equals_the_command_line(comfyui, cutsmith_cut):
    prompt = {
        "1": LOAD,
        "box": {
            "class_type": "PrimitiveBoundingBox",
            "inputs": {"x": 100, "y": 20, "width": 300, "height": 260},
        },
        "2": sam2(bboxes=["box", 0], model="subject in box (IS-Net)"),
        "3": matting(mask=["2", 0], background="transparent"),
        "4": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": "box"}},
    }
    run = comfyui.run(prompt)
    assert run.error is None, run.error
    picture = np.asarray(Image.open(comfyui.picture(run.outputs["4"]["images"][0])))
    expected = cutsmith_cut(
        "example.png",
        "--box",
        "100,20,400,280",
        "--segmenter",
        "subject-in-box",
        "--foreground",
        "none",
        "--matting",
        "none",
    )
    np.testing.assert_array_equal(picture, expected)


def test_a_rough_mask_is_a_prompt_for_sam2(comfyui):
    prompt = {
        "1": LOAD,
        "mask": {"class_type": "LoadImageMask", "inputs": {"image": "painted.png", "channel": "alpha"}},
        "2": sam2(mask=["mask", 0]),
    }
    (mask,) = masks_of(comfyui, prompt, ["2", 0])
    assert mask.shape == (300, 451)


def test_a_fine_tuned_network_is_used_by_its_name(comfyui, tuned_sam2):
    from cutsmith.protocols import Prompt
    from cutsmith.segmentation.loading import load_segmenter

    box = (60, 20, 360, 260)
    prompt = {"1": LOAD, "2": sam2(model=TUNED_SAM2, boxes=f"[{list(box)}]")}
    (mask,) = masks_of(comfyui, prompt, ["2", 0])
    (untuned,) = masks_of(comfyui, {**prompt, "2": sam2(boxes=f"[{list(box)}]")}, ["2", 0])
    cat = np.asarray(Image.open(comfyui.folder / "input" / "example.png").convert("RGB"))
    (segment,) = load_segmenter(str(tuned_sam2), device="cpu").model.segment(cat, [Prompt(box=box)])
    # The server is another process, and torch's sums differ in the last bit with the threads that it finds free.
    np.testing.assert_allclose(mask / 255, segment.soft_mask(), atol=1.01 / 255)
    assert not np.array_equal(mask, untuned)


def test_nothing_to_point_with_is_told(comfyui):
    prompt = {"1": LOAD, "2": sam2(), "3": {"class_type": "MaskPreview", "inputs": {"mask": ["2", 0]}}}
    error = comfyui.run(prompt).error
    assert "to say what to mask, but got none of them" in error["exception_message"]


def test_the_trimap_of_a_hard_mask_is_the_band_that_is_solved(comfyui):
    from cutsmith.matting.trimap import trimap_from_soft_mask

    painted = {"class_type": "LoadImageMask", "inputs": {"image": "painted.png", "channel": "alpha"}}
    prompt = {"1": LOAD, "mask": painted, "2": matting(mask=["mask", 0], matting="closed-form")}
    (mask,), (trimap,) = masks_of(comfyui, prompt, ["mask", 0]), masks_of(comfyui, prompt, ["2", 2])
    expected = trimap_from_soft_mask((mask / 255).astype(np.float32))
    np.testing.assert_array_equal(trimap, np.where(expected == 128, 127, expected))
    (alpha,) = masks_of(comfyui, prompt, ["2", 1])
    np.testing.assert_array_equal(alpha[trimap != 127], trimap[trimap != 127])


def test_a_trimap_says_what_is_solved(comfyui):
    prompt = {
        "1": LOAD,
        "2": rembg(),
        "wide": matting(mask=["2", 1], band_inner=20, band_outer=20),
        "3": matting(mask=["2", 1], trimap=["wide", 2], matting="closed-form"),
    }
    (trimap,) = masks_of(comfyui, prompt, ["3", 2])
    assert set(np.unique(trimap)) == {0, 127, 255}
    (alpha,) = masks_of(comfyui, prompt, ["3", 1])
    assert (alpha[trimap == 255] == 255).all()
    assert (alpha[trimap == 0] == 0).all()
