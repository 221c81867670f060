"""The choice of an engine, on lists of what may be present."""

from __future__ import annotations

import sys

import pytest

from cutsmith.cures import install_packages
from cutsmith.engines.choice import ACCELERATORS, ENGINE_NAMES, plan
from cutsmith.engines.presence import Presence, _accelerators, look
from cutsmith.errors import BadOption, EngineMissing

BOTH = Presence(openvino=True, onnxruntime=True)
TORCH = Presence(openvino=True, onnxruntime=True, torch=True, torch_cuda=True)
CUDA = Presence(openvino=True, onnxruntime=True, accelerators=("CUDAExecutionProvider",))


def tried(present: Presence, wanted: str = "auto") -> list[tuple[str, str]]:
    return [(choice.engine, choice.provider) for choice in plan(present, wanted).choices]


@pytest.mark.parametrize(
    ("present", "wanted", "expected"),
    [
        (BOTH, "auto", [("openvino", ""), ("onnxruntime", "CPUExecutionProvider")]),
        (Presence(openvino=True), "auto", [("openvino", "")]),
        (Presence(onnxruntime=True), "auto", [("onnxruntime", "CPUExecutionProvider")]),
        (BOTH, "onnxruntime", [("onnxruntime", "CPUExecutionProvider")]),
        (BOTH, "openvino", [("openvino", "")]),
        (CUDA, "auto",
         [("onnxruntime", "CUDAExecutionProvider"), ("openvino", ""), ("onnxruntime", "CPUExecutionProvider")]),
        (CUDA, "cuda",
         [("onnxruntime", "CUDAExecutionProvider"), ("openvino", ""), ("onnxruntime", "CPUExecutionProvider")]),
        (CUDA, "openvino", [("openvino", "")]),
        (TORCH, "auto", [("openvino", ""), ("onnxruntime", "CPUExecutionProvider")]),
        (TORCH, "torch", [("torch", ""), ("openvino", ""), ("onnxruntime", "CPUExecutionProvider")]),
        (TORCH, "cuda", [("torch", "cuda"), ("openvino", ""), ("onnxruntime", "CPUExecutionProvider")]),
        (Presence(torch=True), "auto", [("torch", "")]),
        (Presence(torch=True), "torch", [("torch", "")]),
        (Presence(True, True, ("CUDAExecutionProvider",), torch=True, torch_cuda=True), "torch",
         [("torch", ""), ("onnxruntime", "CUDAExecutionProvider"), ("openvino", ""),
          ("onnxruntime", "CPUExecutionProvider")]),
        (Presence(False, True, ("DmlExecutionProvider",)), "auto",
         [("onnxruntime", "DmlExecutionProvider"), ("onnxruntime", "CPUExecutionProvider")]),
        (Presence(True, True, ("CoreMLExecutionProvider",)), "coreml",
         [("onnxruntime", "CoreMLExecutionProvider"), ("openvino", ""), ("onnxruntime", "CPUExecutionProvider")]),
    ],
)  # fmt: skip
def test_engines_are_tried_best_first(present: Presence, wanted: str, expected: list[tuple[str, str]]) -> None:
    assert tried(present, wanted) == expected
    assert plan(present, wanted).warnings == ()


@pytest.mark.parametrize(
    ("wanted", "way"), [("cuda", "onnxruntime-gpu"), ("coreml", "Mac"), ("directml", "On Windows, uninstall")]
)
def test_an_accelerator_that_is_asked_for_and_absent_is_a_warning_and_the_processor_works(
    wanted: str, way: str
) -> None:
    planned = plan(BOTH, wanted)
    assert planned.choices == plan(BOTH).choices
    (warning,) = planned.warnings
    assert wanted in warning
    assert way in warning


def test_no_engine_at_all_is_an_error_that_names_the_packages() -> None:
    with pytest.raises(EngineMissing, match="No engine") as caught:
        plan(Presence())
    assert caught.value.cures == (install_packages("openvino", "onnxruntime"),)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("present", "wanted"),
    [(Presence(onnxruntime=True), "openvino"), (Presence(openvino=True), "onnxruntime"), (BOTH, "torch")],
)
def test_an_engine_that_is_asked_for_and_absent_is_an_error(present: Presence, wanted: str) -> None:
    with pytest.raises(EngineMissing, match=wanted) as caught:
        plan(present, wanted)
    assert caught.value.cures == (install_packages(wanted),)


def test_an_unknown_engine_is_told_the_known_ones() -> None:
    with pytest.raises(BadOption, match=f"engine must be one of {', '.join(ENGINE_NAMES)}, but got 'tpu'") as caught:
        plan(BOTH, "tpu")
    assert caught.value.option == "engine"


def test_every_engine_that_can_be_asked_for_has_a_plan() -> None:
    everything = Presence(openvino=True, onnxruntime=True, accelerators=tuple(ACCELERATORS.values()), torch=True)
    for name in ENGINE_NAMES:
        assert plan(everything, name).choices
        assert plan(everything, name).warnings == ()


def test_this_environment_has_both_engines() -> None:
    assert look().openvino
    assert look().onnxruntime


@pytest.mark.parametrize("package", ["openvino", "onnxruntime", "torch"])
def test_an_empty_folder_of_an_engines_name_is_no_engine(package, tmp_path, monkeypatch) -> None:
    (tmp_path / package).mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, package, raising=False)
    assert not getattr(look(), package)


@pytest.mark.parametrize(
    ("files", "system", "machine", "expected"),
    [
        ([], "linux", "x86_64", ()),
        (["libonnxruntime_providers_cuda.so"], "linux", "x86_64", ("CUDAExecutionProvider",)),
        (["DirectML.dll"], "win32", "AMD64", ("DmlExecutionProvider",)),
        ([], "darwin", "arm64", ("CoreMLExecutionProvider",)),
        ([], "darwin", "x86_64", ()),
    ],
)
def test_accelerators_are_known_by_the_files_of_the_build(tmp_path, files, system, machine, expected) -> None:
    for name in files:
        (tmp_path / name).touch()
    assert _accelerators(tmp_path, system, machine) == expected
