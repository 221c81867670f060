"""Networks that were tuned on the user's own pictures are shown by `cutsmith models list` and `cutsmith doctor`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cutsmith.cli.doctor_command import doctor
from cutsmith.cli.models_command import models
from tests.core.segmentation.test_finetuned import CONFIG, TABLE


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("CUTSMITH_MODELS", str(tmp_path))
    for name, table in (("mugs", TABLE), ("jugs", TABLE.replace("is_better = true", "is_better = false"))):
        (tmp_path / f"{name}.pt").write_bytes(b"weights")
        (tmp_path / f"{name}.toml").write_text(CONFIG + table)
    (tmp_path / "broken.pt").write_bytes(b"weights")
    (tmp_path / "broken.toml").write_text(f"{CONFIG}[finetuned]\nbase = 3\n")
    return tmp_path


def run(command, *arguments: str) -> str:
    return CliRunner().invoke(command, arguments).stdout


def test_models_list_shows_base_licence_and_what_was_gained(folder) -> None:
    lines = run(models, "list").splitlines()
    assert "Tuned on your own pictures, for --segmenter NAME:" in lines
    place = f"(CUTSMITH_MODELS: {folder}"
    told = "base sam2.1-hiera-tiny, licence Apache-2.0, IoU 0.62 -> 0.81"
    assert f"  mugs: {told} {place}/mugs.pt)" in lines
    assert f"  jugs: {told}, not better {place}/jugs.pt)" in lines
    assert any(line.startswith("  broken: ") and "base_file is missing" in line for line in lines)


def test_models_list_says_the_same_in_json(folder) -> None:
    rows = {row["name"]: row for row in json.loads(run(models, "list", "--json"))}
    assert set(rows["mugs"]) == set(rows["u2net"])
    assert rows["u2net"]["finetuned"] is None
    assert rows["mugs"]["option"] == "--segmenter"
    assert rows["mugs"]["licence"] == "Apache-2.0"
    assert rows["mugs"]["commercial_use"] is True
    assert rows["mugs"]["path"] == str(folder / "mugs.pt")
    assert rows["mugs"]["finetuned"]["before"]["iou"] == 0.62
    assert rows["broken"]["finetuned"] is None
    assert "base_file is missing" in rows["broken"]["note"]


def test_doctor_shows_them_and_says_which_cannot_be_used(folder) -> None:
    text = run(doctor)
    assert "Tuned      mugs: base sam2.1-hiera-tiny, licence Apache-2.0, IoU 0.62 -> 0.81 (" in text
    assert "Advice:    broken cannot be used: " in text
    found = json.loads(run(doctor, "--json"))
    assert set(found["finetuned"]) == {"mugs", "jugs"}


def test_nothing_is_said_where_there_are_none(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CUTSMITH_MODELS", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert "Tuned" not in run(models, "list")
    assert "Tuned" not in run(doctor)
