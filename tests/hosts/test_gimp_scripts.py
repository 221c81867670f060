"""What scripts and quick entries meet in the genuine GIMP: layers that cannot be, numbers, paths, notices."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.hosts.gimp_host import CUT_OUT, CUT_OUT_SELECTION, LAYER, REFINE_MASK, GimpHost

pytestmark = [pytest.mark.slow, pytest.mark.weights]

OFF = {"edge": "off"}


def said_by(gimp: GimpHost) -> str:
    """What GIMP wrote to its terminal in the last run."""
    return (gimp.home / str(gimp._count) / "said.txt").read_text(errors="replace")


def test_layers_that_cannot_be_cut_out_are_told_before_the_engine_is_called(gimp: GimpHost, pictures: Path) -> None:
    config = gimp.profile.place / "config.json"
    kept = config.read_text(encoding="utf-8")
    config.unlink()  # without it, whatever calls the engine says that it is not installed
    try:
        before, tiny, both, child, empty, masked, after = gimp.run(
            ("load", str(pictures / "cat.png")),
            ("small_layer", "tiny", 2, 90),
            ("empty_group", "nothing"),
            ("copy_layer", LAYER, "inside"),
            ("group", "inside", "all of it"),
            ("add_channel", "Qmask"),
            ("state",),
            ("call", CUT_OUT, OFF, [LAYER, "tiny"]),
            ("call", CUT_OUT, OFF, ["all of it", "inside"]),
            ("call", CUT_OUT, OFF, ["inside", LAYER, "all of it"]),
            ("call", CUT_OUT, OFF, [LAYER, "nothing"]),
            ("call", CUT_OUT, OFF, ["channel:Qmask"]),
            ("state",),
        )
    finally:
        config.write_text(kept, encoding="utf-8")
    assert 'The layer "tiny" must have at least 4 pixels on each side, but is 2 x 90 pixels.' in tiny
    assert both == child
    assert 'The group "all of it" and its layer "inside" are both selected.' in both
    assert 'The group "nothing" is empty.' in empty
    assert "The Quick Mask is on.\n\nTurn it off first: Select > Toggle Quick Mask (Shift+Q)." in masked
    assert after == before


NUMBERS = [
    (CUT_OUT, {"band-inner": -1}, "band-inner and band-outer must be two whole numbers of pixels, 0 or more"),
    (CUT_OUT, {"harden": 0.9}, "harden must be a number from 0 to 0.5, but got 0.9."),
    (CUT_OUT, {"threshold": 0.0}, "threshold must be a number from 0.001 to 1, but got 0.0."),
    (CUT_OUT, {"box-threshold": 1.5}, "box-threshold must be a number from 0 to 1, but got 1.5."),
    (CUT_OUT_SELECTION, {"threshold": -3.0}, "threshold must be"),
    (REFINE_MASK, {"harden": -0.1}, "harden must be"),
]


def test_a_number_out_of_range_is_an_error_and_not_another_number(gimp: GimpHost, pictures: Path) -> None:
    *said, quick_mask, selection, state = gimp.run(
        ("load", str(pictures / "cat.png")),
        *(("call", procedure, arguments, [LAYER]) for procedure, arguments, _ in NUMBERS),
        ("add_channel", "Qmask"),
        ("call", CUT_OUT_SELECTION, {}, [LAYER]),
        ("call", CUT_OUT, {"result": "selection"}, [LAYER]),
        ("state",),
    )
    for told, (_, arguments, words) in zip(said, NUMBERS, strict=True):
        assert words in told, arguments
    assert "The Quick Mask is on." in quick_mask
    assert "The Quick Mask is on." in selection
    assert not state["layers"][0]["has_mask"]


def test_the_installers_own_state_is_no_warning_and_that_sam_2_is_missing_is_said_once(
    gimp: GimpHost, pictures: Path
) -> None:
    subject, first, second = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("call", CUT_OUT, OFF, [LAYER]),
        ("select", 20, 20, 300, 250),
        ("call", CUT_OUT_SELECTION, OFF, [LAYER]),
        ("call", CUT_OUT_SELECTION, OFF, [LAYER]),
    )
    assert subject == first == second == ""
    said = said_by(gimp)
    assert "The default, isnet-general-use, is not on this machine" not in said
    assert said.count("Until then, the main subject in the selection's box is cut out.") == 1
    assert said.count("models fetch sam2") == 1


def test_a_models_path_may_be_relative_and_no_file_is_quoted(
    gimp: GimpHost, pictures: Path, quick: str, tmp_path: Path
) -> None:
    shutil.copy(quick, gimp.home / "net.onnx")
    (tmp_path / "notes.txt").write_text("password: not for you\n", encoding="utf-8")
    (tmp_path / "notes.toml").write_text('password = "not for you"\n', encoding="utf-8")
    relative, at_home, missing, *secrets = gimp.run(
        ("load", str(pictures / "cat.png")),
        # GIMP runs in the folder in which pytest was started.
        ("call", CUT_OUT, {**OFF, "model": os.path.relpath(quick)}, [LAYER]),
        ("call", CUT_OUT, {**OFF, "model": "~/net.onnx"}, [LAYER]),
        ("call", CUT_OUT, {**OFF, "model": "./none/net.onnx"}, [LAYER]),
        ("call", CUT_OUT, {**OFF, "model": str(tmp_path / "notes.txt")}, [LAYER]),
        ("select", 20, 20, 300, 250),
        ("call", CUT_OUT_SELECTION, {**OFF, "model": str(tmp_path / "notes.txt")}, [LAYER]),
        ("call", CUT_OUT, {**OFF, "what": "words", "prompt": "cat", "model": str(tmp_path / "notes.txt")}, [LAYER]),
    )
    assert relative == at_home == ""
    assert f"{Path('none/net.onnx').absolute()}: there is no such file." in missing
    assert "notes.txt must be a model's file, but is text." in secrets[0]
    for told in secrets:
        assert "notes.txt" in told
        assert "not for you" not in told
    assert "not for you" not in said_by(gimp)
