"""`cutsmith evaluate` refuses before any work what it cannot do, and never shows a figure that it did not measure."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from PIL import Image

from cutsmith.cli.evaluate_command import evaluate
from cutsmith.errors import BadOption, OutputExists, OutputRefused
from cutsmith.evaluation.samples import BadTruth, NoSamples


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "a_alpha"):
        Image.new("L", (40, 30), 128).save(tmp_path / f"{name}.png")
    return tmp_path


def run(*arguments: object):
    return CliRunner().invoke(evaluate, [str(each) for each in arguments])


def test_bad_input_is_told_by_its_type(folder):
    (folder / "out").mkdir()
    (folder / "out" / "summary.md").touch()
    for arguments, kind in (
        ((folder / "missing",), NoSamples),
        ((folder / "out",), NoSamples),
        ((folder, "-o", folder / "out"), OutputExists),
        ((folder, "-o", folder / "a.png"), OutputRefused),
        ((folder, "--baseline", "no such row"), BadOption),
    ):
        assert isinstance(run(*arguments).exception, kind)
    Image.new("L", (41, 30)).save(folder / "a_alpha.png")
    assert isinstance(run(folder).exception, BadTruth)


def test_missing_weights_are_not_measured(folder, monkeypatch):
    for name in ("HOME", "XDG_DATA_HOME", "U2NET_HOME", "CUTSMITH_MODELS"):
        monkeypatch.setenv(name, str(folder / "home"))
    done = run(folder, "--model", "u2netp", "-o", folder / "out")
    assert done.exit_code == 0, done.exception
    assert "not measured" in (folder / "out" / "summary.md").read_text()
    assert not (folder / "out" / "contact-sheet.jpg").exists()
