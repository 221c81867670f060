"""The tuned network as files: upstream loads it, and each file is whole or not there."""

from __future__ import annotations

import resource
import subprocess
import sys
import tomllib
from dataclasses import replace

import numpy as np
import pytest

from cutsmith.errors import BadOption, OutputExists, OutputRefused
from cutsmith.finetuning.saving import check_result, save
from cutsmith.segmentation.finetuned import Figures, Finetuned, finetuned_facts
from cutsmith.segmentation.loading import load_segmenter
from cutsmith.segmentation.sam2_config import Sam2Config
from tests.core.segmentation.random_sam2 import TINY_CONFIG, TINY_OVERRIDES

pytestmark = pytest.mark.torch

FACTS = Finetuned(
    base="sam2.1-hiera-tiny",
    base_file="sam2.1_hiera_tiny.pt",
    base_sha256="a" * 64,
    data_sha256="b" * 64,
    pictures=40,
    training_groups=("mug", "jug “two”\\"),
    held_out_groups=("vase",),
    seed=7,
    trained="decoder, encoder by LoRA",
    trained_tensors=("sam_mask_decoder.", "sam_prompt_encoder."),
    before=Figures(0.62, 0.5, 3.2, 0.1),
    after=Figures(0.81, 0.7, None, 0.05),
    is_better=True,
    licence="Apache-2.0",
    cutsmith="0.1.0",
    date="2026-11-28",
)
TINY = Sam2Config(TINY_CONFIG, TINY_OVERRIDES)

UPSTREAM = """
import sys, torch
from sam2.build_sam import build_sam2
config, checkpoint, *overrides = sys.argv[1:]
# build_sam2 loads strictly: it raises where a tensor is missing or unexpected.
network = build_sam2(config, checkpoint, device="cpu", hydra_overrides_extra=[f"++{each}" for each in overrides])
saved = torch.load(checkpoint, weights_only=True)
assert set(saved) == {"model"}, set(saved)
assert all(torch.equal(tensor, saved["model"][name]) for name, tensor in network.state_dict().items())
print(len(saved["model"]))
"""


@pytest.fixture
def network(tiny_sam2):
    return load_segmenter(str(tiny_sam2), device="cpu").model.module


def test_upstream_loads_it_strictly(network, tmp_path) -> None:
    path = save(tmp_path / "mugs.pt", network, TINY, FACTS)
    said = tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))
    command = [sys.executable, "-c", UPSTREAM, f"configs/{said['config']}.yaml", str(path), *said["overrides"]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(network.state_dict())


def test_it_is_read_back_and_segments_alike(network, tiny_sam2, tmp_path) -> None:
    from cutsmith.protocols import Prompt

    path = save(tmp_path / "mugs.pt", network, TINY, FACTS)
    assert finetuned_facts(path) == FACTS
    image = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    masks = [
        load_segmenter(str(each), device="cpu").model.segment(image, [Prompt(box=(10, 10, 60, 50))])[0].logits()
        for each in (path, tiny_sam2)
    ]
    np.testing.assert_array_equal(*masks)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["mugs.pt", "mugs.toml"]


def test_an_official_network_needs_no_overrides(network, tmp_path) -> None:
    path = save(tmp_path / "mugs.pt", network, Sam2Config("sam2.1/sam2.1_hiera_t"), FACTS)
    assert set(tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))) == {"config", "finetuned"}


def test_files_that_are_there_are_kept_unless_they_may_be_replaced(network, tmp_path) -> None:
    for taken in ("mugs.toml", "mugs.pt"):
        (tmp_path / taken).write_text("mine")
        with pytest.raises(OutputExists):
            save(tmp_path / "mugs.pt", network, TINY, FACTS)
        assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [(taken, "mine")]
        (tmp_path / taken).unlink()
    save(tmp_path / "mugs.pt", network, TINY, FACTS)
    save(tmp_path / "mugs.pt", network, TINY, replace(FACTS, seed=8), overwrite=True)
    assert finetuned_facts(tmp_path / "mugs.pt").seed == 8
    with pytest.raises(BadOption, match=r"\.pt or \.pth"):
        check_result(tmp_path / "mugs.safetensors")
    with pytest.raises(BadOption, match=r"\.pt or \.pth"):
        check_result(tmp_path / "mugs")


@pytest.mark.parametrize("earlier", [False, True])
def test_a_full_disk_leaves_nothing_half_written(network, tmp_path, earlier) -> None:
    """The system refuses to let a file grow beyond 50 kB, as it does where the disk is full."""
    before = {}
    if earlier:
        save(tmp_path / "mugs.pt", network, TINY, FACTS)
        before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(OutputRefused, match="cannot be written"):
            save(tmp_path / "mugs.pt", network, TINY, replace(FACTS, seed=9), overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == before
