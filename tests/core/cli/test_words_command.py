"""`cutsmith cut --text`, `--point` and their kin as people call them: files, JSON, exit codes. Random weights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from cutsmith.cli import cutsmith as command
from cutsmith.errors import BadOption, BadPhrases, BadPoint, CutsmithError
from cutsmith.option_text import parse_point
from cutsmith.pipeline.loading import forget_models

# Random weights: whatever they are sure of, something passes.
WORDS = ["--text", "red mug, spoon", "--max-detections", "4", "--box-threshold", "0.01", "--text-threshold", "0"]


@pytest.fixture(scope="module", autouse=True)
def no_models_stay():
    yield
    forget_models()


@pytest.fixture
def folder(tmp_path, photo, monkeypatch) -> Path:
    Image.fromarray(photo("coffee")[::2, ::2]).save(tmp_path / "cup.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def models(tiny_folder, tiny_sam2) -> list[str]:
    return ["--detector", str(tiny_folder), "--segmenter", str(tiny_sam2), "--device", "cpu"]


def run(*arguments):
    """The command in this process, where the models stay loaded; (exit code, standard output, error raised)."""
    done = CliRunner().invoke(command, ["cut", *map(str, arguments)], standalone_mode=False)
    if done.exception is not None and not isinstance(done.exception, CutsmithError | SystemExit):
        raise done.exception
    return done.return_value, done.stdout, done.exception


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_words_cut_one_file_and_tell_every_object(folder, models):
    code, said, _ = run("cup.png", *WORDS, *models, "-o", "mug.png", "--json")
    assert code == 0
    told = json.loads(said)
    assert (told["status"], told["output"]) == ("done", "mug.png")
    assert told["model"] == models[3]
    assert 2 <= len(told["objects"]) <= 4
    for found in told["objects"]:
        assert found["label"] in ("red mug", "spoon")
        assert len(found["box"]) == 4
        assert None not in (found["score"], found["predicted_iou"], found["stability"])
    assert Image.open("mug.png").mode == "RGBA"
    assert names(folder) == {"cup.png", "mug.png"}


def test_each_gives_a_file_an_object_and_overwrites_nothing(folder, models):
    options = [*WORDS, *models, "--objects", "each", "-o", "mug.png"]
    code, said, _ = run("cup.png", *options, "--preview", "seen.png", "--json")
    assert code == 0
    told = json.loads(said)
    files = told.get("outputs", [told["output"]])
    assert files == [f"mug-{number}.png" for number in range(1, len(told["objects"]) + 1)]
    assert names(folder) == {"cup.png", *files, *(name.replace("mug", "seen") for name in files)}
    Path(files[-1]).write_bytes(b"mine")
    before = {name: Path(name).read_bytes() for name in names(folder)}
    for name in files[:-1]:
        Path(name).unlink()
    code, said, _ = run("cup.png", *options)
    assert code == 1
    assert names(folder) == set(before) - set(files[:-1]), "nothing is written where one name is taken"
    assert Path(files[-1]).read_bytes() == b"mine"


def test_detections_only_cuts_nothing_out(folder, models):
    detector = models[:2]
    code, said, _ = run("cup.png", *WORDS, *detector, "--detections-only", "--json")
    assert code == 0
    told = json.loads(said)
    assert told["output"] is None
    scores = [found["score"] for found in told["detections"]]
    assert scores == sorted(scores, reverse=True)
    assert {found["label"] for found in told["detections"]} <= {"red mug", "spoon"}
    assert names(folder) == {"cup.png"}
    code, said, _ = run("cup.png", *WORDS, *detector, "--detections-only", "--preview", "seen.png")
    assert len(said.splitlines()) == len(scores)
    assert said.startswith(f"{scores[0]:.2f}  ")
    seen = np.asarray(Image.open("seen.png"))
    assert seen.shape == (200, 300, 3)
    assert (seen != np.asarray(Image.open("cup.png"))).any()


def test_a_click_is_taken_with_its_label(folder, models):
    code, said, _ = run("cup.png", "--point", "150,90", "--point", "5,5,0", *models[2:], "-o", "cut.png", "--json")
    assert code == 0
    assert json.loads(said)["provenance"]["points"] == "150,90,1 5,5,0"


def test_nothing_found_is_exit_4_with_the_score_and_writes_nothing(folder, models):
    code, said, _ = run("cup.png", "--text", "mug", *models, "--box-threshold", 1, "-o", "mug.png", "--json")
    assert code == 4
    told = json.loads(said)
    assert told["status"] == "nothing found"
    assert 0 < told["best_probability"] < 1
    assert told["threshold"] == 1
    assert names(folder) == {"cup.png"}


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--text", ""], BadPhrases),
        (["--text", "..., ;"], BadPhrases),
        (["--text", "кружка"], BadPhrases),
        (["--text", "mug", "--box", "1,2,30,40"], BadOption),
        (["--text", "mug", "--box-threshold", "7"], BadOption),
        (["--text", "mug", "--max-detections", "0"], BadOption),
        (["--point", "a,b"], BadPoint),
        (["--point", "1"], BadPoint),
        (["--objects", "each"], BadOption),
        (["--detections-only"], BadOption),
        (["--text", "mug", "--objects", "each", "-o", "-"], BadOption),
    ],
)
def test_wrong_usage_is_refused_before_any_model_is_loaded(folder, options, error):
    _, _, raised = run("cup.png", *options)
    assert isinstance(raised, error)
    assert raised.exit_code == 2
    assert raised.remedy
    assert names(folder) == {"cup.png"}


@pytest.mark.torch
def test_without_the_weights_the_command_that_fetches_them_is_told(tmp_path, folder):
    home = tmp_path / "home"
    home.mkdir()
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "CUTSMITH_MODELS"))}
    for options, wanted in (
        (["--text", "mug"], "cutsmith models fetch grounding-dino-tiny"),
        (["--point", "5,5"], "cutsmith models fetch sam2.1-hiera-small"),
        (["--point", "5,5", "--segmenter", "sam2.1-hiera-tiny"], "cutsmith models fetch sam2.1-hiera-tiny"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "cutsmith", "cut", "cup.png", *options],
            capture_output=True,
            text=True,
            env={**environment, "HOME": str(home)},
            check=False,
        )
        assert done.returncode == 3, done.stderr
        assert wanted in done.stderr


def test_a_point_is_read_with_and_without_its_label():
    assert parse_point("3,4") == (3, 4, 1)
    assert parse_point("3.5,4,0") == (3.5, 4, 0)
    for text in ("3", "3,4,1,1", "3,b", ""):
        with pytest.raises(BadPoint):
            parse_point(text)
