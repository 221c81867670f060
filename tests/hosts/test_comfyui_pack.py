"""The pack in ComfyUI's own Python, without a server: how it loads, and what it leaves in memory."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.hosts.inside_comfyui import run_inside

pytestmark = [pytest.mark.slow, pytest.mark.weights]

PACK = Path(__file__).resolve().parents[2]
OURS = [
    *("CutsmithCropToSubject", "CutsmithMaskTools", "CutsmithPickObject", "CutsmithPutBack"),
    *("CutsmithRembgCut", "CutsmithSAM2Mask", "CutsmithTextDetect", "CutsmithTrimapMatting"),
]
EXTRAS = ["sam2", "groundingdino", "hydra", "omegaconf", "iopath", "timm"]


def test_without_the_extras_all_nodes_still_register_and_nothing_heavy_is_imported(comfyui_tree):
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


@pytest.fixture(scope="module")
def freed(comfyui_tree, isnet_weights, tiny_sam2, tiny_folder, tiny_network, tmp_path_factory):
    """What `inside/free_models.py` tells."""
    models = tmp_path_factory.mktemp("models")
    for name in ("sam2", "rembg", "grounding-dino"):
        (models / name).mkdir()
    shutil.copy(tiny_sam2, models / "sam2" / "tiny.pt")
    shutil.copy(tiny_sam2.with_suffix(".toml"), models / "sam2" / "tiny.toml")
    shutil.copytree(tiny_folder, models / "grounding-dino" / "tiny")
    networks = ["one.onnx", "two.onnx", "three.onnx"]
    for side, name in zip((64, 96, 128), networks, strict=True):
        shutil.copy(tiny_network(side, sigmoid=True), models / "rembg" / name)
    # The default's own file, under another name.
    (models / "rembg" / "my-isnet.onnx").symlink_to(isnet_weights)
    (models / "rembg" / "my-isnet.toml").write_text(ISNET_TOML, encoding="utf-8")
    return run_inside(
        comfyui_tree,
        "free_models.py",
        pack=str(PACK),
        models=str(models),
        sam2="tiny.pt",
        isnet="my-isnet.onnx",
        detector="tiny",
        networks=networks,
        most_bytes=1,
    )


ISNET_TOML = 'input_size = 1024\nmean = [0.5, 0.5, 0.5]\nstd = [1.0, 1.0, 1.0]\ndivide_by = "maximum"\n'


def test_comfyui_unloads_torch_models_and_onnx_sessions_and_they_come_back(freed):
    assert freed["before"] == 0
    assert (freed["listed"], freed["alive"]) == (2, 2)
    assert (freed["listed_after_unload"], freed["alive_after_unload"]) == (0, 0)
    assert freed["equal_after_unload"]
    assert freed["listed_again"] == 2


def test_keep_model_loaded_off_frees_all(freed):
    assert (freed["listed_after_keep_off"], freed["alive_after_keep_off"]) == (0, 0)


def test_one_file_under_several_names_and_devices_is_opened_once(freed):
    assert freed["opened_under_other_names"] == 2, "IS-Net, and SAM 2"


def test_a_graph_of_six_models_loads_nothing_the_second_time(freed):
    assert freed["opened_at_the_second_run"] == 0
    assert freed["alive_in_the_graph"] == 6


def test_what_is_kept_in_memory_is_bound_by_bytes_and_the_model_used_last_stays(freed):
    assert (freed["alive_within_the_limit"], freed["alive_within_the_limit_again"]) == (1, 1)


def test_a_rough_mask_is_made_once_and_not_again_to_count_the_steps(freed):
    assert freed["rough_masks_made"] == 1
