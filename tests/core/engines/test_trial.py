"""The trial that tells which engine runs models, on real engines and on ones that do not start."""

from __future__ import annotations

import sys

import pytest

from cutsmith.engines import trial
from cutsmith.engines.presence import Presence
from cutsmith.engines.trial import trial_network, try_engines
from cutsmith.errors import EngineMissing, ModelUnusable
from cutsmith.machine.folders import compiled_folder


def test_the_network_is_an_onnx_file_as_the_format_has_it() -> None:
    import onnx

    model = onnx.load_from_string(trial_network())
    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node] == ["Relu"]
    assert len(trial_network()) == model.ByteSize()


@pytest.mark.parametrize(
    ("present", "name"),
    [(Presence(openvino=True, onnxruntime=True), "OpenVINO CPU"), (Presence(onnxruntime=True), "onnxruntime CPU")],
)
def test_a_real_engine_runs_it_and_nothing_is_kept(present, name) -> None:
    opened = try_engines(present)
    assert opened.engine.name.startswith(name)
    assert opened.warnings == ()
    assert not list(compiled_folder().glob("trial-*"))


def test_an_engine_that_cannot_be_imported_is_left_for_the_next(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    opened = try_engines(Presence(openvino=True, onnxruntime=True))
    assert opened.engine.name == "onnxruntime CPU"
    (warning,) = opened.warnings
    assert "openvino is installed and does not start" in warning
    with pytest.raises(EngineMissing, match="Uninstall the package openvino"):
        try_engines(Presence(openvino=True))


def test_an_engine_that_loads_models_and_does_not_run_them_is_no_engine(monkeypatch) -> None:
    # The network takes 8 pixels a side and is shown 9.
    network = trial_network()
    monkeypatch.setattr(trial, "trial_network", lambda: network)
    monkeypatch.setattr(trial, "_SIDE", 9)
    with pytest.raises(ModelUnusable, match="failed on its input"):
        try_engines(Presence(onnxruntime=True))
