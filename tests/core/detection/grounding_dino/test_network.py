"""Official checkpoints: read whole or refused with a reason; quietly, offline, without a trace in other packages."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from cutsmith.detection.detector import GroundingDetector
from cutsmith.detection.grounding_dino.checkpoint_sizes import checkpoint_sizes
from cutsmith.detection.grounding_dino.network import build_network, open_grounding_dino
from cutsmith.detection.grounding_dino.vocabulary import bert_tokenizer
from cutsmith.errors import ExtraMissing, ModelUnusable, WeightsDamaged
from tests.core.detection.random_dino import TINY_BERT, TINY_DETECTOR, TINY_SWIN

pytestmark = pytest.mark.torch

PICTURE = np.random.default_rng(0).integers(0, 256, (9, 200, 3), dtype=np.uint8)


def saved(path, tensors):
    import torch

    torch.save({"model": tensors}, path)
    return path


@pytest.fixture(scope="module")
def tensors(tiny_dino):
    from cutsmith.engines.checkpoint import read_checkpoint

    return read_checkpoint(tiny_dino)


def test_sizes_are_read_from_the_tensors(tensors, tiny_dino) -> None:
    sizes = checkpoint_sizes(tensors, tiny_dino)
    assert sizes.detector == TINY_DETECTOR
    assert sizes.swin == TINY_SWIN
    assert sizes.bert == TINY_BERT


@pytest.mark.parametrize(
    ("backbone", "swin", "name"),
    [
        ("swin_T_224_1k", {"depths": [2, 2, 6, 2], "num_heads": [3, 6, 12, 24]}, "Grounding DINO Swin-T"),
        ("swin_B_384_22k", {"depths": [2, 2, 18, 2], "num_heads": [4, 8, 16, 32]}, "Grounding DINO Swin-B"),
    ],
)
def test_the_official_swins_are_recognised(backbone, swin, name, tensors, tmp_path, monkeypatch) -> None:
    import torch
    from groundingdino.models.GroundingDINO.backbone.swin_transformer import build_swin_transformer

    # Upstream's own, without memory for its tensors, but for a list of numbers that it reads.
    monkeypatch.setattr(torch, "linspace", partial(torch.linspace, device="cpu"))
    with torch.device("meta"):
        official = build_swin_transformer(backbone, int(backbone.split("_")[2]), out_indices=(1, 2, 3))
    others = {key: tensor for key, tensor in tensors.items() if not key.startswith("backbone.0.")}
    sizes = checkpoint_sizes(
        {**others, **{f"backbone.0.{key}": tensor for key, tensor in official.state_dict().items()}}, tmp_path
    )
    assert {key: sizes.swin[key] for key in swin} == swin
    assert sizes.name == name


def test_saved_and_opened_again_it_gives_the_same(tiny_dino, tiny_dino_detector, vocabulary, tensors, tmp_path) -> None:
    known = tiny_dino_detector.candidates(PICTURE, "red mug")
    # Without the "module." before every name, and without what networks do not use.
    used = {name: tensor for name, tensor in tensors.items() if name in tiny_dino_detector.module.state_dict()}
    assert len(used) == len(tensors) - 2
    plain = open_grounding_dino(saved(tmp_path / "plain.pth", used), vocabulary)
    again = GroundingDetector("again", plain, "").candidates(PICTURE, "red mug")
    np.testing.assert_array_equal(again.logits, known.logits)
    np.testing.assert_array_equal(again.boxes, known.boxes)
    assert not plain.module.training
    assert not any(parameter.requires_grad for parameter in plain.module.parameters())


def test_opening_and_running_says_nothing_and_goes_nowhere(tiny_dino, vocabulary, tmp_path) -> None:
    code = (
        "import sys, socket\n"
        "def refuse(*arguments): raise AssertionError('went online')\n"
        "socket.socket.connect = refuse\n"
        "import numpy as np\n"
        "from pathlib import Path\n"
        "from cutsmith.detection.detector import GroundingDetector\n"
        "from cutsmith.detection.grounding_dino.network import open_grounding_dino\n"
        "network = open_grounding_dino(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "GroundingDetector('tiny', network, '').candidates(np.zeros((9, 200, 3), np.uint8), 'red mug')\n"
        "assert 'supervision' not in sys.modules\n"
    )
    command = [sys.executable, "-W", "default", "-c", code, str(tiny_dino), str(vocabulary)]
    # Nothing that was downloaded earlier can help.
    surroundings = {**os.environ, "HF_HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    theirs = [line for line in done.stderr.splitlines() if "groundingdino" in line or "torch" in line or "timm" in line]
    assert theirs == []


def test_broken_weights_are_told_and_not_printed(tensors, vocabulary, tmp_path, capfd) -> None:
    broken = {**tensors, "transformer.decoder.norm.weight": tensors["transformer.decoder.norm.weight"] * np.nan}
    broken["transformer.decoder.layers.0.norm1.weight"] = tensors["transformer.decoder.layers.0.norm1.weight"] * np.nan
    network = open_grounding_dino(saved(tmp_path / "broken.pth", broken), vocabulary)
    with pytest.raises(ModelUnusable, match="values that are not numbers"):
        GroundingDetector("broken", network, "").candidates(PICTURE, "red mug")
    # Upstream prints each layer that is.
    assert capfd.readouterr().out == ""


def test_other_packages_are_as_before_even_after_a_failure(tensors, tiny_dino, vocabulary, monkeypatch) -> None:
    import groundingdino.models.GroundingDINO.backbone.backbone as backbone
    import groundingdino.models.GroundingDINO.groundingdino as source
    import groundingdino.models.GroundingDINO.transformer as transformer
    from groundingdino.util import get_tokenlizer

    def state():
        return [dict(vars(module)) for module in (backbone, source, transformer, get_tokenlizer)]

    sizes, tokenizer = checkpoint_sizes(tensors, tiny_dino), bert_tokenizer(vocabulary, TINY_BERT["vocab_size"])
    before = state()
    build_network(sizes, tokenizer)
    assert state() == before

    def fail(*_arguments):
        raise RuntimeError("in the middle")

    monkeypatch.setattr(source, "MLP", fail)
    failing = state()
    with pytest.raises(RuntimeError, match="in the middle"):
        build_network(sizes, tokenizer)
    assert state() == failing


class Code:
    """A pickle that runs code when it is loaded."""

    def __init__(self, mark) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def by_torch(contents, path) -> None:
    import torch

    torch.save(contents, path)


def by_pickle(contents, path) -> None:
    path.write_bytes(pickle.dumps(contents))


@pytest.mark.parametrize("write", [by_torch, by_pickle])
def test_a_pickle_that_runs_code_is_refused_and_nothing_ran(write, vocabulary, tmp_path) -> None:
    path, mark = tmp_path / "model.pth", tmp_path / "ran"
    write({"model": {"weight": Code(mark)}}, path)
    with pytest.raises(ModelUnusable, match="may run code while it loads"):
        open_grounding_dino(path, vocabulary)
    assert not mark.exists()
    # It would have run.
    pickle.loads(pickle.dumps(Code(mark)))  # noqa: S301
    assert mark.exists()


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_truncated_checkpoint_is_told(share, tiny_dino, vocabulary, tmp_path) -> None:
    whole = tiny_dino.read_bytes()
    path = tmp_path / "truncated.pth"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(WeightsDamaged, match=r"truncated\.pth is not a complete checkpoint"):
        open_grounding_dino(path, vocabulary)


def test_a_corrupt_checkpoint_is_told(vocabulary, tmp_path) -> None:
    path = tmp_path / "corrupt.pth"
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(WeightsDamaged, match=r"corrupt\.pth is not a complete checkpoint"):
        open_grounding_dino(path, vocabulary)


def test_missing_unexpected_and_misshapen_tensors_are_told_in_one_line(tensors, vocabulary, tmp_path) -> None:
    changed = dict(tensors)
    del changed["transformer.level_embed"]
    changed["transformer.surplus"] = changed["feat_map.bias"].clone()
    changed["feat_map.bias"] = changed["feat_map.bias"][:5].clone()
    with pytest.raises(ModelUnusable) as raised:
        open_grounding_dino(saved(tmp_path / "other.pth", changed), vocabulary)
    assert "\n" not in raised.value.what
    assert "1 missing (transformer.level_embed)" in raised.value.what
    assert "1 unexpected (transformer.surplus)" in raised.value.what
    assert "1 of another shape (feat_map.bias (5,) for (256,))" in raised.value.what


@pytest.mark.parametrize(
    "lost", ["feat_map.weight", "bert.embeddings.word_embeddings.weight", "transformer.tgt_embed.weight"]
)
def test_another_network_is_told_by_the_tensor_that_it_lacks(lost, tensors, vocabulary, tmp_path) -> None:
    path = saved(tmp_path / "other.pth", {name: tensor for name, tensor in tensors.items() if name != lost})
    with pytest.raises(ModelUnusable, match=f"is not a Grounding DINO checkpoint: {lost} of 2 axes is not among"):
        open_grounding_dino(path, vocabulary)


def test_sizes_that_no_network_has_are_told(tensors, vocabulary, tmp_path) -> None:
    import torch

    changed = {**tensors, "feat_map.weight": torch.zeros(250, 128)}
    with pytest.raises(ModelUnusable, match="Grounding DINO that can be built: embed_dim must be divisible"):
        open_grounding_dino(saved(tmp_path / "other.pth", changed), vocabulary)


def test_a_missing_package_is_told_with_the_part_that_brings_it(tiny_dino, vocabulary, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "groundingdino", None)
    with pytest.raises(ExtraMissing, match=r"\[groundingdino\].*missing: groundingdino"):
        open_grounding_dino(tiny_dino, vocabulary)
