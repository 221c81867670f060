"""The engine's errors in a node's words: inputs for options, and commands that run in ComfyUI's own Python."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from comfyui_nodes.messages import in_the_nodes_words, rewritten

from comfyui_nodes import messages
from cutsmith import Picture, SubjectNotFound, cut_out, refine_mask
from cutsmith.errors import BadBox, BadOption, CutsmithError, NotInstalled, UnknownModel, WeightsMissing
from cutsmith.models.catalogue import find_entry
from cutsmith.models.store import Store

PYTHON = f'"{sys.executable}"'


class Nothing:
    """A remover that finds nothing."""

    name = "nothing"

    def provenance(self):
        return {"model": self.name}

    def soft_mask(self, image):
        return np.full(image.shape[:2], 0.25, np.float32)


@pytest.fixture
def picture() -> Picture:
    return Picture(np.zeros((40, 50, 3), np.uint8))


@pytest.mark.parametrize(
    ("engines", "nodes"),
    [
        ("--model mine.onnx: there is no such file.", "model mine.onnx: there is no such file."),
        ("Leave --segmenter out, or give a --box.", "Leave model out, or give a box."),
        ("--detector tiny.pth", "model tiny.pth"),
        ("lower --box-threshold and --text-threshold.", "lower box_threshold and text_threshold."),
        ("Keep the best: --max-detections 100", "Keep the best: max_detections 100"),
        ('Example: --text "red mug"', 'Example: prompt "red mug"'),
        ("Example: --point 240,180", "Example: point 240,180"),
        ("Add --matting closed-form", "Add matting closed-form"),
        ("--band is for matting.", "band is for matting."),
        ("Example: --background '#ffffff'", "Example: background_color '#ffffff'"),
        ("try --device cpu.", "try device cpu."),
        ("Try another engine: --engine onnxruntime", "Try another engine: device onnxruntime"),
    ],
)
def test_options_become_inputs(engines, nodes) -> None:
    assert rewritten(engines) == nodes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Nothing to rewrite here.",
        "--objects best is no input of a node.",
        "--boxes and --box-thresholds are other words.",
        "Start ComfyUI with --fp32-vae.",
        "a file called my--model.onnx",
        "two dashes -- and three ---box",
        "See cutsmith.matting.trimap.trimap_from_soft_mask.",
        "two\nlines\n  and an indented one\n",
    ],
)
def test_what_is_no_option_of_the_nodes_stays(text) -> None:
    assert rewritten(text) == text


@pytest.mark.parametrize(
    ("engines", "nodes"),
    [
        ("cutsmith models list", f"{PYTHON} -m cutsmith models list"),
        ("cutsmith doctor", f"{PYTHON} -m cutsmith doctor"),
        (
            "Fetch them: cutsmith models fetch bria --accept-licence",
            f"Fetch them: {PYTHON} -m cutsmith models fetch bria --accept-licence",
        ),
        (
            "cutsmith cut PICTURE --model rembg:u2net --yes, which lets rembg download them",
            f"{PYTHON} -m cutsmith cut PICTURE --model rembg:u2net --yes, which lets rembg download them",
        ),
        ('pip install "cutsmith[sam2]"', f'{PYTHON} -m pip install "cutsmith[sam2]"'),
        (
            'pip install "cutsmith[text]" && pip install --no-deps --device x',
            f'{PYTHON} -m pip install "cutsmith[text]" && {PYTHON} -m pip install --no-deps --device x',
        ),
        ("In a clone: python3 install.py demo --model x", "In a clone: python3 install.py demo --model x"),
    ],
)
def test_commands_get_comfyuis_python_and_keep_their_own_options(engines, nodes) -> None:
    assert rewritten(engines) == nodes


def test_a_command_that_has_its_interpreter_keeps_it() -> None:
    # As cutsmith.matting.compilation tells where pymatting is missing.
    command = f"{sys.executable} -m pip install pymatting    (or go without: --matting none)"
    assert rewritten(command) == command


def test_lines_are_rewritten_each_by_itself() -> None:
    text = "Leave --model out.\ncutsmith models fetch u2net --model x\n  Or lower --box-threshold"
    assert rewritten(text) == (
        f"Leave model out.\n{PYTHON} -m cutsmith models fetch u2net --model x\n  Or lower box_threshold"
    )


def test_an_interpreter_with_backslashes_is_written_as_it_is(monkeypatch) -> None:
    monkeypatch.setattr(sys, "executable", r"C:\new\1\python.exe")
    assert rewritten("cutsmith doctor") == r'"C:\new\1\python.exe" -m cutsmith doctor'
    assert rewritten("pip install onnxruntime") == r'"C:\new\1\python.exe" -m pip install onnxruntime'


def test_every_option_that_is_renamed_is_one_of_the_command_line() -> None:
    from cutsmith.cli.cut_command import cut

    options = {name for parameter in cut.params for name in parameter.opts}
    assert set(messages._INPUTS) <= options


def test_a_wrong_option_is_told_as_an_input_and_keeps_its_type(picture) -> None:
    with pytest.raises(BadOption) as caught, in_the_nodes_words():
        refine_mask(picture, np.zeros((40, 50), bool), matting="none", band=(3, 3))
    assert type(caught.value) is BadOption
    assert str(caught.value) == ("band is for a matting method, and none was asked for.\n  Add matting closed-form")
    assert caught.value.args == (caught.value.what, caught.value.remedy)
    assert caught.value.exit_code == BadOption.exit_code


def test_missing_weights_are_told_with_comfyuis_python_and_still_name_the_model(tmp_path) -> None:
    environ = {"CUTSMITH_MODELS": str(tmp_path), "REMBG_HOME": str(tmp_path), "U2NET_HOME": str(tmp_path)}
    entry = find_entry("birefnet-portrait")
    with pytest.raises(WeightsMissing) as caught, in_the_nodes_words():
        Store(environ, host_folders=[tmp_path / "comfyui"]).require(entry)
    assert caught.value.model == entry.name
    assert f"{PYTHON} -m cutsmith models fetch birefnet-portrait" in caught.value.remedy
    assert str(tmp_path / "comfyui") in str(caught.value)


def test_nothing_found_keeps_its_type_and_its_figures(picture) -> None:
    with pytest.raises(SubjectNotFound) as caught, in_the_nodes_words():
        cut_out(picture, remover=Nothing())
    assert caught.value.best_probability == 0.25
    assert caught.value.threshold == 0.5
    assert "best probability is 0.25" in str(caught.value)
    assert f"{PYTHON} -m cutsmith models list" in str(caught.value)


@pytest.mark.parametrize("kind", [BadBox, UnknownModel, NotInstalled, CutsmithError])
def test_an_error_passes_as_the_same_object(kind) -> None:
    error = kind("--box 1 is no box.", "Give a --box.")
    with pytest.raises(CutsmithError) as caught, in_the_nodes_words():
        raise error
    assert caught.value is error
    assert str(error) == "box 1 is no box.\n  Give a box."


def test_other_errors_pass_untouched() -> None:
    with pytest.raises(RuntimeError, match=r"^--model is not ours$"), in_the_nodes_words():
        raise RuntimeError("--model is not ours")
