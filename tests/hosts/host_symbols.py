"""Which names of ComfyUI the node pack uses, read from its source: modules, their attributes, and arguments of calls.

`python -m tests.hosts.host_symbols TREE` tries them in the ComfyUI in the folder TREE, with the Python that runs this.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PACK = Path(__file__).resolve().parents[2] / "comfyui_nodes"
SCRIPT = Path(__file__).parent / "inside" / "host_symbols.py"
HOST_MODULES = frozenset(
    ("comfy", "comfy_api", "comfy_execution", "comfyui_version", "execution", "folder_paths", "nodes", "server")
)
Symbols = dict[str, set[str]]
"""Each dotted name, with the names of the arguments with which it is called."""


def used_symbols(pack: Path = PACK) -> Symbols:
    """The names of ComfyUI that the modules in `pack` use."""
    found: Symbols = {}
    for path in sorted(pack.rglob("*.py")):
        for name, arguments in _used_in(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(name, set()).update(arguments)
    return found


def _used_in(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    origins: dict[str, str] = {}
    for node in _run_in(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                if _is_host(each.name):
                    origins[each.asname or each.name.partition(".")[0]] = (
                        each.name if each.asname else each.name.partition(".")[0]
                    )
                    yield each.name, []
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module and _is_host(node.module):
            for each in node.names:
                origins[each.asname or each.name] = f"{node.module}.{each.name}"
                yield f"{node.module}.{each.name}", []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (name := _dotted(node, origins)):
            yield name, []
        elif isinstance(node, ast.Call) and (name := _dotted(node.func, origins)):
            yield name, [each.arg for each in node.keywords if each.arg is not None]


def _run_in(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only a type checker sees."""
    if isinstance(tree, ast.If) and isinstance(tree.test, ast.Name) and tree.test.id == "TYPE_CHECKING":
        return
    yield tree
    for child in ast.iter_child_nodes(tree):
        yield from _run_in(child)


def _is_host(module: str) -> bool:
    return module.partition(".")[0] in HOST_MODULES


def _dotted(node: ast.expr, origins: dict[str, str]) -> str:
    """The host's own name for `node`, such as "comfy.utils.ProgressBar"; "" where it is none of the host's."""
    if isinstance(node, ast.Name):
        return origins.get(node.id, "")
    if isinstance(node, ast.Attribute) and (left := _dotted(node.value, origins)):
        return f"{left}.{node.attr}"
    return ""


def missing_symbols(tree: Path, python: Path, symbols: Symbols) -> list[str]:
    """What of `symbols` the ComfyUI in `tree`, run with `python`, does not have, one line each."""
    told = {name: sorted(arguments) for name, arguments in symbols.items()}
    command = [str(python), str(SCRIPT), json.dumps({"tree": str(tree), "symbols": told})]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    missing: list[str] = json.loads(done.stdout.splitlines()[-1])
    return missing


if __name__ == "__main__":
    symbols = used_symbols()
    lines = missing_symbols(Path(sys.argv[1]).resolve(), Path(sys.executable), symbols)
    sys.stdout.write("\n".join([*lines, f"{len(symbols)} names are used, {len(lines)} are missing."]) + "\n")
