"""ruff and mypy are part of the tests, and so is the direction of the arrows between the engine's rooms."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENGINE = ROOT / "core" / "cutsmith"
PLUG_IN = ROOT / "gimp_plugin" / "cutsmith"


CHECKS = ("ruff check .", "ruff format --check .", "mypy")


@pytest.mark.parametrize("check", CHECKS)
def test_the_tree_is_clean(check) -> None:
    command = [sys.executable, "-m", *check.split()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# docs/architecture.md: each room may import only what stands before it; a room never imports a neighbour's
# implementation.
GROUND = {
    "version",
    "cures",
    "errors",
    "geometry",
    "protocols",
    "phrases",
    "options",
    "option_text",
    "output",
    "arrays",
}
QUESTION = {"request", "request_json"}
NEAR = GROUND | {"machine", "picture"}
MEANS = NEAR | {"models", "engines"}
ROOMS = MEANS | QUESTION | {"removal", "detection", "segmentation", "matting"}
ALLOWED = {
    "version": set(),
    "cures": set(),
    "options": set(),
    "output": {"options"},
    "option_text": {"cures", "errors", "options", "output"},
    "errors": {"cures"},
    "arrays": {"errors"},
    "geometry": {"errors", "cures"},
    "protocols": {"geometry", "options"},
    "phrases": {"errors", "cures"},
    "request": GROUND | {"request_json", "picture"},
    "request_json": GROUND,
    "machine": GROUND,
    "picture": GROUND | {"machine"},
    "models": NEAR,
    "engines": NEAR,
    "removal": MEANS,
    "detection": MEANS,
    "segmentation": MEANS,
    "matting": MEANS,
    "result": NEAR,
    "quality": NEAR | {"result"},
    "pipeline": ROOMS | {"result", "quality"},
    "batch": ROOMS | {"result", "pipeline", "option_text"},
    "serving": ROOMS | {"result", "pipeline"},
    # A batch's manifest and its pictures; nothing that cuts out.
    "report": NEAR | {"batch"},
    # It is a door that cli alone opens.
    "evaluation": ROOMS | {"result", "quality", "pipeline"},
    # A door that cli alone opens; it learns from the batches that people have reviewed.
    "finetuning": ROOMS | {"result", "quality", "pipeline", "evaluation", "batch", "report"},
    "worker": NEAR | {"serving"},
    # A door; it answers by the reports of batches, too.
    "service": ROOMS | {"result", "pipeline", "batch", "report", "serving"},
}
# They stand above all rooms and may import any.
DOORS = {"__init__", "__main__", "cli"}


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        modules = []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import, which says less than cutsmith.ROOM"
            # `from cutsmith import pipeline` names a room too.
            modules = [str(node.module), *(f"{node.module}.{name.name}" for name in node.names)]
        elif isinstance(node, ast.Import):
            modules = [name.name for name in node.names]
        rooms |= {module.split(".")[1] for module in modules if module.startswith("cutsmith.")}
    return rooms & (set(ALLOWED) | DOORS)


def test_every_room_has_its_arrows() -> None:
    rooms = {path.stem for path in ENGINE.glob("*.py")} | {path.parent.name for path in ENGINE.glob("*/__init__.py")}
    assert rooms == set(ALLOWED) | DOORS


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_arrows_point_one_way(room) -> None:
    folder = ENGINE / room
    files = list(folder.rglob("*.py")) if folder.is_dir() else [ENGINE / f"{room}.py"]
    assert files
    for path in files:
        wrong = imported_rooms(path) - ALLOWED[room] - {room}
        assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}"


# Programs that the engine starts or tells of: the flags of npm, of Ray, and of the worker's own command.
ARGUMENTS_OF_PROGRAMS = {
    "batch/on_ray/cluster.py": {"--head"},
    "models/npm_package.py": {"--pack-destination", "--ignore-scripts"},
    "worker/client.py": {"--folder", "--idle-exit"},
}
# Rooms and modules whose errors are not data yet.
PENDING: set[str] = set()
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def strings_outside_docstrings(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    # A text that is a statement by itself documents what stands before it.
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in documents)
    return [node.value for node in constants if isinstance(node.value, str)]


def flags_in(path: Path) -> set[str]:
    return {flag for text in strings_outside_docstrings(path) for flag in FLAG.findall(text)}


def test_the_engine_names_no_flag_of_the_command_line() -> None:
    checked = set()
    for path in sorted(ENGINE.rglob("*.py")):
        name = path.relative_to(ENGINE)
        # The service is started from the command line, and tells its operator how.
        if name.parts[0] in ("cli", "service") or name.parts[0] in PENDING:
            continue
        found = flags_in(path)
        assert found == ARGUMENTS_OF_PROGRAMS.get(name.as_posix(), set()), f"{name}: each door has words of its own"
        checked.add(name.as_posix())
    assert set(ARGUMENTS_OF_PROGRAMS) <= checked


def test_a_flag_in_a_message_is_found_and_one_in_a_docstring_is_not(tmp_path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        '"""About --this."""\n\n\ndef f(x):\n    """And --that."""\n    return f"leave --band out {x}", "a--b ---c"\n'
    )
    assert flags_in(path) == {"--band"}


WORKER_FILES = {"client", "protocol", "rendezvous", "session"}


@pytest.mark.parametrize("path", sorted(PLUG_IN.rglob("*.py")), ids=lambda path: path.stem)
def test_the_gimp_plug_in_needs_the_standard_library_and_gi_alone(path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and not node.level:
            imported = {str(node.module)}
            if node.module == "cutsmith" and [name.name for name in node.names] == ["options"]:
                continue
            if node.module == "cutsmith.worker":
                assert {name.name for name in node.names} <= WORKER_FILES
        elif isinstance(node, ast.Import):
            imported = {name.name for name in node.names}
        else:
            continue
        for module in imported:
            top = module.partition(".")[0]
            is_own = top == "plug_in" or module.removeprefix("cutsmith.worker.") in WORKER_FILES | {
                "cutsmith.worker",
                "options",
            }
            # cairo is part of the Python that GIMP brings; a distribution that leaves it out is told.
            assert top in ("gi", "cairo") or is_own or top in sys.stdlib_module_names, (
                f"{path.relative_to(ROOT)} imports {module}"
            )


def test_no_file_is_too_long_and_none_is_a_catch_all() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\n")
    for name in filter(None, listed):
        path = ROOT / name
        assert path.name not in ("utils.py", "helpers.py", "misc.py", "common.py")
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 420, f"{name} asks to be split"


def test_pre_commit_runs_the_very_same_checks() -> None:
    config = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    entries = re.findall(r"^ +entry: python -m (.+)$", config, re.MULTILINE)
    assert tuple(entries) == CHECKS
    assert config.count("- id:") == config.count("language: system") == config.count("pass_filenames: false") == 3
    assert "repo: http" not in config
