"""What the doctor says is what `cut` does."""

from __future__ import annotations

import dataclasses
import hashlib
import sys
from pathlib import Path

import pytest

from cutsmith.cli.doctor_command import diagnose
from cutsmith.engines import opening, presence
from cutsmith.engines.presence import Presence
from cutsmith.models import catalogue as catalogue_module
from cutsmith.models.catalogue import DEFAULT_MODELS

OTHER = "u2netp"
WEIGHTS = b"weights"


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The default's two files and another model's, a few bytes each, whole and here: their paths by model."""
    for name in ("HOME", "XDG_DATA_HOME", "U2NET_HOME", "REMBG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("CUTSMITH_MODELS", str(tmp_path))
    entries = {name: catalogue_module.catalogue()[name] for name in (*DEFAULT_MODELS, OTHER)}
    known = {"size": len(WEIGHTS), "md5": hashlib.md5(WEIGHTS).hexdigest(), "sha256": None}
    changed = {name: dataclasses.replace(entry, **known) for name, entry in entries.items()}
    monkeypatch.setattr(catalogue_module, "catalogue", lambda: changed)
    paths = {name: tmp_path / entry.filename for name, entry in changed.items()}
    for path in paths.values():
        path.write_bytes(WEIGHTS)
    return paths


def damage(path: Path) -> None:
    path.write_bytes(WEIGHTS[::-1])


def engine_of_cut(network: Path) -> str:
    """The engine on which `cut` opens a model."""
    return opening.open_model(network).engine.name


def test_where_all_is_well_it_names_the_engine_that_cut_takes(tiny_network, files) -> None:
    found = diagnose()
    assert found.problems == []
    assert found.engine == engine_of_cut(tiny_network(64, sigmoid=True))
    assert found.weights == {name: str(path) for name, path in files.items()}


@pytest.mark.parametrize("source", ["raise ImportError('libtbb.so.12 is missing')", ""])
def test_an_engine_that_does_not_start_is_advice_where_another_does(
    source, tiny_network, tmp_path, monkeypatch
) -> None:
    package = tmp_path / "packages" / "openvino" / "__init__.py"
    package.parent.mkdir(parents=True)
    package.write_text(source)
    monkeypatch.syspath_prepend(tmp_path / "packages")
    monkeypatch.delitem(sys.modules, "openvino", raising=False)
    try:
        found = diagnose()
        assert found.engine == engine_of_cut(tiny_network(64, sigmoid=True)) == "onnxruntime CPU"
    finally:
        sys.modules.pop("openvino", None)
    assert found.problems == []
    assert any("openvino is installed and does not start" in advice for advice in found.advice)


def test_where_no_engine_starts_that_is_a_problem(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr(presence, "look", lambda: Presence(openvino=True))
    found = diagnose()
    assert found.engine is None
    assert "openvino is installed and does not start" in found.problems[0]
    assert "install it again" in found.problems[0]


def test_an_accelerator_that_is_carried_and_does_not_start_is_not_shown_as_chosen(tiny_network, monkeypatch) -> None:
    present = Presence(openvino=True, onnxruntime=True, accelerators=("CUDAExecutionProvider",))
    for module in (presence, opening):
        monkeypatch.setattr(module, "look", lambda: present)
    found = diagnose()
    assert found.engine == engine_of_cut(tiny_network(64, sigmoid=True))
    assert found.engine.startswith("OpenVINO")
    assert found.problems == []
    assert any("CUDAExecutionProvider" in advice and "not used" in advice for advice in found.advice)


@pytest.mark.parametrize("name", [OTHER, *DEFAULT_MODELS])
def test_a_damaged_file_that_the_default_can_do_without_is_advice(files, name) -> None:
    damage(files[name])
    found = diagnose()
    assert found.problems == []
    assert any(str(files[name]) in advice and f"models fetch {name}" in advice for advice in found.advice)


def test_damaged_files_are_a_problem_where_they_leave_no_default(files) -> None:
    for name in DEFAULT_MODELS:
        damage(files[name])
    found = diagnose()
    assert len(found.problems) == len(DEFAULT_MODELS)
    assert all(str(files[name]) in problem for name, problem in zip(DEFAULT_MODELS, found.problems, strict=True))
    files[DEFAULT_MODELS[0]].unlink()
    (problem,) = diagnose().problems
    assert str(files[DEFAULT_MODELS[1]]) in problem


def test_a_default_that_is_nowhere_is_a_problem(files) -> None:
    for name in DEFAULT_MODELS:
        files[name].unlink()
    (problem,) = diagnose().problems
    assert problem.endswith("cutsmith models fetch isnet-general-use")
