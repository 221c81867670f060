"""The nodes' inputs: whatever stands for an option of the engine has its default, limits, choices and tooltip.

ComfyUI is not installed beside these tests: a stand-in for its `io` keeps what each input was made with. What ComfyUI
itself makes of the inputs is in tests/hosts/test_comfyui_http.py.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cutsmith.errors import BadOption
from cutsmith.options import DEFAULT_BAND, OPTIONS

NODES = [
    "rembg_cut.RembgCut",
    "mask_tools.MaskTools",
    "sam2_mask.SAM2Mask",
    "text_detect.TextDetect",
    "trimap_matting.TrimapMatting",
]


class Made:
    """What is made by `io`: a kind of input or output, its name, and what it was made with."""

    def __init__(self, kind: str, *arguments: Any, **settings: Any) -> None:
        self.kind, self.settings = kind, settings
        self.name = arguments[0] if arguments else None


class StandInIo(ModuleType):
    """`comfy_api.latest.io`: every name in it makes a `Made`."""

    ComfyNode = object
    Schema = SimpleNamespace
    Input = NodeOutput = Made

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return SimpleNamespace(
            Input=lambda *given, **settings: Made(name, *given, **settings),
            Output=lambda *given, **settings: Made(name, *given, **settings),
        )


@pytest.fixture(scope="module")
def nodes():
    """The nodes' package, imported with the stand-in, and the inputs of each node by their names."""
    before = {name: module for name, module in sys.modules.items() if name.startswith("comfyui_nodes")}
    latest = ModuleType("comfy_api.latest")
    latest.io = StandInIo("io")
    latest.ui = ModuleType("ui")
    folders = ModuleType("folder_paths")
    folders.models_dir = "/nowhere"
    folders.get_folder_paths = folders.get_filename_list = lambda *_: []
    folders.add_model_folder_path = lambda *_, **__: None
    folders.folder_names_and_paths = {}
    empty = ("comfy", "comfy.model_management", "comfy.utils", "comfy_api")
    stand_ins = {name: ModuleType(name) for name in empty} | {"comfy_api.latest": latest, "folder_paths": folders}
    stand_ins["comfy"].model_management = stand_ins["comfy.model_management"]
    stand_ins["comfy"].utils = stand_ins["comfy.utils"]
    with pytest.MonkeyPatch.context() as patch:
        # Other tests may have imported the pack with stand-ins of their own.
        for name in before:
            patch.delitem(sys.modules, name)
        for name, module in stand_ins.items():
            patch.setitem(sys.modules, name, module)
        shared = importlib.import_module("comfyui_nodes.shared_inputs")
        made = {}
        for each in NODES:
            module, _, name = each.partition(".")
            node = getattr(importlib.import_module(f"comfyui_nodes.nodes.{module}"), name)
            made[name] = {entry.name: entry for entry in node.define_schema().inputs}
        yield SimpleNamespace(shared=shared, inputs=made)
        for name in [name for name in sys.modules if name.startswith("comfyui_nodes")]:
            del sys.modules[name]


KINDS = {"choice": "Combo", "flag": "Boolean", "number": "Float", "whole": "Int"}
WIDGETS = [name for name, option in OPTIONS.items() if option.kind in KINDS]
# No widget of the declaration's form: 0 stands for all, and ComfyUI chooses among its own devices.
OWN_FORMS = {"max_detections", "device", "model", "mask"}
# A number that may be missing: 0 stands for that.
OFF_AT_ZERO = {
    "threshold": "Make the mask hard: alpha of at least this becomes 1, all else 0. 0: soft edges are kept.",
    "box_threshold": "Drop boxes whose score is not above this. 0: the model's own, 0.3 for Grounding DINO and 0.4 for "
    "LLMDet.",
    "text_threshold": "Drop boxes none of whose words scores above this. 0: the model's own, 0.25.",
}


def matches(entry: Made, name: str, default: Any) -> None:
    option = OPTIONS[name]
    assert entry.kind == KINDS[option.kind]
    is_off_at_zero = name in OFF_AT_ZERO
    assert entry.settings["tooltip"] == (OFF_AT_ZERO[name] if is_off_at_zero else option.help)
    assert entry.settings["default"] == (0 if is_off_at_zero else default)
    if option.choices:
        assert set(entry.settings["options"]) == set(option.choices)
        assert entry.settings["options"][0] == default
    if option.kind in ("number", "whole"):
        least, most = option.usual or (option.least, option.most)
        least = 0 if is_off_at_zero else least
        assert (entry.settings["min"], entry.settings["max"]) == (least, most)
        assert type(entry.settings["min"]) is (float if option.kind == "number" else int)


@pytest.mark.parametrize(
    "name", [name for name in WIDGETS if OPTIONS[name].usual or OPTIONS[name].kind in ("choice", "flag")]
)
def test_an_input_is_made_of_the_declaration(nodes, name) -> None:
    matches(nodes.shared.option_input(name), name, OPTIONS[name].default)
    optional = nodes.shared.option_input(name, optional=True)
    assert optional.settings["optional"] is True
    assert optional.settings.get("advanced", False) == OPTIONS[name].advanced


def test_every_input_that_is_an_option_is_as_declared(nodes) -> None:
    seen = set()
    for inputs in nodes.inputs.values():
        for name in set(inputs) & set(OPTIONS) - OWN_FORMS:
            if OPTIONS[name].kind in KINDS:
                matches(inputs[name], name, OPTIONS[name].default)
                seen.add(name)
    assert seen >= {"matting", "box_threshold", "text_threshold", "mask_blur", "mask_offset", "invert"}
    assert seen >= {"harden", "threshold"}


@pytest.mark.parametrize("node", ["RembgCut", "SAM2Mask", "TrimapMatting"])
def test_new_inputs_stand_last_so_that_saved_workflows_keep_their_values(nodes, node) -> None:
    new = ("harden", "threshold", "looks", "matting_effort", "engine", "boxes")
    before = [name for name in nodes.inputs[node] if name not in new]
    assert list(nodes.inputs[node]) == [*before, *(name for name in new if name in nodes.inputs[node])]


def test_the_band_is_two_numbers_of_the_option(nodes) -> None:
    inner, outer = nodes.shared.band_inputs()
    for entry in (inner, outer):
        assert entry.settings["default"] == DEFAULT_BAND
        assert (entry.settings["min"], entry.settings["max"]) == OPTIONS["band"].usual


def test_no_detections_stand_for_all(nodes) -> None:
    entry = nodes.shared.max_detections_input()
    assert (entry.settings["default"], entry.settings["min"]) == (0, 0)
    assert entry.settings["tooltip"].startswith(OPTIONS["max_detections"].help)


def test_a_request_is_made_of_what_the_engine_declares(nodes) -> None:
    request_of = nodes.shared.request_of
    assert request_of({}).given() == {}
    inputs = {"matting": "closed-form", "band_inner": 2, "band_outer": 5, "max_detections": 0, "individual_masks": True}
    assert request_of(inputs).given() == {"matting": "closed-form", "band": (2, 5)}
    assert request_of({"matting": "none", "band_inner": 2, "band_outer": 5}).given() == {"matting": "none"}
    assert request_of({"matting": "auto", "band_inner": 3, "band_outer": 3}).given() == {}, "the band adapts itself"
    assert request_of({"harden": 0.25, "threshold": 0}).given() == {"harden": 0.25}
    assert request_of({"harden": 0.0, "threshold": 0.5}).given() == {"threshold": 0.5}
    assert request_of({"mask_blur": 1.5}, foreground="none").given() == {"mask_blur": 1.5, "foreground": "none"}
    with pytest.raises(BadOption):
        request_of({"mask_blur": -1})


def test_none_in_an_old_workflow_is_the_default(nodes) -> None:
    request_of = nodes.shared.request_of
    inputs = {"matting": None, "mask_blur": None, "mask_offset": None, "invert": None, "max_detections": None}
    assert request_of(inputs).given() == {}
    assert request_of({**inputs, "mask_offset": 2}, text="mug").given() == {"mask_offset": 2, "text": "mug"}


class Shown:
    """A cut-out that tells what it is put on."""

    foreground = np.full((2, 3, 3), 7, np.uint8)
    alpha = np.ones((2, 3), np.float32)

    def on(self, colour):
        return SimpleNamespace(pixels=colour)


@pytest.mark.parametrize("colour", [None, "", "  ", "#ffffff", "white"])
def test_no_colour_is_the_default_colour(nodes, colour) -> None:
    assert nodes.shared.why_no_colour(colour) is None
    assert nodes.shared.shown_pixels(Shown(), "color", colour) == (255, 255, 255)


def test_no_background_is_the_subjects_own_colours(nodes) -> None:
    for background in (None, "none"):
        np.testing.assert_array_equal(nodes.shared.shown_pixels(Shown(), background, None), Shown.foreground)


@pytest.mark.parametrize("colour", ["whyte", "#12", "blur", "transparent", "beach.png", "#ffffff80", "rgb(300, 0, 0)"])
def test_what_background_color_takes_is_told_and_nothing_else(nodes, colour) -> None:
    told, *_ = nodes.shared.why_no_colour(colour).partition("\n")
    wanted = "an opaque colour: #rrggbb, rgb(...), hsl(...) or a CSS colour name"
    assert told == f"background_color must be {wanted}, but got {colour!r}."
