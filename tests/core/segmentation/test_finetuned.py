"""What is known of a tuned network: read from the file beside it, found in the folders, and told when it is loaded."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

from cutsmith.errors import ModelUnusable, UnknownModel
from cutsmith.models.store import Store
from cutsmith.segmentation.finetuned import finetuned_facts, own_checkpoints
from cutsmith.segmentation.loading import load_segmenter, segmenter_file
from cutsmith.segmentation.sam2_config import Sam2Config, config_of

TABLE = """
[finetuned]
base = "sam2.1-hiera-tiny"
base_file = "sam2.1_hiera_tiny.pt"
base_sha256 = "aa"
data_sha256 = "bb"
pictures = 40
training_groups = ["mug", "jug"]
held_out_groups = ["vase"]
seed = 7
trained = "decoder"
trained_tensors = ["sam_mask_decoder.", "sam_prompt_encoder."]
is_better = true
licence = "Apache-2.0"
cutsmith = "0.1.0"
date = "2026-11-28"
before = { iou = 0.62, boundary_iou = 0.5, sad = 3, calibration_error = 0.1 }
after = { iou = 0.81, boundary_iou = 0.7, calibration_error = 0.05 }
"""
CONFIG = 'config = "sam2.1/sam2.1_hiera_t"\n'


@pytest.fixture
def mugs(tmp_path) -> Path:
    path = tmp_path / "mugs.pt"
    path.write_bytes(b"weights")
    path.with_suffix(".toml").write_text(CONFIG + TABLE)
    return path


def test_the_table_is_read_beside_the_configuration(mugs) -> None:
    assert config_of(mugs, {}) == Sam2Config("sam2.1/sam2.1_hiera_t")
    facts = finetuned_facts(mugs)
    assert (facts.base, facts.pictures, facts.training_groups) == ("sam2.1-hiera-tiny", 40, ("mug", "jug"))
    assert (facts.before.sad, facts.after.sad, facts.after.iou) == (3, None, 0.81)
    assert facts.is_trained("sam_mask_decoder.iou_token.weight")
    assert not facts.is_trained("image_encoder.trunk.pos_embed")


def test_a_checkpoint_without_the_table_has_no_facts(tmp_path) -> None:
    assert finetuned_facts(tmp_path / "none.pt") is None
    (tmp_path / "plain.toml").write_text(CONFIG)
    assert finetuned_facts(tmp_path / "plain.pt") is None


@pytest.mark.parametrize(
    ("given", "changed", "says"),
    [
        ('date = "2026-11-28"\n', "", "date is missing"),
        ("seed = 7", "seed = 7\nspeed = 3", "speed is unknown"),
        ("seed = 7", 'seed = "7"', "seed = '7'"),
        ("seed = 7", "seed = true", "seed = True"),
        ("is_better = true", "is_better = 1", "is_better = 1"),
        ('["mug", "jug"]', '["mug", 3]', r"training_groups = \['mug', 3\]"),
        ("iou = 0.81", 'iou = "high"', "after = "),
        ("iou = 0.81", "iuo = 0.81", "after = "),
    ],
)
def test_a_table_that_is_not_well_formed_is_refused(mugs, given, changed, says) -> None:
    mugs.with_suffix(".toml").write_text(CONFIG + TABLE.replace(given, changed))
    for read in (finetuned_facts, lambda path: config_of(path, {})):
        with pytest.raises(ModelUnusable, match=says):
            read(mugs)


def test_a_value_in_place_of_the_table_is_refused(mugs) -> None:
    mugs.with_suffix(".toml").write_text(f"{CONFIG}finetuned = 3")
    with pytest.raises(ModelUnusable, match=r"must have a table \[finetuned\]"):
        config_of(mugs, {})


def test_tuned_networks_are_found_in_cutsmiths_and_the_hosts_folders(mugs, tmp_path) -> None:
    host = tmp_path / "sams"
    host.mkdir()
    shutil.copy(mugs, host / "jugs.pt")
    (host / "jugs.toml").write_text(CONFIG + TABLE.replace("seed = 7", "seed ="))
    (host / "plain.pt").write_bytes(b"weights")
    for name in ("mugs.pt", "mugs.toml"):  # hidden by the one of the same name in an earlier folder
        shutil.copy(tmp_path / name, host / name)
    store = Store({"CUTSMITH_MODELS": str(tmp_path)}, host_folders=[host, tmp_path / "none"])
    found = own_checkpoints(store)
    assert [(each.name, each.path, each.origin) for each in found] == [
        ("mugs", mugs, "CUTSMITH_MODELS"),
        ("jugs", host / "jugs.pt", "host"),
    ]
    assert found[0].facts.licence == "Apache-2.0"
    assert (found[0].title, found[0].commercial_use) == ("sam2.1-hiera-tiny, tuned on 40 of your pictures", True)
    assert found[1].facts is None
    assert "is not TOML" in found[1].fault


def test_a_checkpoint_in_a_folder_with_weights_has_a_name(mugs, tmp_path) -> None:
    store = Store({"CUTSMITH_MODELS": str(tmp_path)})
    assert segmenter_file("mugs", store) == segmenter_file("mugs.pt", store) == segmenter_file(str(mugs), store) == mugs
    for name in ("muggs", "muggs.pt", "../mugs", ""):
        with pytest.raises(UnknownModel):
            segmenter_file(name, store)


def test_loading_tells_how_many_tensors_came_from_where(tiny_sam2, tmp_path, caplog) -> None:
    import torch

    path = tmp_path / "mugs.pt"
    shutil.copy(tiny_sam2, path)
    path.with_suffix(".toml").write_text(tiny_sam2.with_suffix(".toml").read_text() + TABLE)
    names = list(torch.load(path, weights_only=True)["model"])
    trained = [name for name in names if name.startswith(("sam_mask_decoder.", "sam_prompt_encoder."))]
    assert 0 < len(trained) < len(names)
    with caplog.at_level(logging.INFO, logger="cutsmith"):
        load_segmenter("mugs", device="cpu", store=Store({"CUTSMITH_MODELS": str(tmp_path)}))
        load_segmenter(str(tiny_sam2), device="cpu")
    assert caplog.messages == [
        f"{len(names)} tensors from mugs.pt, {len(trained)} of them trained on 40 pictures; base sam2.1-hiera-tiny",
        f"{len(names)} tensors from {tiny_sam2.name}",
    ]


def test_a_cut_takes_it_by_name_at_once(tiny_sam2, tmp_path, monkeypatch) -> None:
    from cutsmith import cut_out
    from cutsmith.pipeline.loading import ModelPool

    shutil.copy(tiny_sam2, tmp_path / "mugs.pt")
    (tmp_path / "mugs.toml").write_text(tiny_sam2.with_suffix(".toml").read_text() + TABLE)
    pool = ModelPool(store=Store({"CUTSMITH_MODELS": str(tmp_path)}))
    image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    cut = cut_out(image, box=(20, 20, 100, 80), segmenter="mugs", matting="none", pool=pool)
    assert cut.provenance["segmenter"] == "mugs"
    assert cut.provenance["segmenter_weights"] == "mugs.pt"
