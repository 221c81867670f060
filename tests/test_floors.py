"""The engine's imports: no circle among its modules, and no more floors of rooms than the map draws."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

ENGINE = Path(__file__).parents[1] / "core" / "cutsmith"
MOST_FLOORS = 11


@cache
def imports() -> dict[str, set[str]]:
    """Each module of the engine ("picture.colour") with the modules that it imports, anywhere in it."""
    names = {path: ".".join(path.relative_to(ENGINE).with_suffix("").parts) for path in ENGINE.rglob("*.py")}
    modules = {name.removesuffix(".__init__"): path for path, name in names.items() if not name.startswith("__")}
    found = {}
    for name, path in modules.items():
        found[name] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "cutsmith":
                room = str(node.module).partition(".")[2]
                for each in node.names:
                    inner = f"{room}.{each.name}".lstrip(".")
                    found[name] |= {module for module in (inner, room) if module in modules and module != name}
    return found


def rooms() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for module, imported in imports().items():
        room = module.partition(".")[0]
        found.setdefault(room, set()).update({each.partition(".")[0] for each in imported} - {room})
    return found


def test_imports_are_seen() -> None:
    assert "picture.colour" in imports()["picture.picture"]
    assert "options" in imports()["request"]
    assert "pipeline" in rooms()["batch"]


def test_no_modules_import_each_other_in_a_circle() -> None:
    # Raises CycleError, with the circle, where there is one.
    assert len(list(TopologicalSorter(imports()).static_order())) == len(imports())


def test_the_rooms_stand_on_at_most_eleven_floors() -> None:
    arrows = rooms()
    floor: dict[str, int] = {}
    for room in TopologicalSorter(arrows).static_order():
        floor[room] = 1 + max((floor[below] for below in arrows[room]), default=0)
    assert max(floor.values()) <= MOST_FLOORS, sorted(floor.items(), key=lambda each: each[1])
