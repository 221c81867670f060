"""The pack in ComfyUI's own Python, without a server: how it loads, and what it leaves in memory."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.hosts.inside_comfyui import run_inside

pytestmark = [pytest.mark.slow, pytest.mark.weights]

PACK = Path(__file__).resolve().parents[2]
OURS = ["CutsmithRembgCut", "CutsmithSAM2Mask", "CutsmithTextDetect", "CutsmithTrimapMatting"]
EXTRAS = ["sam2", "groundingdino", "hydra", "omegaconf", "iopath", "timm"]


def test_without_the_extras_all_four_nodes_still_register_and_nothing_heavy_is_imported(comfyui_tree):
    answer = run_inside(comfyui_tree, "load_pack.py", packs=[str(PACK)], missing=EXTRAS)
    assert answer["nodes"] == OURS
    assert not {"cv2", "openvino", "onnxruntime", "sam2", "pymatting", "numba"} & set(answer["imported"])
    assert any(Path(folder).name == "sam2" for folder in answer["sam2_folder"])


def test_without_the_engine_the_pack_says_what_to_run(comfyui_tree):
    answer = run_inside(comfyui_tree, "load_pack.py", packs=[str(PACK)], missing=["cutsmith"])
    assert answer["nodes"] == []
    assert "Cutsmith's engine is not installed in ComfyUI's Python" in answer["log"]
    assert str(PACK / "install.py") in answer["log"]
    assert "Traceback" not in answer["log"]


def test_a_clone_of_any_name_is_a_pack(comfyui_tree, tmp_path):
    clone = tmp_path / "Cut smith.v1-main"
    clone.mkdir()
    shutil.copy(PACK / "__init__.py", clone)
    shutil.copy(PACK / "pyproject.toml", clone)
    shutil.copytree(PACK / "comfyui_nodes", clone / "comfyui_nodes")
    assert run_inside(comfyui_tree, "load_pack.py", packs=[str(clone)], missing=[])["nodes"] == OURS


def test_comfyui_unloads_torch_models_and_keep_model_loaded_off_frees_all(
    comfyui_tree, isnet_weights, tiny_sam2, tmp_path
):
    models = tmp_path / "models"
    (models / "sam2").mkdir(parents=True)
    shutil.copy(tiny_sam2, models / "sam2" / "tiny.pt")
    shutil.copy(tiny_sam2.with_suffix(".toml"), models / "sam2" / "tiny.toml")
    answer = run_inside(comfyui_tree, "free_models.py", pack=str(PACK), models=str(models), sam2="tiny.pt")
    assert answer["before"] == 0
    assert answer["after_sam2"] == 1
    assert answer["after_unload_all"] == 0
    assert answer["pictures_after_unload_all"] == 0
    assert answer["equal_after_reload"]
    assert answer["after_reload"] == 1
    assert answer["after_keep_off"] == 0
    assert answer["network_is_gone"]
    assert answer["kept_after_keep_off"] == 0
    assert answer["kept_removers"] == ["remover"]
    assert answer["remover_is_gone"]
