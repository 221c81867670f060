"""What the command line, ComfyUI and GIMP show of every error: in its own terms, and nothing that it does not have.

Once for every error with every cure of every option, and once for failures that are provoked in the engine: told.txt
has those as they are shown. `python -m tests.doors.doors` writes it anew.
"""

from __future__ import annotations

import ast
import inspect
import re
import shlex
import sys
from collections.abc import Iterator
from typing import get_args

import click
import pytest

from comfyui_nodes.words import INPUTS
from cutsmith import errors
from cutsmith.cli.cut_command import cut
from cutsmith.cli.models_command import models
from cutsmith.cures import Action, Cure
from cutsmith.errors import CutsmithError
from cutsmith.options import OPTIONS as DECLARED
from gimp_plugin.cutsmith.plug_in.settings import EDGES, Settings
from gimp_plugin.cutsmith.plug_in.words import FIELDS
from tests.doors.catalogue import COMFYUI, COMMAND_LINE, DOORS, FAILURES, GIMP, WARNINGS, Failure
from tests.doors.doors import INSTALLATION, ROOT, TOLD, provoked, shown, told

# Those of a request, and what the command line has beside them.
OPTIONS = sorted({*DECLARED, "background", "overwrite", "quality", "output", "provenance"})
VALUES = {
    "device": ("auto", "cpu", "cuda", "mps"),
    "engine": ("auto", "openvino", "onnxruntime"),
    "matting": ("none", "auto", "closed-form", "poisson"),
    "foreground": ("none", "multilevel"),
    "background": ("white", "transparent", "blur", "beach.jpg"),
    "box": ("40,60,300,420",),
    "points": ("240,180", "240,180 30,40,0"),
    "band": ("3,3",),
    "text": ("red mug",),
    "model": ("u2net", "mine.onnx", "rembg:u2net"),
    "segmenter": ("sam2.1-hiera-tiny", "subject-in-box"),
}
ARGUMENTS: dict[str, dict[str, object]] = {"SubjectNotFound": {"best_probability": 0.1, "threshold": 0.5}}
KINDS = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, CutsmithError)]
FLAG = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")
BARE_COMMAND = re.compile(r"\bcutsmith (models|doctor|cut|worker)\b|\bpip3? install\b|\binstall\.py\b")
PYTHON_SPELLING = re.compile(rf"\b({'|'.join(OPTIONS)})=")


def cures() -> Iterator[Cure]:
    """Every action for every option, with and without words; fetched, installed and run is something of each kind."""
    for text in ("", "To be sure"):
        for option in OPTIONS:
            for value in VALUES.get(option, ("7",)):
                yield from (Cure(action, text, option, value) for action in ("set", "give"))
            yield from (Cure(action, text, option) for action in ("leave_out", "lower"))
        yield from (Cure("fetch", text, names=("u2net",), accepts_licence=licence) for licence in (False, True))
        yield from (
            Cure("install_extra", text, names=(extra,)) for extra in ("sam2", "text", "groundingdino", "heic", "jxl")
        )
        yield Cure("install_packages", text, names=("openvino", "onnxruntime"))
        yield Cure("fetch", text, value="FOLDER|URL", names=("u2net",))
        yield Cure("fetch", text, names=("rembg:u2net_cloth_seg",), accepts_licence=True)
        for names in (("models", "list"), ("doctor",)):
            yield Cure("run", text, names=names)
    yield Cure("advise", "Do it again.")


CURES = list(cures())


def commands_of(group: click.Group) -> Iterator[click.Command]:
    yield from group.commands.values()


FLAGS = {flag for command in (cut, *commands_of(models)) for parameter in command.params for flag in parameter.opts} | {
    "-m",
    "--with",
    "--no-deps",
}


def constants(*files: str) -> set[str]:
    """The texts that stand in a file of the checkout."""
    trees = [ast.parse((ROOT / file).read_text(encoding="utf-8")) for file in files]
    return {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def assigned(file: str, name: str) -> tuple[str, ...]:
    """The value of a constant in a file of the checkout, which cannot be imported without its host."""
    for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]:
            found: tuple[str, ...] = ast.literal_eval(node.value)
            return found
    raise AssertionError(f"{file} has no {name}")


def inputs_of_the_nodes() -> set[str]:
    """The names of all inputs in the nodes' schemas."""
    pack = ROOT / "comfyui_nodes"
    files = [pack / "shared_inputs.py", pack / "model_lists.py", *(pack / "nodes").glob("*.py")]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]
    named = {str(node.args[0].value) for node in nodes if is_input(node) and isinstance(node.args[0], ast.Constant)}
    makers = ("mask_edit_inputs", "hardening_inputs")
    edits = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name in makers]
    assert len(edits) == len(makers)
    words = (each for edit in edits for each in ast.walk(edit) if isinstance(each, ast.Constant))
    return named | {each.value for each in words if each.value in DECLARED}


def is_input(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and bool(re.fullmatch(r"io\.\w+\.Input|option_input", ast.unparse(node.func)))


NODE_INPUTS = inputs_of_the_nodes()
NODE_VALUES = {
    "device": assigned("comfyui_nodes/loaded_models.py", "DEVICES"),
    "matting": DECLARED["matting"].choices,
    "background": ("none", "color", "transparent"),
}
PLUG_IN = "gimp_plugin/cutsmith/plug_in"
LABELS = {
    text.replace("_", "").removesuffix(":") for text in constants(f"{PLUG_IN}/procedures.py", f"{PLUG_IN}/dialog.py")
} | {"Words"}


def before_a_command(line: str, door: str) -> str:
    """`line` up to the whole command in it, which begins with the interpreter; all of it where it has none."""
    starts = {COMFYUI: (f"{sys.executable} ", "/PYTHON "), GIMP: (INSTALLATION.typed_command, INSTALLATION.install)}
    for start in starts[door]:
        said, found, command = line.partition(start)
        if found:
            assert door == GIMP or command.startswith(("-m cutsmith ", "-m pip install ", str(ROOT), "/CLONE")), line
            return said
    return line


def check(text: str, door: str) -> None:
    """Refuse what the door does not have."""
    assert text.strip()
    assert not PYTHON_SPELLING.search(text), text
    if door == COMMAND_LINE:
        unknown = {each for line in text.split("\n") for each in FLAG.findall(line)} - FLAGS
        assert not unknown, f"{unknown} in {text}"
        return
    names = {name for name in OPTIONS if "_" in name} | {"band_inner", "band_outer"}
    for line in text.split("\n"):
        said = before_a_command(line, door)
        assert not FLAG.search(said), text
        assert not BARE_COMMAND.search(said), text
        own = NODE_INPUTS if door == COMFYUI else set()
        assert {name for name in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", said) if name in names} <= own, text
        if door == COMFYUI:
            for clause in re.findall(r"\b[Ss]et (\w+)[^.]*? to ([\w-]+)", said):
                name, value = clause
                assert name in NODE_INPUTS, text
                assert value in NODE_VALUES.get(name, (value,)), text
        else:
            for edge in re.findall(r"\bEdge: ([A-Z][a-z ]+)", said):
                assert edge.strip() in EDGES.values(), text


def test_the_doors_have_what_their_pages_name() -> None:
    assert set(INPUTS.values()) <= NODE_INPUTS
    assert set(FIELDS.values()) <= LABELS
    assert set(FIELDS) <= set(OPTIONS)
    assert set(INPUTS) <= set(OPTIONS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_with_every_cure_is_told_in_each_doors_terms(kind) -> None:
    everything = [Settings(), Settings(what="words", prompt="mug"), Settings(what="selection")]
    for number, cure in enumerate(CURES):
        error = kind("It failed.", cure, **ARGUMENTS.get(kind.__name__, {}))
        for door, text in shown(error, everything[number % 3]).items():
            assert "It failed." in text
            check(text, door)


@pytest.mark.parametrize("option", OPTIONS)
def test_a_wrong_value_of_every_option_is_told_in_each_doors_terms(option) -> None:
    error = errors.BadOption(option=option, found="7", wanted="so")
    for door, text in shown(error, Settings()).items():
        assert re.fullmatch(r"[^\n]+ must be .+, but got 7\.", text), text
        check(text, door)


def test_each_action_is_among_the_cures() -> None:
    assert {cure.action for cure in CURES} == set(get_args(Action))


def test_a_command_line_can_be_typed() -> None:
    for cure in CURES:
        if cure.action not in ("fetch", "run", "install_packages") or cure.text:
            continue
        for door, text in shown(CutsmithError("It failed.", cure), Settings()).items():
            if door == GIMP and cure.action == "install_packages":
                continue  # The installer brings them all.
            line = text.split("\n")[-1].strip()
            words = shlex.split(line.partition(": ")[2] or line)
            assert set(cure.names) <= set(words), f"{door}: {line}"


@pytest.mark.torch
def test_told_txt_is_what_the_doors_show_now() -> None:
    assert told() == TOLD.read_text(encoding="utf-8"), "python -m tests.doors.doors writes it anew"


# PyTorch's own errors, which no other package raises.
OF_TORCH = {"A graphics processor whose memory is full", "A processor whose memory is full"}


def marked(failure: Failure):
    return pytest.param(failure, marks=pytest.mark.torch if failure.title in OF_TORCH else (), id=failure.title)


@pytest.mark.parametrize("failure", map(marked, [*FAILURES, *WARNINGS]))
def test_what_the_engine_refuses_is_told_in_each_doors_terms(failure: Failure) -> None:
    _, said = provoked(failure)
    for door, text in said.items():
        check(text, door)


def test_every_kind_of_error_is_provoked() -> None:
    kinds = {kind for kind in KINDS if not kind.__subclasses__()}
    kept = TOLD.read_text(encoding="utf-8")
    assert {kind.__name__ for kind in kinds if f"({kind.__name__})" not in kept} == set()
    assert {door for failure in FAILURES for door in failure.doors} == set(DOORS)
