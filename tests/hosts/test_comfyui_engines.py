"""What runs removal in a genuine ComfyUI: PyTorch under its model management, and its own BiRefNet."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.hosts.inside_comfyui import run_inside
from tests.hosts.test_comfyui_pack import ISNET_TOML

pytestmark = [pytest.mark.slow, pytest.mark.weights]

PACK = Path(__file__).resolve().parents[2]
NATIVE, PUBLISHED = "background_removal/random.safetensors", "RMBG/RMBG-2.0/model.safetensors"
WRONG = [
    "BiRefNet/other.safetensors",
    "BiRefNet/small.safetensors",
    "BiRefNet/cut.safetensors",
    "BiRefNet/page.safetensors",
]


@pytest.fixture(scope="module")
def ran(comfyui_tree, isnet_weights, tiny_network, photo, tmp_path_factory):
    """What `inside/run_on_torch.py` tells."""
    from onnx import helper
    from safetensors.torch import save_file

    from tests.core.engines.test_onnx_graph import in_single_precision, small_graph

    models = tmp_path_factory.mktemp("models")
    for name in ("rembg", "background_removal", "RMBG/RMBG-2.0", "BiRefNet"):
        (models / name).mkdir(parents=True)
    (models / "rembg" / "isnet-general-use-fp16.onnx").symlink_to(isnet_weights)
    # In half precision, onnxruntime would round what it computes, and PyTorch on a processor does not.
    in_single_precision(isnet_weights, models / "rembg" / "single.onnx")
    (models / "rembg" / "single.toml").write_text(ISNET_TOML, encoding="utf-8")
    (models / "rembg" / "tiny.onnx").symlink_to(tiny_network(256, sigmoid=True))
    small_graph(
        models / "rembg" / "other.onnx",
        [helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1]), helper.make_node("Tanh", ["mean"], ["mask"])],
        shape=(1, 3, 64, 64),
    )
    weights = random_birefnet(comfyui_tree)
    save_file(weights, models / NATIVE)
    (models / PUBLISHED).symlink_to(models / NATIVE)
    sized = "input_size = 256\n"
    (models / PUBLISHED).with_suffix(".toml").write_text(sized, encoding="utf-8")
    plain = "mean = [0.0, 0.0, 0.0]\nstd = [1.0, 1.0, 1.0]\n"
    (models / NATIVE).with_suffix(".toml").write_text(sized + plain, encoding="utf-8")
    key = "bb.layers.1.blocks.0.attn.relative_position_index"
    save_file({"other": weights["decoder.conv_out1.0.bias"]}, models / WRONG[0])
    save_file({key: weights[key], "bb.patch_embed.proj.bias": weights["decoder.conv_out1.0.bias"]}, models / WRONG[1])
    (models / WRONG[2]).write_bytes((models / NATIVE).read_bytes()[:1000])
    (models / WRONG[3]).write_text("<!DOCTYPE html>", encoding="utf-8")
    picture = models / "cat.png"
    Image.fromarray(photo("chelsea")).save(picture)
    return run_inside(
        comfyui_tree,
        "run_on_torch.py",
        pack=str(PACK),
        models=str(models),
        picture=str(picture),
        birefnet=[NATIVE, PUBLISHED],
        wrong=WRONG,
    )


def random_birefnet(tree: Path) -> dict:
    """Random weights for the network that ComfyUI has, by the names of its publisher, in half precision."""
    import tempfile

    from safetensors.torch import load_file

    from tests.hosts.inside_comfyui import write_random_birefnet

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "random.safetensors"
        write_random_birefnet(tree, file)
        return load_file(file)


def test_on_a_comfyui_without_a_card_auto_takes_the_fastest_engine_of_the_processor(ran):
    name, told = ran["engines"]["auto"]
    assert name.startswith("OpenVINO CPU")
    assert told == [] or "same network" in told[0]


@pytest.mark.parametrize("asked", ["torch", "torch on cpu"])
def test_torch_is_taken_where_it_is_asked_for_and_gives_the_same_mask(ran, asked):
    assert ran["engines"][asked][0] == "torch cpu fp32"
    assert ran["isnet"] < 1e-4
    assert ran["tiny"] < 1e-4
    assert 0.05 < ran["subject"] < 0.95


def test_a_card_that_was_asked_for_and_is_not_used_is_told(ran):
    name, told = ran["engines"]["cuda"]
    assert name.startswith("OpenVINO CPU")
    assert any("cuda was asked for" in text and "not used" in text for text in told)


def test_a_network_that_torch_cannot_run_goes_to_the_next_engine_and_is_told(ran):
    name, told = ran["unsupported"]
    assert name.startswith("OpenVINO CPU")
    assert any("the operators ReduceMean, Tanh are not supported. The next engine is used." in text for text in told)


@pytest.mark.parametrize(("precision", "most"), [("fp32", 1e-4), ("fp16", 5e-2)])
def test_on_a_card_the_network_is_comfyuis_to_move_in_its_precision(ran, precision, most):
    managed = ran["managed"][precision]
    assert managed["engine"] == f"torch cpu {precision}"
    assert managed["on_processor"].startswith("OpenVINO CPU"), "device = cpu keeps the fastest engine"
    assert (managed["listed"], managed["listed_after_unload"]) == (1, 0)
    assert managed["difference"] < most
    assert managed["again"] == 0


def test_a_models_description_counts_as_soon_as_it_is_edited(ran):
    assert ran["tiny_described"] > 1e-2
    assert ran["birefnet"]["described_otherwise"] < 1e-6


def test_networks_off_the_card_are_freed_above_the_limit_of_memory(ran):
    assert ran["movables_on_the_card"] == 1, "they are ComfyUI's to keep"
    assert ran["movables_off_the_card"] == 0


def test_birefnet_files_of_artists_are_listed_and_give_the_mask_of_comfyuis_own_node(ran):
    assert {NATIVE, PUBLISHED, *WRONG} <= set(ran["choices"])
    found = ran["birefnet"]
    assert found["spread"] > 0.01
    assert found["native"] < 1e-6
    assert found["engine"] == "torch cpu"


def test_a_publishers_file_is_normalised_as_it_was_trained(ran):
    assert ran["birefnet"]["apart"] > 1e-3
    assert ran["birefnet"]["published"] < 1e-6


def test_a_cancelled_run_of_birefnet_ends_after_the_layer_that_is_being_computed(ran):
    assert ran["birefnet"]["stopped_after"] == 21


def test_files_that_are_no_birefnet_of_comfyuis_are_refused_with_what_is_wanted(ran):
    other, small, cut, page = (ran["refusals"][name] for name in WRONG)
    assert other.startswith("ModelUnusable: ")
    assert "other.safetensors is not a BiRefNet." in other
    assert "small.safetensors is a BiRefNet of another size than ComfyUI runs." in small
    assert "ComfyUI runs BiRefNet in its large form" in small
    assert cut.startswith("WeightsDamaged: ")
    assert "cut.safetensors is not a complete .safetensors file" in cut
    assert "page.safetensors must be a model's file, but is text: a web page." in page
