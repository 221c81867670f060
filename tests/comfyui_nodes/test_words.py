"""The engine's errors in a node's words: inputs for options, and commands that run in ComfyUI's own Python."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from comfyui_nodes import words
from comfyui_nodes.click_points import EXAMPLE
from comfyui_nodes.shell_commands import quoted
from comfyui_nodes.words import in_the_nodes_words, remedy_of, told_of, warning_of, what_of
from cutsmith import Picture, SubjectNotFound, cut_out, refine_mask
from cutsmith.cures import (
    advise,
    fetch,
    give,
    install_extra,
    install_packages,
    leave_out,
    lower,
    run,
    set_option,
)
from cutsmith.errors import BadBox, BadOption, CutsmithError, Notice, NotInstalled, UnknownModel, WeightsMissing
from cutsmith.models.catalogue import find_entry
from cutsmith.models.store import Store
from cutsmith.pipeline.loading import Models
from tests.comfyui_nodes.comfyui_folders import MODELS, comfyui_folders

PYTHON = quoted(sys.executable)
INSTALLER = quoted(str(Path(__file__).parents[2] / "install.py"))


@pytest.fixture(autouse=True)
def in_comfyui():
    with comfyui_folders():
        yield


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


def remedy(*cures) -> str:
    return remedy_of(CutsmithError("It failed.", *cures))


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("segmenter", "model must be so, but got 7."),
        ("detector", "model must be so, but got 7."),
        ("text", "prompt must be so, but got 7."),
        ("box", "bboxes must be so, but got 7."),
        ("points", "positive_points must be so, but got 7."),
        (
            "background",
            "background_color must be an opaque colour: #rrggbb, rgb(...), hsl(...) or a CSS colour name, but got 7.",
        ),
        ("device", "device must be auto or cpu, but got 7."),
        ("engine", "engine must be so, but got 7."),
        ("band", "The band (band_inner, band_outer) must be so, but got 7."),
        ("max_pixels", "The number of pixels must be so, but got 7."),
        ("threads", "The number of threads must be so, but got 7."),
    ],
)
def test_an_option_is_told_as_an_input_or_in_words(option, expected) -> None:
    assert what_of(BadOption(option=option, found="7", wanted="so")) == expected


@pytest.mark.parametrize(
    ("cure", "expected"),
    [
        (set_option("matting", "closed-form"), "Set matting to closed-form."),
        (set_option("device", "cpu", "To run it on the processor"), "To run it on the processor: set device to cpu"),
        (set_option("segmenter", "sam2.1-hiera-tiny"), 'Set model to "sam2.1-hiera-tiny".'),
        (set_option("segmenter", "subject-in-box"), 'Set model to "subject in box (IS-Net)".'),
        (set_option("foreground", "none"), "Turn refine_foreground off."),
        (set_option("band", "3,3"), "Set band_inner to 3 and band_outer to 3."),
        (set_option("background", "white"), "Set background to color, and background_color to white."),
        (set_option("max_detections", 100, "Keep the best"), "Keep the best: set max_detections of Text Detect to 100"),
        (lower("box_threshold"), "Lower box_threshold."),
        (lower("text_threshold", "Or"), "Or: lower text_threshold"),
        (leave_out("segmenter"), "Set model to its default."),
        (leave_out("trimap"), "Disconnect trimap."),
        (leave_out("background"), "Set background to transparent."),
        (give("text", "red mug"), 'For example, set prompt to "red mug".'),
        (give("points", "240,180"), f"Type positive_points, such as {EXAMPLE}."),
        (give("box", "40,60,300,420"), "Connect the bboxes of Text Detect."),
        (give("box", "20,10,60,50", "Did you mean"), "Did you mean: bboxes [20, 10, 60, 50]"),
        (give("box", "40,60,300,420", "Point at it"), "Point at it: connect the bboxes of Text Detect"),
        (give("background", "#ffffff"), "For example, set background to color, and background_color to #ffffff."),
    ],
)
def test_a_cure_is_what_is_done_to_an_input(cure, expected) -> None:
    assert remedy(cure) == expected


@pytest.mark.parametrize(
    "cure",
    [
        set_option("device", "cuda"),
        set_option("threads", "4"),
        set_option("overwrite", True),
        set_option("model", "rembg:u2net"),
        set_option("model", "/my/model.onnx"),
        set_option("background", "beach.jpg"),
        lower("threads"),
        leave_out("text"),
        give("output", "cut.png"),
    ],
)
def test_what_no_node_has_is_no_advice(cure) -> None:
    assert remedy(cure) == ""
    assert told_of(CutsmithError("It failed.", cure)) == "It failed."


def test_where_an_option_is_no_input_there_is_advice_that_is_true_in_comfyui() -> None:
    assert remedy(set_option("max_pixels", "9", "If you trust the file")) == "Resize the image first."
    assert remedy(set_option("engine", "onnxruntime", "Try it")) == "Choose another model, engine or device."


@pytest.mark.parametrize("text", ["", "Start ComfyUI with --fp32-vae.", "two dashes -- and three ---box", "a\n  b"])
def test_advice_stays_as_it_is(text) -> None:
    assert remedy(advise(text) if text else "") == text


@pytest.mark.parametrize(
    ("cure", "expected"),
    [
        (run("models", "list"), f"All models: {PYTHON} -m cutsmith models list"),
        (run("doctor"), f"What is installed: {PYTHON} -m cutsmith doctor"),
        (
            fetch("birefnet-portrait", accepts_licence=True),
            f"Fetch them: {PYTHON} -m cutsmith models fetch birefnet-portrait --into {MODELS}/rembg --accept-licence",
        ),
        (
            run("cut", "PICTURE", "--model", "rembg:u2net", "--yes", text="Let rembg download them"),
            f"Let rembg download them: {PYTHON} -m cutsmith cut PICTURE --model rembg:u2net --yes",
        ),
        (
            install_extra("sam2"),
            f'{PYTHON} -m pip install "cutsmith[sam2]"\n'
            f"  Or with Cutsmith's installer: {PYTHON} {INSTALLER} --with sam2",
        ),
        (
            install_extra("groundingdino"),
            f'{PYTHON} -m pip install "cutsmith[groundingdino]"\n'
            f"  And then: {PYTHON} -m pip install --no-deps groundingdino-py\n"
            f"  Or with Cutsmith's installer: {PYTHON} {INSTALLER} --with groundingdino",
        ),
        (install_packages("pymatting"), f"{PYTHON} -m pip install pymatting"),
    ],
)
def test_commands_run_in_comfyuis_own_python(cure, expected) -> None:
    assert remedy(cure) == expected


def test_an_interpreter_with_backslashes_is_written_as_it_is(monkeypatch) -> None:
    monkeypatch.setattr(sys, "executable", r"C:\new\1\python.exe")
    assert remedy(run("models", "where")) == r"C:\new\1\python.exe -m cutsmith models where"
    assert remedy(install_packages("onnxruntime")) == r"C:\new\1\python.exe -m pip install onnxruntime"


def test_cures_that_come_to_the_same_are_told_once() -> None:
    assert remedy(leave_out("segmenter"), leave_out("model")) == "Set model to its default."


def test_a_warning_is_one_line_in_the_nodes_words() -> None:
    notice = Notice("cuda is not used: PyTorch does not see it.", set_option("device", "cpu"), install_extra("sam2"))
    assert warning_of(notice) == (
        f'cuda is not used: PyTorch does not see it. Set device to cpu. {PYTHON} -m pip install "cutsmith[sam2]"'
    )
    assert warning_of("only the first of 3 pictures is used") == "only the first of 3 pictures is used"


def test_every_option_that_is_an_input_is_one_of_the_engine() -> None:
    from cutsmith.cli.cut_command import cut
    from cutsmith.matting.mask_edits import edited_mask

    options = {str(parameter.name) for parameter in cut.params} | {"mask", "trimap"}
    assert set(words.INPUTS) - options <= set(edited_mask.__annotations__)


def test_a_wrong_option_is_told_as_an_input_and_keeps_its_type(picture) -> None:
    with pytest.raises(BadOption) as caught, in_the_nodes_words():
        refine_mask(picture, np.zeros((40, 50), bool), matting="none", band=(3, 3))
    assert type(caught.value) is BadOption
    assert "band" in caught.value.what
    assert "matting" in caught.value.remedy
    assert "auto" in caught.value.remedy
    assert "--" not in str(caught.value)
    assert caught.value.args == (caught.value.what, caught.value.remedy)
    assert caught.value.exit_code == BadOption.exit_code


def test_missing_weights_are_told_with_comfyuis_python_and_still_name_the_model(tmp_path) -> None:
    environ = {"CUTSMITH_MODELS": str(tmp_path), "REMBG_HOME": str(tmp_path), "U2NET_HOME": str(tmp_path)}
    entry = find_entry("birefnet-portrait")
    with pytest.raises(WeightsMissing) as caught, in_the_nodes_words():
        Store(environ, host_folders=[tmp_path / "comfyui"]).require(entry)
    assert caught.value.model == entry.name
    assert f"{PYTHON} -m cutsmith models fetch birefnet-portrait --into {MODELS}/rembg" in caught.value.remedy
    assert str(tmp_path / "comfyui") in str(caught.value)


def test_nothing_found_keeps_its_type_and_its_figures(picture) -> None:
    with pytest.raises(SubjectNotFound) as caught, in_the_nodes_words():
        cut_out(picture, models=Models(remover=Nothing()))
    assert caught.value.best_probability == 0.25
    assert caught.value.threshold == 0.5
    assert "0.25" in str(caught.value)
    assert f"{PYTHON} -m cutsmith models list" in str(caught.value)


@pytest.mark.parametrize("kind", [BadBox, UnknownModel, NotInstalled, CutsmithError])
def test_an_error_passes_as_the_same_object(kind) -> None:
    error = kind("", set_option("matting", "none"), option="band", found="1", wanted="two numbers")
    for _ in range(2):  # told once it stays so
        with pytest.raises(CutsmithError) as caught, in_the_nodes_words():
            raise error
        assert caught.value is error
        assert str(error) == (
            "The band (band_inner, band_outer) must be two numbers, but got 1.\n  Set matting to none."
        )


def test_other_errors_pass_untouched() -> None:
    with pytest.raises(RuntimeError, match=r"^--model is not ours$"), in_the_nodes_words():
        raise RuntimeError("--model is not ours")
