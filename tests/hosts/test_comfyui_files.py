"""Files that people have already, under the names and in the folders of other packs, in the genuine ComfyUI."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.hosts.inside_comfyui import run_inside
from tests.hosts.test_comfyui_nodes import LOAD, masks_of, matting, rembg

pytestmark = [pytest.mark.slow, pytest.mark.weights]

PACK = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def found(comfyui_tree, tiny_sam2, vocabulary, tmp_path_factory):
    """What `inside/find_files.py` tells of a models folder that other packs have filled."""
    import torch
    from safetensors.torch import save_file

    models = tmp_path_factory.mktemp("models")
    (models / "sam2").mkdir()
    shutil.copy(tiny_sam2, models / "sam2" / "tiny.pt")
    save_file(torch.load(tiny_sam2, weights_only=True)["model"], models / "sam2" / "tiny.safetensors")
    shutil.copy(tiny_sam2.with_suffix(".toml"), models / "sam2" / "tiny.toml")
    (models / "sam2" / "sam2.1_hiera_large-fp16.safetensors").write_bytes(b"weights")
    (models / "bert-base-uncased").mkdir()
    shutil.copy(vocabulary, models / "bert-base-uncased" / "vocab.txt")
    return models, run_inside(comfyui_tree, "find_files.py", pack=str(PACK), models=str(models))


def test_sam2_as_safetensors_is_listed_and_gives_the_masks_of_the_checkpoint(found) -> None:
    _, answer = found
    assert {"tiny.pt", "tiny.safetensors", "sam2.1_hiera_large-fp16.safetensors"} <= set(answer["sam2"])
    assert answer["equal"]


def test_the_default_takes_the_files_of_other_packs(found) -> None:
    models, answer = found
    assert answer["best_sam2"] == str(models / "sam2" / "sam2.1_hiera_large-fp16.safetensors")


def test_the_vocabulary_is_found_in_models(found) -> None:
    models, answer = found
    assert answer["vocabulary"] == str(models / "bert-base-uncased" / "vocab.txt")


def test_rows_with_a_score_are_boxes_and_keep_their_score(found) -> None:
    _, answer = found
    assert answer["scores"] == [[0.75], [0.75]]


@pytest.mark.parametrize("unknown", [0.49, 0.51])
def test_a_trimap_whose_unknown_is_nearly_a_half_is_one_without_a_word(comfyui, unknown) -> None:
    solid = {"class_type": "SolidMask", "inputs": {"value": unknown, "width": 451, "height": 300}}
    kept = {"class_type": "SolidMask", "inputs": {"value": 1.0, "width": 200, "height": 150}}
    placed = {
        "class_type": "MaskComposite",
        "inputs": {"destination": ["around", 0], "source": ["kept", 0], "x": 130, "y": 60, "operation": "add"},
    }
    prompt = {
        "1": LOAD,
        "around": solid,
        "kept": kept,
        "trimap": placed,
        "2": matting(mask=["trimap", 0], trimap=["trimap", 0]),
        "show": {"class_type": "MaskToImage", "inputs": {"mask": ["2", 2]}},
        "preview": {"class_type": "PreviewImage", "inputs": {"images": ["show", 0]}},
    }
    run = comfyui.run(prompt)
    assert run.error is None, run.error
    assert "trimap has" not in str(run.outputs["2"])
    (trimap,) = masks_of(comfyui, prompt, ["2", 2])
    assert sorted(np.unique(trimap).tolist()) == [127, 255]


@pytest.mark.parametrize("nothing", [None, ""])
@pytest.mark.parametrize("node", ["rembg", "matting"])
def test_no_colour_is_the_default_colour(comfyui, node, nothing) -> None:
    given = {"background": "color", "background_color": nothing}
    mask = {"class_type": "LoadImageMask", "inputs": {"image": "painted.png", "channel": "alpha"}}
    cut = rembg(**given) if node == "rembg" else matting(mask=["mask", 0], **given)
    prompt = {"1": LOAD, "mask": mask, "2": cut, "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}}}
    run = comfyui.run(prompt)
    assert run.error is None, run.error
    from PIL import Image

    (picture,) = run.outputs["3"]["images"]
    assert np.asarray(Image.open(comfyui.picture(picture)).convert("RGB"))[0, 0].tolist() == [255, 255, 255]
