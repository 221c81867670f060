"""What the engine warns of reaches the result's warnings: no room keeps it to the log."""

from __future__ import annotations

import ast
import logging
import os
from pathlib import Path

import cutsmith
from cutsmith import Picture, cut_out
from cutsmith.machine.cancelling import in_this_context
from cutsmith.machine.telling import hearing, tell
from cutsmith.models.store import Store
from cutsmith.pipeline.loading import ModelPool
from cutsmith.pipeline.stages import Run
from cutsmith.request import Runtime

CORE = Path(cutsmith.__file__).parent
# What a door logs is about its own work, and a batch tells in its report.
DOORS = ("batch", "cli", "evaluation", "report", "service", "serving", "worker")
# Warnings for the log alone, by their beginning, and why nobody needs to know them once the result is there.
FOR_THE_LOG = {
    "Compiling the matting kernels": "it asks to wait, while one waits",
    "another process is fetching": "it says why fetching waits, while it waits",
    "the model kept in": "the model is made again, and the result is as it should be",
}


def logged_warnings(path: Path) -> list[str]:
    """The texts that a module logs as warnings, where no `watch` could be told instead."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = []
    for node in ast.walk(tree):
        is_warning = (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("warning", "error", "exception", "critical", "warn")
            and ast.unparse(node.func.value) in ("logger", "_log", "log", "logging", "warnings")
        )
        if is_warning:
            text = node.args[0]
            texts.append(text.value if isinstance(text, ast.Constant) else ast.unparse(text))
    return texts


def test_no_room_keeps_a_warning_to_the_log() -> None:
    kept = {}
    for path in sorted(CORE.rglob("*.py")):
        name = path.relative_to(CORE).as_posix()
        if name.partition("/")[0] not in DOORS and name != "machine/telling.py":
            kept.update(dict.fromkeys(logged_warnings(path), name))
    # Only where there is no watch, which is never in a run of the pipeline.
    without_a_watch = {
        text for text, name in kept.items() if name == "matting/bimatting/matter.py" and text == "warning"
    }
    unexplained = {
        text: name
        for text, name in kept.items()
        if not text.startswith(tuple(FOR_THE_LOG)) and text not in without_a_watch
    }
    assert unexplained == {}
    assert all(any(text.startswith(each) for text in kept) for each in FOR_THE_LOG)


def test_what_is_told_is_heard_by_the_caller_and_else_logged(caplog) -> None:
    heard: list[str] = []
    within: list[str] = []
    with hearing(heard.append):
        tell("The file has changed.")
        with hearing(within.append):
            tell("Something else.")
    assert (heard, within) == (["The file has changed."], ["Something else."])
    run = Run()
    with run.stage("mask"):
        in_this_context(lambda: tell("It runs in float32."))()
    assert run.warnings == ["It runs in float32."]
    assert caplog.text == ""
    with caplog.at_level(logging.WARNING):
        tell("Nobody listens.")
    assert "Nobody listens." in caplog.text


def test_a_cache_that_cannot_be_written_is_among_the_cut_outs_warnings(tiny_network, tmp_path, monkeypatch) -> None:
    import numpy as np

    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder is wanted", encoding="utf-8")
    monkeypatch.setenv("CUTSMITH_CACHE", str(blocked))
    network = tiny_network(64, sigmoid=True)
    copy = tmp_path / "own.onnx"  # not one that another test has loaded
    copy.write_bytes(network.read_bytes())
    pixels = np.random.default_rng(3).integers(0, 256, (60, 80, 3), np.uint8)
    for _ in range(2):  # at each picture that the model is used for
        cut = cut_out(Picture(pixels), model=str(copy), engine="openvino", matting="none")
        assert any("Compiled models cannot be kept" in each for each in cut.warnings), cut.warnings


def test_weights_that_have_changed_are_among_the_models_warnings(tiny_network, tmp_path, monkeypatch) -> None:
    """A remover whose publisher gives no hash, and whose file is not the one that was seen first."""
    from dataclasses import replace

    from cutsmith.models import catalogue
    from cutsmith.removal import loading

    monkeypatch.setenv("CUTSMITH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("CUTSMITH_MODELS", str(tmp_path / "models"))
    entry = catalogue.find_entry("isnet-general-use", "remover")
    spec = replace(entry.spec, input_size=64)
    entry = replace(entry, name="changed", md5=None, size=None, spec=spec)
    monkeypatch.setattr(loading, "catalogue", lambda: {"changed": entry}, raising=False)
    monkeypatch.setattr(catalogue, "catalogue", lambda: {"changed": entry})
    path = tmp_path / "models" / entry.filename
    path.parent.mkdir()
    path.write_bytes(b"as it was first seen")
    assert Store().require(entry) == path
    path.write_bytes(tiny_network(64, sigmoid=True).read_bytes())
    os.utime(path, ns=(1, 1))
    _, warnings = ModelPool(store=Store()).remover(Runtime(model="changed"))
    assert any("its content has changed since" in each for each in warnings)
