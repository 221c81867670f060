"""Over plain HTTP, as other programs use ComfyUI: what the nodes are, a picture, and what is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
import requests
from PIL import Image

from tests.hosts.conftest import TINY_SAM2
from tests.hosts.saved_workflows import NAMES, node_of, nodes_of, runnable

pytestmark = [pytest.mark.slow, pytest.mark.weights]

OURS = (
    "CutsmithCropToSubject",
    "CutsmithMaskTools",
    "CutsmithPickObject",
    "CutsmithPutBack",
    "CutsmithRembgCut",
    "CutsmithSAM2Mask",
    "CutsmithTextDetect",
    "CutsmithTrimapMatting",
)
MODELS = ("CutsmithRembgCut", "CutsmithSAM2Mask", "CutsmithTextDetect")
EDITS = {"mask_blur", "mask_offset", "invert", "harden", "threshold"}
ADVANCED = EDITS | {"device", "engine", "keep_model_loaded", "matting_effort", "refine_foreground"}
# Where the band is what the node is about, it is shown at first.
ADVANCED_OF = {
    "CutsmithRembgCut": ADVANCED | {"band_inner", "band_outer"},
    "CutsmithCropToSubject": {"multiple"},
}


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
            assert bool(options.get("advanced")) == (title in ADVANCED_OF.get(name, ADVANCED)), f"{name}.{title}"


def test_defaults_are_the_engines(comfyui):
    from cutsmith.matting.trimap import Band
    from cutsmith.options import OPTIONS

    nodes = comfyui.get("/object_info")
    detect, matting = (inputs_of(nodes[name]) for name in ("CutsmithTextDetect", "CutsmithTrimapMatting"))
    # The model's own, which the nodes write as 0.
    assert OPTIONS["box_threshold"].default is OPTIONS["text_threshold"].default is None
    assert detect["box_threshold"][1]["default"] == detect["text_threshold"][1]["default"] == 0
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
    models = {name: inputs_of(nodes[name])["model"][1]["options"] for name in MODELS}
    assert {"subject in box (IS-Net)", "sam2.1-hiera-small", "tiny_sam2.pt"} <= set(models["CutsmithSAM2Mask"])
    assert {"grounding-dino-tiny", "grounding-dino-random"} <= set(models["CutsmithTextDetect"])
    assert {"isnet-general-use", "birefnet-general"} <= set(models["CutsmithRembgCut"])
    assert not any(name.startswith("rembg:") for name in models["CutsmithRembgCut"]), "rembg is not installed there"


def test_a_posted_workflow_ends_with_a_picture_whose_alpha_is_right(comfyui, cutsmith_cut):
    prompt = runnable("a-whole-batch")
    (cut,) = nodes_of(prompt, "CutsmithRembgCut")
    cut["matting"] = "closed-form"
    posted = comfyui.post_prompt(prompt)
    assert posted.status_code == 200, posted.text
    outputs = comfyui.outputs(posted.json()["prompt_id"])
    saved = outputs[node_of(prompt, "SaveImage")]["images"][0]
    shown = requests.get(f"{comfyui.address}/view", params=saved, timeout=60)
    picture = np.asarray(Image.open(io.BytesIO(shown.content)))
    np.testing.assert_array_equal(picture, cutsmith_cut("example.png", "--matting", "closed-form"))


@pytest.mark.parametrize(
    ("workflow", "node", "value", "kind", "told"),
    [
        ("by-words", "CutsmithTextDetect", {"box_threshold": 1.5}, "value_bigger_than_max", "1.5"),
        ("by-words", "CutsmithTextDetect", {"max_detections": -1}, "value_smaller_than_min", "-1"),
        ("by-words", "CutsmithTextDetect", {"model": "no such"}, "custom_validation_failed", "no such"),
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
    prompt = runnable(workflow)
    nodes_of(prompt, node)[0].update(value)
    answer = comfyui.post_prompt(prompt)
    assert answer.status_code == 400
    # Of a check that looks at two inputs, ComfyUI tells on each.
    error = answer.json()["node_errors"][node_of(prompt, node)]["errors"][0]
    assert error["type"] == kind
    assert told in error["details"] + str(error["extra_info"])


@pytest.mark.parametrize(
    ("workflow", "node", "values"),
    [
        ("product-on-white", "CutsmithRembgCut", {"background_color": None}),
        ("product-on-white", "CutsmithRembgCut", {"background_color": ""}),
        ("product-on-white", "CutsmithRembgCut", {"background_color": None, "keep_model_loaded": None, "invert": None}),
        ("refine-a-painted-mask", "CutsmithTrimapMatting", {"background": "color", "background_color": None}),
        ("by-clicks", "CutsmithSAM2Mask", {"negative_points": None, "individual_masks": None}),
    ],
)
def test_null_in_an_old_workflow_is_the_default(comfyui, cutsmith_cut, workflow, node, values):
    prompt = runnable(workflow)
    if node == "CutsmithSAM2Mask":
        # The workflow's own points are on its own picture.
        nodes_of(prompt, node)[0].update(model=TINY_SAM2, positive_points='[{"x": 230, "y": 150}]')
    nodes_of(prompt, node)[0].update(values)
    run = comfyui.run(prompt)
    assert run.error is None, run.error["exception_message"]
    assert run.outputs[node_of(prompt, "SaveImage")]["images"]
    if workflow == "product-on-white":
        saved = run.outputs[node_of(prompt, "SaveImage")]["images"][0]
        picture = np.asarray(Image.open(comfyui.picture(saved)))
        np.testing.assert_array_equal(picture, cutsmith_cut("example.png", "--background", "white")[..., :3])


@pytest.mark.parametrize("name", ["device", "background", "mask_blur", "mask_offset", "harden", "threshold"])
def test_null_that_comfyui_itself_refuses_is_refused_before_anything_runs(comfyui, name):
    prompt = runnable("product-on-white")
    nodes_of(prompt, "CutsmithRembgCut")[0][name] = None
    answer = comfyui.post_prompt(prompt)
    assert answer.status_code == 400
    (error,) = answer.json()["node_errors"][node_of(prompt, "CutsmithRembgCut")]["errors"]
    assert error["extra_info"]["input_name"] == name


def test_a_colour_that_cannot_be_tells_what_the_input_takes(comfyui):
    prompt = runnable("product-on-white")
    nodes_of(prompt, "CutsmithRembgCut")[0]["background_color"] = "whyte"
    answer = comfyui.post_prompt(prompt)
    assert answer.status_code == 400
    told = answer.json()["node_errors"][node_of(prompt, "CutsmithRembgCut")]["errors"][0]["details"]
    assert "an opaque colour: #rrggbb, rgb(...), hsl(...) or a CSS colour name, but got 'whyte'" in told
    assert "Did you mean white or wheat?" in told
    assert not {"blur", "picture", "transparent"} & set(told.replace(",", " ").split())


def test_what_the_engine_warns_of_is_told_with_the_outputs_and_on_the_console(comfyui):
    prompt = runnable("product-on-white")
    nodes_of(prompt, "LoadImage")[0]["image"] = "plain.png"
    outputs = comfyui.run(prompt).outputs
    told, *_ = outputs[node_of(prompt, "CutsmithRembgCut")]["text"]
    assert told == "Nothing found."
    assert "Cutsmith: Nothing was found in image 1 of 1" in comfyui.log.read_text(encoding="utf-8")


@pytest.mark.parametrize("edit", [{"harden": 0.4}, {"threshold": 0.5}])
def test_a_mask_is_made_harder_as_the_command_line_does(comfyui, cutsmith_cut, edit):
    prompt = runnable("product-on-white", background="transparent", **edit)
    run = comfyui.run(prompt)
    assert run.error is None, run.error["exception_message"]
    picture = np.asarray(Image.open(comfyui.picture(run.outputs[node_of(prompt, "SaveImage")]["images"][0])))
    ((name, value),) = edit.items()
    expected = cutsmith_cut("example.png", f"--{name}", str(value))
    np.testing.assert_array_equal(picture, expected)
    assert not np.array_equal(expected, cutsmith_cut("example.png"))


def test_harden_and_threshold_together_are_told_in_the_nodes_words(comfyui):
    error = comfyui.run(runnable("product-on-white", harden=0.2, threshold=0.5)).error
    assert error["exception_message"].rstrip().endswith("Set harden to 0.")


@pytest.mark.parametrize(
    ("workflow", "node", "model", "file", "size"),
    [
        ("product-on-white", "CutsmithRembgCut", "isnet-anime", "isnet-anime.onnx", "176 MB"),
        ("by-clicks", "CutsmithSAM2Mask", "sam2.1-hiera-large", "sam2.1_hiera_large.pt", "898 MB"),
        ("by-words", "CutsmithTextDetect", "grounding-dino-base", "model.safetensors", "934 MB"),
    ],
)
def test_a_missing_model_names_file_folders_size_licence_and_the_command(comfyui, workflow, node, model, file, size):
    prompt = runnable(workflow)
    nodes_of(prompt, node)[0]["model"] = model
    error = comfyui.run(prompt).error
    assert error is not None, f"{model} is on this machine"
    assert error["exception_type"].endswith("WeightsMissing")
    told = error["exception_message"]
    for part in (file, size, "Apache-2.0", f" -m cutsmith models fetch {model}", str(comfyui.folder / "models")):
        assert part in told


def test_help_pages_and_templates_are_served(comfyui):
    for name in OURS:
        page = requests.get(f"{comfyui.address}/extensions/ComfyUI-Cutsmith/docs/{name}.md", timeout=60)
        assert page.status_code == 200
        assert page.text.startswith("# ")
        for title in inputs_of(comfyui.get(f"/object_info/{name}")[name]):
            assert f"`{title}`" in page.text, f"{name}.md does not tell of {title}"
    assert sorted(comfyui.get("/workflow_templates")["ComfyUI-Cutsmith"]) == NAMES
    for name in NAMES:
        thumbnail = requests.get(f"{comfyui.address}/api/workflow_templates/ComfyUI-Cutsmith/{name}.jpg", timeout=60)
        assert Image.open(io.BytesIO(thumbnail.content)).size == (512, 512)
