"""The __init__ of each folder is an index: a docstring that names its modules, a line each."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "installer").rglob("__init__.py"))
FOLDERS.append(ROOT / "tests/hosts/preparation")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_it_names_every_module_once_and_nothing_else(folder):
    lines = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))).splitlines()
    assert lines[1] == ""
    named = [line.split("  ")[0] for line in lines[2:]]
    modules = [path.stem for path in folder.glob("*.py") if path.stem != "__init__"]
    folders = [f"{path.parent.name}/" for path in folder.glob("*/__init__.py")]
    assert sorted(named) == sorted([*modules, *folders])
    assert len(named) == len(set(named))
