"""Options are declared once: no other place lists their names, and none repeats a default, a limit or a help."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

import pytest

from cutsmith.options import OPTIONS, PARTS, Kind, Option
from cutsmith.output import OUTPUT_OPTIONS

ROOT = Path(__file__).parents[1]
SOURCES = [path for room in ("core", "comfyui_nodes", "gimp_plugin") for path in sorted((ROOT / room).rglob("*.py"))]
STAGES = {"read", "load", "detect", "mask", "second look", "matting", "foreground", "quality", "answer"}

# The declaration, and the keywords that type checkers see (PEP 692 wants them written out).
ALLOWED = {
    *(("core/cutsmith/options.py", f"class {part.__name__}") for part in PARTS.values()),
    ("core/cutsmith/request.py", "class Options"),
}
# Python's own doors take each as a keyword; all other doors make them of the declaration.
ALLOWED_OUTPUT = {
    ("core/cutsmith/output.py", "class Output"),
    ("core/cutsmith/batch/unit.py", "overwrite, skip_existing, name"),
    ("core/cutsmith/result/cutout.py", "def save"),
    ("core/cutsmith/result/cutout.py", "def save_mask"),
    ("core/cutsmith/result/cutout.py", "overwrite, quality, keep_metadata"),
    ("core/cutsmith/picture/picture.py", "def save"),
    ("core/cutsmith/result/canvas/settings.py", "class Canvas"),
    # Which of them change the frame, and which the canvas checks itself.
    ("core/cutsmith/result/canvas/of_output.py", "canvas, preset, crop, fill, margin, position, shadow"),
    ("core/cutsmith/result/canvas/settings.py", "fill, margin, position, shadow, crop"),
    ("core/cutsmith/result/canvas/presets.py", "class Preset"),
    # What says of files what no answer over HTTP has.
    ("core/cutsmith/service/output_fields.py", "name, overwrite, skip_existing, detections_only"),
    # What stands for a value in the command line's help.
    ("core/cutsmith/cli/request_options.py", "background, name, canvas, margin, position, preset"),
}
_ROOMS_OWN = "a room's own function: it takes what it needs, and no request"
_PROMPT = "what a segmenter is asked for, box, points and mask together: a contract between rooms"
_WORDS = "a door's own word for each option"
# What lists names besides, and why. A place that no longer does must leave this list.
EXCEPTIONS = {
    ("core/cutsmith/detection/loading.py", "def load_detector"): _ROOMS_OWN,
    ("core/cutsmith/detection/selection.py", "box_threshold, text_threshold, max_detections"): _ROOMS_OWN,
    ("core/cutsmith/detection/selection.py", "def select"): _ROOMS_OWN,
    ("core/cutsmith/cli/evaluate_command.py", "model, looks, matting"): "the three whose values are crossed",
    ("core/cutsmith/engines/opening.py", "def __call__"): _ROOMS_OWN,
    ("core/cutsmith/engines/opening.py", "def open_model"): _ROOMS_OWN,
    ("core/cutsmith/matting/bimatting/loading.py", "def load_named"): _ROOMS_OWN,
    ("core/cutsmith/matting/loading.py", "def load_network"): _ROOMS_OWN,
    ("core/cutsmith/matting/loading.py", "engine, device, threads"): _ROOMS_OWN,
    ("core/cutsmith/matting/vitmatte/loading.py", "def load_vitmatte"): _ROOMS_OWN,
    ("core/cutsmith/pipeline/loading.py", "engine, device, threads"): _ROOMS_OWN,
    ("core/cutsmith/protocols.py", "class Prompt"): _PROMPT,
    ("core/cutsmith/removal/loading.py", "def load_remover"): _ROOMS_OWN,
    ("core/cutsmith/removal/loading.py", "engine, device, threads"): _ROOMS_OWN,
    ("core/cutsmith/segmentation/loading.py", "def load_segmenter"): _ROOMS_OWN,
    ("core/cutsmith/segmentation/prompts.py", "box, points, mask"): _PROMPT,
    ("comfyui_nodes/kept_models.py", "def open_onnx"): "what the engine's own opener takes",
    ("comfyui_nodes/kept_models.py", "engine, device, threads"): "what the engine's own opener takes",
    ("comfyui_nodes/nodes/rembg_cut.py", "def execute"): "ComfyUI hands a node's inputs over by name",
    ("comfyui_nodes/nodes/sam2_mask.py", "matting, foreground, subject_alone"): "what a mask of objects goes without",
    ("comfyui_nodes/nodes/sam2_mask.py", "def execute"): "ComfyUI hands a node's inputs over by name",
    ("gimp_plugin/cutsmith/plug_in/settings.py", "class Settings"): "GIMP hands a procedure's arguments over by name",
    ("comfyui_nodes/shared_inputs.py", "mask_blur, mask_offset, invert"): "saved workflows hold widgets in this order",
}

# Of these files every place: each is a door's page of words, with a word for each option.
PAGES_OF_WORDS = {
    "comfyui_nodes/words.py": _WORDS,
    "gimp_plugin/cutsmith/plug_in/words.py": _WORDS,
}


def names_in(node: ast.AST) -> list[str]:
    """The names that a signature, a class's annotated fields, a call's keywords or a literal of texts spells out."""
    found: list[object] = []
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            found = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        case ast.ClassDef():
            found = [
                each.target.id
                for each in node.body
                if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
            ]
        case ast.Call():
            found = [each.arg for each in node.keywords]
        case ast.Dict():
            found = [each.value for each in node.keys if isinstance(each, ast.Constant)]
        case ast.Tuple() | ast.List() | ast.Set():
            found = [each.value for each in node.elts if isinstance(each, ast.Constant)]
    return list(dict.fromkeys(each for each in found if isinstance(each, str)))


def label(node: ast.AST, names: list[str]) -> str:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return f"def {node.name}"
        case ast.ClassDef():
            return f"class {node.name}"
    return ", ".join(names)


def places(tree: ast.AST, options: Mapping[str, Option] = OPTIONS) -> Iterator[str]:
    """Every place in `tree` that spells out three options or more; kinds of values and stages share some names."""
    for node in ast.walk(tree):
        all_names = names_in(node)
        names = [name for name in all_names if name in options]
        if len(names) >= 3 and not set(names) <= set(get_args(Kind)) and not set(all_names) <= STAGES:
            yield label(node, names)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(text, /, box, *, points): ...", ["def f"]),
        ("async def f(text, box, points): ...", ["def f"]),
        ("lambda text, box, points: 0", ["text, box, points"]),
        ("class C:\n    text: str\n    box: int = 3\n    points: int", ["class C"]),
        ("f(text=1, box=2, points=3)", ["text, box, points"]),
        ("{'text': 1, 'box': 2, 'points': 3, **more}", ["text, box, points"]),
        ("('text', 'box', 'points')", ["text, box, points"]),
        ("['text', 'box', 'points', other]", ["text, box, points"]),
        ("{'text', 'box', 'points'}", ["text, box, points"]),
        ("f(text=1, box=2)", []),
        ("('text', 'text', 'box')", []),
        ("('box', 'points', 'band', 'model')", []),
        ("{'mask': 8, 'matting': 12, 'foreground': 2, 'read': 1}", []),
        ("{'mask': 8, 'matting': 12, 'foreground': 2, 'invert': 1}", ["mask, matting, foreground, invert"]),
    ],
)
def test_the_count_sees_every_kind_of_place(source, found) -> None:
    assert list(places(ast.parse(source))) == found


def test_the_names_of_options_are_spelled_out_in_the_declaration_alone() -> None:
    found = Counter(
        (path.relative_to(ROOT).as_posix(), place) for path in SOURCES for place in places(ast.parse(path.read_text()))
    )
    assert set(found) >= ALLOWED
    others = {place for place in found if place not in ALLOWED}
    assert {path for path, _ in others} >= set(PAGES_OF_WORDS), "these list no options any more: take them off"
    left = {(path, place) for path, place in others if path not in PAGES_OF_WORDS}
    assert left - set(EXCEPTIONS) == set(), "these list options anew: make them of cutsmith.options.OPTIONS"
    assert set(EXCEPTIONS) - left == set(), "these list no options any more: take them off"
    assert all(found[place] == 1 for place in (*ALLOWED, *EXCEPTIONS))


def test_the_options_of_an_output_are_spelled_out_in_their_declaration_and_for_python() -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), place)
        for path in SOURCES
        for place in places(ast.parse(path.read_text()), OUTPUT_OPTIONS)
    }
    assert found == ALLOWED_OUTPUT


def test_the_declaration_and_the_keywords_are_three_places_at_most() -> None:
    assert len({path for path, _ in ALLOWED}) <= 3


def numbers_given_to(name: str, tree: ast.AST) -> Iterator[ast.Constant]:
    """The literal numbers that stand as the value or the default of `name`, whatever its case."""
    for node in ast.walk(tree):
        pairs: list[tuple[str | None, ast.AST | None]] = []
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                ordered = [*node.args.posonlyargs, *node.args.args]
                pairs = [
                    *zip([each.arg for each in ordered[::-1]], node.args.defaults[::-1], strict=False),
                    *zip([each.arg for each in node.args.kwonlyargs], node.args.kw_defaults, strict=True),
                ]
            case ast.Assign():
                targets = [each for target in node.targets for each in getattr(target, "elts", [target])]
                values = getattr(node.value, "elts", [node.value] * len(targets))
                pairs = [(getattr(target, "id", None), value) for target, value in zip(targets, values, strict=False)]
            case ast.AnnAssign():
                pairs = [(getattr(node.target, "id", None), node.value)]
            case ast.keyword():
                pairs = [(node.arg, node.value)]
            case ast.Dict():
                pairs = [
                    (key.value, value)
                    for key, value in zip(node.keys, node.values, strict=True)
                    if isinstance(key, ast.Constant) and isinstance(key.value, str)
                ]
        for target, value in pairs:
            is_number = isinstance(value, ast.Constant) and isinstance(value.value, int | float)
            if target is not None and target.lower().endswith(name) and is_number:
                yield value


@pytest.mark.parametrize("name", ["box_threshold", "text_threshold"])
@pytest.mark.parametrize(
    "source",
    [
        "def f(a, {0}=0.3, b=None): ...",
        "def f(a, *, {0}=0.3, b): ...",
        "X, {1} = 1, 0.3",
        "DEFAULT_{1}: float = 0.3",
        "f({0}=0.3)",
        "x = {{'{0}': 0.3}}",
    ],
)
def test_the_search_for_defaults_sees_them_everywhere(name, source) -> None:
    (found,) = numbers_given_to(name, ast.parse(source.format(name, name.upper())))
    assert found.value == 0.3


@pytest.mark.parametrize("name", ["box_threshold", "text_threshold"])
def test_a_thresholds_default_range_and_help_stand_in_one_place(name) -> None:
    trees = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in SOURCES}
    assert [path for path, tree in trees.items() for _ in numbers_given_to(name, tree)] == []
    texts = [
        path
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value == OPTIONS[name].help
    ]
    assert texts == ["core/cutsmith/options.py"]


@pytest.mark.parametrize("option", [*OPTIONS.values(), *OUTPUT_OPTIONS.values()], ids=[*OPTIONS, *OUTPUT_OPTIONS])
def test_no_help_is_written_twice(option) -> None:
    holders = [path for path in SOURCES if option.help in path.read_text()]
    home = "core/cutsmith/output.py" if option.part == "output" else "core/cutsmith/options.py"
    assert [path.relative_to(ROOT).as_posix() for path in holders] == [home]
