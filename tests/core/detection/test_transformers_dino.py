"""The transformers loader: equal to transformers' own processor and model, and folders that are no model are told."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from cutsmith.detection.detector import GroundingDetector
from cutsmith.detection.selection import select
from cutsmith.detection.transformers_dino import open_transformers_dino
from cutsmith.errors import ModelUnusable, WeightsDamaged
from cutsmith.picture import Picture

pytestmark = pytest.mark.torch

TOLERANCE = 1e-4
SIZES = {"wide": (301, 107), "tall": (90, 233), "odd": (211, 157)}
PHRASES = ["Red mug", "table", "a small dog with long ears"]
BOX_THRESHOLD, TEXT_THRESHOLD = 0.3, 0.25


@pytest.fixture(scope="module")
def pictures(tmp_path_factory, textured):
    folder = tmp_path_factory.mktemp("pictures")
    return {
        name: textured(folder / f"{name}.png", width, height, seed)
        for seed, (name, (width, height)) in enumerate(SIZES.items())
    }


@pytest.fixture(scope="module")
def theirs(tmp_path_factory, answers_of, tiny_folder, pictures):
    questions = {
        "folder": str(tiny_folder),
        "box_threshold": BOX_THRESHOLD,
        "text_threshold": TEXT_THRESHOLD,
        "pictures": {name: str(path) for name, path in pictures.items()},
        "captions": dict.fromkeys(pictures, PHRASES),
    }
    return answers_of("transformers_reference.py", questions, tmp_path_factory.mktemp("reference"))


@pytest.fixture(scope="module")
def detector(tiny_folder):
    return GroundingDetector("tiny", open_transformers_dino(tiny_folder), "model.safetensors")


@pytest.fixture(scope="module")
def ours(detector, pictures):
    return {name: detector.candidates(Picture.read(path).pixels, PHRASES) for name, path in pictures.items()}


@pytest.mark.parametrize("picture", SIZES)
def test_raw_logits_and_boxes_equal_transformers_own(picture, theirs, ours) -> None:
    read = np.isfinite(theirs[f"{picture}/logits"])
    np.testing.assert_array_equal(np.isfinite(ours[picture].logits), read)
    np.testing.assert_allclose(ours[picture].logits[read], theirs[f"{picture}/logits"][read], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(ours[picture].boxes, theirs[f"{picture}/boxes"], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("picture", SIZES)
def test_boxes_and_scores_equal_those_of_the_processor(picture, theirs, ours, monkeypatch) -> None:
    # Theirs are neither suppressed nor clipped, and none is left out for want of words.
    monkeypatch.setattr("cutsmith.detection.selection.SAME_OBJECT_IOU", 1.0)
    width, height = SIZES[picture]
    scores, pixels = theirs[f"{picture}/scores"], theirs[f"{picture}/pixels"]
    assert 3 <= len(scores) <= 30
    clipped = np.clip(pixels, 0, [width, height, width, height])
    order = np.argsort(-scores, kind="stable")
    found = select(ours[picture], BOX_THRESHOLD, 0.0)
    np.testing.assert_allclose([each.score for each in found], scores[order], atol=1e-5)
    np.testing.assert_allclose([each.box for each in found], clipped[order], atol=1e-2)


def test_it_needs_no_torchvision_and_no_network(tiny_folder, pictures) -> None:
    code = (
        "import sys, socket\n"
        "sys.modules['torchvision'] = None\n"
        "def refuse(*arguments): raise AssertionError('went online')\n"
        "socket.socket.connect = refuse\n"
        "from pathlib import Path\n"
        "from cutsmith.detection.detector import GroundingDetector\n"
        "from cutsmith.detection.transformers_dino import open_transformers_dino\n"
        "from cutsmith.picture import Picture\n"
        "detector = GroundingDetector('tiny', open_transformers_dino(Path(sys.argv[1])), '')\n"
        "from cutsmith.detection.selection import select\n"
        "found = select(detector.candidates(Picture.read(sys.argv[2]).pixels, 'red mug'))\n"
        "assert 'torchvision' not in [name for name, module in sys.modules.items() if module]\n"
        "sys.stderr.write(f'{len(found)} found')\n"
    )
    command = [sys.executable, "-c", code, str(tiny_folder), str(pictures["odd"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    # Neither a progress bar nor a warning.
    assert done.stderr.endswith(" found")
    assert len(done.stderr) < 20


@pytest.mark.parametrize(
    ("removed", "told"),
    [
        ("config.json", "is missing config.json"),
        ("model.safetensors", "is missing model.safetensors or model.safetensors.index.json"),
        ("preprocessor_config.json", "is missing preprocessor_config.json"),
        ("vocab.txt", "is missing vocab.txt or tokenizer.json"),
    ],
)
def test_a_folder_without_one_of_its_files_is_refused_by_name(removed, told, folder_copy) -> None:
    (folder_copy / removed).unlink()
    with pytest.raises(ModelUnusable, match=told):
        open_transformers_dino(folder_copy)


def test_all_missing_files_are_told_at_once_and_a_pickle_is_not_taken(tmp_path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x02.")
    with pytest.raises(ModelUnusable, match=r"config.json, model.safetensors.*Its pytorch_model.bin is not read"):
        open_transformers_dino(tmp_path)


def test_a_file_in_place_of_a_folder_is_refused(tmp_path) -> None:
    with pytest.raises(ModelUnusable, match="is not a folder"):
        open_transformers_dino(tmp_path / "nothing")


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"not safetensors" * 99]
)
def test_damaged_weights_are_told_apart_from_unfit_ones(damage, folder_copy) -> None:
    weights = folder_copy / "model.safetensors"
    weights.write_bytes(damage(weights.read_bytes()))
    with pytest.raises(WeightsDamaged, match=r"model.safetensors is not a complete safetensors file: [\d,]+ bytes"):
        open_transformers_dino(folder_copy)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ('{"model_type": "bert"}', "another architecture: .*'grounding-dino' or 'mm-grounding-dino', but got 'bert'"),
        ("{}", "another architecture: .*but got None"),
        ("[1, 2]", "must hold a JSON object, but holds a list"),
        ("{truncated", "cannot be read"),
    ],
)
def test_another_architecture_is_refused(settings, told, folder_copy) -> None:
    (folder_copy / "config.json").write_text(settings)
    with pytest.raises(ModelUnusable, match=told):
        open_transformers_dino(folder_copy)


def changed_tensors(folder, change) -> None:
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, {"format": "pt"})


def test_missing_unexpected_and_misshapen_tensors_are_told_in_one_line(folder_copy, capfd) -> None:
    def change(tensors):
        del tensors["model.text_projection.weight"]
        tensors["model.surplus"] = tensors["model.level_embed"].clone()
        tensors["model.enc_output.bias"] = tensors["model.enc_output.bias"][:5].clone()

    changed_tensors(folder_copy, change)
    with pytest.raises(ModelUnusable) as raised:
        open_transformers_dino(folder_copy)
    assert "\n" not in raised.value.what
    assert "1 missing (model.text_projection.weight)" in raised.value.what
    assert "1 unexpected (model.surplus)" in raised.value.what
    assert "1 of another shape (model.enc_output.bias (5,) for (256,))" in raised.value.what
    # transformers' own report is not shown beside it.
    assert capfd.readouterr() == ("", "")


def test_settings_of_transformers_are_put_back_after_a_failure(folder_copy) -> None:
    from transformers.utils import logging

    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    changed_tensors(folder_copy, lambda tensors: tensors.pop("model.level_embed"))
    with pytest.raises(ModelUnusable):
        open_transformers_dino(folder_copy)
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before


def test_settings_that_transformers_cannot_build_are_refused(folder_copy) -> None:
    path = folder_copy / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "d_model": "wide"}))
    with pytest.raises(ModelUnusable, match="cannot be opened by transformers"):
        open_transformers_dino(folder_copy)


def test_a_foreign_vocabulary_is_refused(folder_copy) -> None:
    words = (folder_copy / "vocab.txt").read_text().split("\n")
    words[2000], words[1012] = words[1012], words[2000]
    (folder_copy / "vocab.txt").write_text("\n".join(words))
    with pytest.raises(ModelUnusable, match="of 30,522 tokens, is not that of the network"):
        open_transformers_dino(folder_copy)


def test_sharded_weights_are_read_and_a_missing_shard_is_named(tiny_folder, tmp_path) -> None:
    from transformers import GroundingDinoForObjectDetection

    folder = tmp_path / "sharded"
    GroundingDinoForObjectDetection.from_pretrained(tiny_folder).save_pretrained(folder, max_shard_size="4MB")
    for name in ("vocab.txt", "preprocessor_config.json"):
        shutil.copy(tiny_folder / name, folder)
    shards = sorted(folder.glob("model-*.safetensors"))
    assert len(shards) > 1
    assert open_transformers_dino(folder).max_tokens == 256
    shards[1].unlink()
    with pytest.raises(WeightsDamaged, match=shards[1].name):
        open_transformers_dino(folder)
