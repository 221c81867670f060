"""A clone is a node pack only inside ComfyUI, and no module of the pack brings anything heavy with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "cv2", "onnxruntime", "PIL", "scipy", "pymatting", "rembg", "sam2", "transformers")
# Without what only ComfyUI has.
MODULES = ("bounding_boxes", "click_points", "engine_check", "shell_commands", "tensors", "words")


def printed(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("name", ["/custom_nodes/cutsmith", "repo-x", "ComfyUI_Cutsmith.main"])
def test_a_clone_of_any_name_does_nothing_outside_comfyui(name) -> None:
    code = """
import sys
from importlib.util import module_from_spec, spec_from_file_location
before = set(sys.modules)
spec = spec_from_file_location(sys.argv[1], "__init__.py", submodule_search_locations=["."])
module = sys.modules[sys.argv[1]] = module_from_spec(spec)
spec.loader.exec_module(module)
print(sorted(set(sys.modules) - before), [name for name in vars(module) if not name.startswith("__")])
"""
    assert printed(code, name) == f"['{name}'] ['sys']"


def test_no_module_of_the_pack_imports_anything_heavy() -> None:
    code = """
import sys
from importlib import import_module
for name in sys.argv[1].split():
    import_module(f"comfyui_nodes.{name}")
print(sorted(set(sys.argv[2].split()) & set(sys.modules)))
"""
    assert printed(code, " ".join(MODULES), " ".join(HEAVY)) == "[]"
