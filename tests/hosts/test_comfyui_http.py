"""Over plain HTTP, as other programs use ComfyUI: what the nodes are, a picture, and what is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
import requests
from PIL import Image

from tests.hosts.saved_workflows import NAMES, in_api_format, node_of, nodes_of

pytestmark = [pytest.mark.slow, pytest.mark.weights]

OURS = ("CutsmithRembgCut", "CutsmithSAM2Mask", "CutsmithTextDetect", "CutsmithTrimapMatting")
SHARED = {"mask_blur", "mask_offset", "invert", "background", "background_color", "device", "keep_model_loaded"}


def inputs_of(info):
    return {**info["input"]["required"], **info["input"].get("optional", {})}


def test_object_info_shows_our_nodes(comfyui):
    nodes = comfyui.get("/object_info")
    assert tuple(sorted(name for name in nodes if name.startswith("Cutsmith"))) == OURS
    for name in OURS:
        info = nodes[name]
        assert info["category"] == "image/cut-out"
        assert info["search_aliases"]
        assert info["description"]
        assert all(info["output_tooltips"])
        for title, (_, options) in inputs_of(info).items():
            assert options["tooltip"], f"{name}.{title} has no tooltip"
            assert bool(options.get("advanced")) == (title in SHARED), f"{name}.{title}"


def test_defaults_are_the_engines(comfyui):
    from cutsmith.matting.trimap import Band
    from cutsmith.options import OPTIONS

    nodes = comfyui.get("/object_info")
    detect, matting = (inputs_of(nodes[name]) for name in ("CutsmithTextDetect", "CutsmithTrimapMatting"))
    assert detect["box_threshold"][1]["default"] == OPTIONS["box_threshold"].default
    assert detect["text_threshold"][1]["default"] == OPTIONS["text_threshold"].default
    assert (matting["band_inner"][1]["default"], matting["band_outer"][1]["default"]) == (Band().inner, Band().outer)


def test_boxes_are_comfyuis_own_and_other_packs_boxes_are_taken(comfyui):
    nodes = comfyui.get("/object_info")
    assert nodes["CutsmithTextDetect"]["output"] == ["BOUNDING_BOX", "IMAGE", "INT"]
    assert nodes["CutsmithSAM2Mask"]["output"] == ["MASK", "BOUNDING_BOX"]
    assert nodes["CutsmithTrimapMatting"]["output"] == ["IMAGE", "MASK", "MASK"]
    assert nodes["CutsmithRembgCut"]["output"] == ["IMAGE", "MASK"]
    assert inputs_of(nodes["CutsmithSAM2Mask"])["bboxes"][0] == "BOUNDING_BOX,BBOX"


def test_model_lists_hold_the_catalogue_and_comfyuis_folders(comfyui):
    nodes = comfyui.get("/object_info")
    models = {name: inputs_of(nodes[name])["model"][1]["options"] for name in OURS if name != "CutsmithTrimapMatting"}
    assert {"subject in box (IS-Net)", "sam2.1-hiera-small", "tiny_sam2.pt"} <= set(models["CutsmithSAM2Mask"])
    assert {"grounding-dino-tiny", "grounding-dino-random"} <= set(models["CutsmithTextDetect"])
    assert {"isnet-general-use", "birefnet-general"} <= set(models["CutsmithRembgCut"])
    assert not any(name.startswith("rembg:") for name in models["CutsmithRembgCut"]), "rembg is not installed there"


def test_a_posted_workflow_ends_with_a_picture_whose_alpha_is_right(comfyui, cutsmith_cut):
    prompt = in_api_format("a-whole-batch")
    (cut,) = nodes_of(prompt, "CutsmithRembgCut")
    cut["matting"] = "closed-form"
    posted = comfyui.post_prompt(prompt)
    assert posted.status_code == 200, posted.text
    outputs = comfyui.outputs(posted.json()["prompt_id"])
    saved = outputs[node_of(prompt, "SaveImage")]["images"][0]
    shown = requests.get(f"{comfyui.address}/view", params=saved, timeout=60)
    picture = np.asarray(Image.open(io.BytesIO(shown.content)))
    np.testing.assert_array_equal(picture, cutsmith_cut("example.png", "--matting", "closed-form", "--band", "3,3"))


@pytest.mark.parametrize(
    ("workflow", "node", "value", "kind", "told"),
    [
        ("by-words", "CutsmithTextDetect", {"box_threshold": 1.5}, "value_bigger_than_max", "1.5"),
        ("by-words", "CutsmithTextDetect", {"max_detections": -1}, "value_smaller_than_min", "-1"),
        ("by-words", "CutsmithTextDetect", {"model": "no such"}, "value_not_in_list", "no such"),
        ("by-words", "CutsmithTextDetect", {"prompt": " , "}, "custom_validation_failed", "red mug"),
        ("by-clicks", "CutsmithSAM2Mask", {"positive_points": "[1, 2]"}, "custom_validation_failed", '{"x": 240'),
        ("by-clicks", "CutsmithSAM2Mask", {"negative_points": "x"}, "custom_validation_failed", "negative_points"),
        ("by-clicks", "CutsmithSAM2Mask", {"mask_offset": 65}, "value_bigger_than_max", "65"),
        ("product-on-white", "CutsmithRembgCut", {"background_color": "#12"}, "custom_validation_failed", "#12"),
        ("product-on-white", "CutsmithRembgCut", {"mask_blur": -1}, "value_smaller_than_min", "-1"),
        ("refine-a-painted-mask", "CutsmithTrimapMatting", {"band_inner": -1}, "value_smaller_than_min", "-1"),
        ("refine-a-painted-mask", "CutsmithTrimapMatting", {"matting": "deep"}, "value_not_in_list", "deep"),
    ],
)
def test_wrong_values_are_refused_before_anything_runs(comfyui, workflow, node, value, kind, told):
    prompt = in_api_format(workflow)
    nodes_of(prompt, node)[0].update(value)
    answer = comfyui.post_prompt(prompt)
    assert answer.status_code == 400
    # Of a check that looks at two inputs, ComfyUI tells on each.
    error = answer.json()["node_errors"][node_of(prompt, node)]["errors"][0]
    assert error["type"] == kind
    assert told in error["details"] + str(error["extra_info"])


@pytest.mark.parametrize(
    ("workflow", "node", "model", "file", "size"),
    [
        ("product-on-white", "CutsmithRembgCut", "isnet-anime", "isnet-anime.onnx", "176 MB"),
        ("by-clicks", "CutsmithSAM2Mask", "sam2.1-hiera-large", "sam2.1_hiera_large.pt", "898 MB"),
        ("by-words", "CutsmithTextDetect", "grounding-dino-base", "model.safetensors", "934 MB"),
    ],
)
def test_a_missing_model_names_file_folders_size_licence_and_the_command(comfyui, workflow, node, model, file, size):
    prompt = in_api_format(workflow)
    nodes_of(prompt, node)[0]["model"] = model
    error = comfyui.run(prompt).error
    assert error is not None, f"{model} is on this machine"
    assert error["exception_type"].endswith("WeightsMissing")
    told = error["exception_message"]
    for part in (file, size, "Apache-2.0", f'python" -m cutsmith models fetch {model}', str(comfyui.folder / "models")):
        assert part in told


def test_help_pages_and_templates_are_served(comfyui):
    for name in OURS:
        page = requests.get(f"{comfyui.address}/extensions/cutsmith/docs/{name}.md", timeout=60)
        assert page.status_code == 200
        assert page.text.startswith("# ")
        for title in inputs_of(comfyui.get(f"/object_info/{name}")[name]):
            assert f"`{title}`" in page.text, f"{name}.md does not tell of {title}"
    assert sorted(comfyui.get("/workflow_templates")["cutsmith"]) == NAMES
    for name in NAMES:
        thumbnail = requests.get(f"{comfyui.address}/api/workflow_templates/cutsmith/{name}.jpg", timeout=60)
        assert Image.open(io.BytesIO(thumbnail.content)).size == (512, 512)
