"""Crop and put back, mask tools and picking an object, in the genuine ComfyUI, on real photographs and masks."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.hosts.test_comfyui_nodes import DETECT, LOAD, batch, masks_of, rembg, sam2

pytestmark = [pytest.mark.slow, pytest.mark.weights]


def pictures_of(comfyui, prompt, source) -> list[np.ndarray]:
    """The pictures that an output holds, as 8 bits, by ComfyUI's own Save Image."""
    prompt = {
        **prompt,
        "save": {"class_type": "SaveImage", "inputs": {"images": source, "filename_prefix": "pictures"}},
    }
    run = comfyui.run(prompt)
    assert run.error is None, run.error
    return [np.asarray(Image.open(comfyui.picture(each)).convert("RGB")) for each in run.outputs["save"]["images"]]


def node(name: str, **inputs) -> dict:
    return {"class_type": f"Cutsmith{name}", "inputs": inputs}


CROP = {"margin": 0.2, "width": 0, "height": 0}


def test_the_nodes_are_found_by_what_people_call_them(comfyui) -> None:
    info = comfyui.get("/object_info")
    for name, word in (
        ("CropToSubject", "crop and stitch"),
        ("PutBack", "stitch"),
        ("MaskTools", "fill holes"),
        ("PickObject", "mask by index"),
    ):
        assert word in info[f"Cutsmith{name}"]["search_aliases"]
        for title, (_, *settings) in {
            **info[f"Cutsmith{name}"]["input"]["required"],
            **info[f"Cutsmith{name}"]["input"].get("optional", {}),
        }.items():
            assert settings[0]["tooltip"], title


@pytest.mark.parametrize("size", [(0, 0), (512, 512)])
def test_a_batch_is_cropped_inverted_and_put_back_with_the_rest_as_it_was(comfyui, size) -> None:
    width, height = size
    prompt = {
        **batch("example.png", "mirrored.png"),
        "mask": rembg(),
        "crop": node("CropToSubject", image=["1", 0], mask=["mask", 1], **{**CROP, "width": width, "height": height}),
        "edited": {"class_type": "ImageInvert", "inputs": {"image": ["crop", 0]}},
        "back": node("PutBack", crop=["crop", 2], image=["edited", 0], put_back="the mask", feather=4),
    }
    originals = pictures_of(comfyui, prompt, ["1", 0])
    masks = masks_of(comfyui, prompt, ["mask", 1])
    crops = pictures_of(comfyui, prompt, ["crop", 0])
    backs = pictures_of(comfyui, prompt, ["back", 0])
    assert len(backs) == 2
    if width:
        assert {each.shape for each in crops} == {(512, 512, 3)}
    else:
        assert crops[0].shape[0] % 8 == 0
        assert crops[0].shape[1] % 8 == 0
    import cv2

    for original, mask, back in zip(originals, masks, backs, strict=True):
        assert back.shape == original.shape
        away = cv2.distanceTransform((mask < 10).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        np.testing.assert_array_equal(back[away > 6], original[away > 6])
        inverted = 255 - original.astype(int)
        assert np.abs(back.astype(int) - inverted)[mask > 250].mean() < (1 if not width else 6)


@pytest.mark.parametrize("size", [0, 512])
def test_an_unchanged_crop_puts_back_the_very_picture(comfyui, size) -> None:
    prompt = {
        "1": LOAD,
        "mask": rembg(),
        "crop": node("CropToSubject", image=["1", 0], mask=["mask", 1], **{**CROP, "width": size, "height": size}),
        "back": node("PutBack", crop=["crop", 2], image=["crop", 0], put_back="the whole crop", feather=16),
    }
    (original,) = pictures_of(comfyui, prompt, ["1", 0])
    (back,) = pictures_of(comfyui, prompt, ["back", 0])
    np.testing.assert_array_equal(back, original)


def test_an_empty_mask_crops_the_picture_and_says_so(comfyui) -> None:
    prompt = {
        "1": LOAD,
        "mask": {"class_type": "SolidMask", "inputs": {"value": 0.0, "width": 451, "height": 300}},
        "crop": node("CropToSubject", image=["1", 0], mask=["mask", 0], **CROP, multiple=1),
        "black": {"class_type": "EmptyImage", "inputs": {"width": 451, "height": 300, "batch_size": 1, "color": 0}},
        "back": node("PutBack", crop=["crop", 2], image=["black", 0], put_back="the mask", feather=16),
    }
    run = comfyui.run({**prompt, "show": {"class_type": "PreviewImage", "inputs": {"images": ["back", 0]}}})
    assert "The mask is empty" in str(run.outputs["crop"])
    (original,) = pictures_of(comfyui, prompt, ["1", 0])
    (back,) = pictures_of(comfyui, prompt, ["back", 0])
    np.testing.assert_array_equal(back, original)


FILM = 9


def film(**crop) -> dict:
    """Nine frames and masks, all but the first mask empty: cropped, put back, cleaned, and one object picked."""
    return {
        "load": LOAD,
        "1": {"class_type": "RepeatImageBatch", "inputs": {"image": ["load", 0], "amount": FILM}},
        "full": {"class_type": "SolidMask", "inputs": {"value": 1.0, "width": 451, "height": 300}},
        "one": {"class_type": "MaskToImage", "inputs": {"mask": ["full", 0]}},
        "none": {
            "class_type": "EmptyImage",
            "inputs": {"width": 451, "height": 300, "batch_size": FILM - 1, "color": 0},
        },
        "all": {"class_type": "ImageBatch", "inputs": {"image1": ["one", 0], "image2": ["none", 0]}},
        "mask": {"class_type": "ImageToMask", "inputs": {"image": ["all", 0], "channel": "red"}},
        "crop": node("CropToSubject", image=["1", 0], mask=["mask", 0], **{**CROP, **crop}),
        "back": node("PutBack", crop=["crop", 2], image=["crop", 0], put_back="the mask", feather=16),
        "show": {"class_type": "PreviewImage", "inputs": {"images": ["back", 0]}},
        "pick": node("PickObject", index=0, bboxes=["boxes", 0]),
        "boxes": {
            "class_type": "CutsmithTextDetect",
            "inputs": {**DETECT, "image": ["1", 0], "box_threshold": 1.0, "prompt": "cup"},
        },
        "picked": {"class_type": "MaskPreview", "inputs": {"mask": ["pick", 0]}},
        "tools": node("MaskTools", mask=["mask", 0], keep_largest=1, fill_holes=True, largest_hole=0, despeckle=0),
        "cleaned": {"class_type": "MaskPreview", "inputs": {"mask": ["tools", 0]}},
    }


def test_a_film_fills_the_progress_bar_and_its_lines_are_grouped(comfyui) -> None:
    run = comfyui.run(film())
    assert run.error is None, run.error
    for name, steps in (("crop", 2 * FILM), ("back", FILM), ("pick", FILM), ("tools", FILM)):
        bar = [(data["value"], data["max"]) for data in run.of_type("progress") if data["node"] == name]
        assert bar[-1:] == [(steps, steps)], name
    (line,) = run.outputs["crop"]["text"]
    assert line.startswith(f"{FILM - 1} of {FILM} images (2-{FILM}): The mask is empty")
    assert run.outputs["pick"]["text"] == ["There is no object 0, only 0."]


def test_cancel_ends_a_crop_between_two_frames(comfyui) -> None:
    run = comfyui.run(film(width=4096, height=4096, margin=0.3), interrupt_after=1)
    assert run.of_type("execution_interrupted"), run.error
    assert not any(data["node"] == "back" for data in run.of_type("executed"))


def test_crops_of_another_batch_are_refused(comfyui) -> None:
    prompt = {
        **batch("example.png", "mirrored.png"),
        "mask": rembg(),
        "crop": node("CropToSubject", image=["1", 0], mask=["mask", 1], **CROP),
        "three": {"class_type": "RepeatImageBatch", "inputs": {"image": ["load0", 0], "amount": 3}},
        "back": node("PutBack", crop=["crop", 2], image=["three", 0], put_back="the mask", feather=0),
        "show": {"class_type": "PreviewImage", "inputs": {"images": ["back", 0]}},
    }
    error = comfyui.run(prompt).error
    assert "The edited crop must have the shape (2 or 1, height, width, 3)" in error["exception_message"]


def test_mask_tools_clean_a_batch_as_the_engine_does(comfyui) -> None:
    from cutsmith.matting.mask_parts import cleaned_mask

    prompt = {
        **batch("astronaut.png", "example.png"),
        "1": {"class_type": "LoadImage", "inputs": {"image": "astronaut.png"}},
        "light": {"class_type": "ImageToMask", "inputs": {"image": ["1", 0], "channel": "red"}},
        "tools": node("MaskTools", mask=["light", 0], keep_largest=1, fill_holes=True, largest_hole=400, despeckle=50),
    }
    (light,) = masks_of(comfyui, prompt, ["light", 0])
    (cleaned,) = masks_of(comfyui, prompt, ["tools", 0])
    expected = cleaned_mask(light / np.float32(255), keep_largest=1, smallest_part=50, largest_hole=400)
    np.testing.assert_allclose(cleaned, np.floor(expected * 255), atol=1)
    assert (cleaned != light).any()


def objects(index: int, **links) -> dict:
    return {
        **batch("example.png", "mirrored.png"),
        "2": {"class_type": "CutsmithTextDetect", "inputs": {**DETECT, "image": ["1", 0], "max_detections": 2}},
        "3": sam2(bboxes=["2", 0], individual_masks=True),
        "pick": node("PickObject", index=index, **links),
    }


@pytest.mark.parametrize("index", [0, 1, -1])
def test_one_object_an_image_is_picked_from_masks_and_boxes(comfyui, index) -> None:
    prompt = objects(index, mask=["3", 0], bboxes=["3", 1])
    everything = masks_of(comfyui, prompt, ["3", 0])
    assert len(everything) == 4
    picked = masks_of(comfyui, prompt, ["pick", 0])
    for number, mask in enumerate(picked):
        np.testing.assert_array_equal(mask, everything[2 * number + index % 2])
    shown = {**prompt, "boxes": {"class_type": "PreviewAny", "inputs": {"source": ["pick", 1]}}}
    assert comfyui.run(shown).outputs["boxes"]["text"][0].count('"width"') == 2


def test_a_number_that_no_image_has_is_told_with_those_there_are(comfyui) -> None:
    prompt = {
        **objects(7, bboxes=["2", 0]),
        "show": {"class_type": "PreviewAny", "inputs": {"source": ["pick", 1]}},
    }
    error = comfyui.run(prompt).error
    assert "The index must be one of the objects' numbers, 0 to 1" in error["exception_message"]


def test_an_image_without_objects_gets_an_empty_mask(comfyui) -> None:
    prompt = objects(0, mask=["3", 0], bboxes=["3", 1])
    prompt["2"]["inputs"]["box_threshold"] = 1.0
    picked = masks_of(comfyui, prompt, ["pick", 0])
    assert [mask.max() for mask in picked] == [0, 0]
    assert {mask.shape for mask in picked} == {(300, 451)}
