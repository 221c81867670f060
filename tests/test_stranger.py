"""A stranger adds a model, a matting method and an option; CONTRIBUTING.md lists exactly the files that it takes."""

from __future__ import annotations

import filecmp
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
PACKAGE = "core/cutsmith"

pytestmark = pytest.mark.slow


def listed(heading: str) -> list[str]:
    """The files that CONTRIBUTING.md lists under a heading, in its order."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"CONTRIBUTING.md has no heading {heading!r}"
    return re.findall(r"^- `([^`]+)`:", found[1], re.MULTILINE)


def in_the_package(heading: str, **names: str) -> set[str]:
    """Of the files listed under a heading those of the package, the capitals in them replaced by `names`."""
    files = {path for path in listed(heading) if path.startswith(f"{PACKAGE}/")}
    for capitals, name in names.items():
        files = {path.replace(capitals, name) for path in files}
    return files


HEADINGS = [
    "Add a removal model",
    "Add a matting method",
    "Add a segmenter",
    "Add a node",
    "Add an option",
]


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_files_that_are_listed_are_there(heading) -> None:
    files = listed(heading)
    assert len(files) >= 2
    for path in files:
        has_placeholder = re.search(r"[A-Z]{3,}", Path(path).name) is not None
        assert ((ROOT / path).parent if has_placeholder else ROOT / path).exists(), path


class Clone:
    """A scratch copy of the package, in which a stranger works."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / PACKAGE, folder / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))

    def edit(self, path: str, change: Callable[[str], str]) -> None:
        file = self.folder / path
        before = file.read_text("utf-8") if file.exists() else ""
        after = change(before)
        assert after != before
        file.write_text(after, "utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        def change(text: str) -> str:
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
            return text.replace(old, new)

        self.edit(path, change)

    def add_line_before(self, path: str, line: str, new: str) -> None:
        self.replace(path, line, new + line)

    def touched(self) -> set[str]:
        """The files that differ from the original's, are new, or are gone."""
        found: set[str] = set()

        def compare(comparison: filecmp.dircmp, under: str) -> None:
            both = comparison.common_files
            _, different, unreadable = filecmp.cmpfiles(comparison.left, comparison.right, both, shallow=False)
            for name in (*different, *unreadable, *comparison.left_only, *comparison.right_only):
                found.add(f"{under}/{name}")
            for name, inner in comparison.subdirs.items():
                compare(inner, f"{under}/{name}")

        compare(filecmp.dircmp(ROOT / PACKAGE, self.folder / PACKAGE, ignore=["__pycache__"]), PACKAGE)
        return found

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        home = self.folder / "home"
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={
                **os.environ,
                "PYTHONPATH": str(self.folder / "core"),
                "PYTHONDONTWRITEBYTECODE": "1",
                "COLUMNS": "200",
                "HOME": str(home),
                "XDG_DATA_HOME": str(home / "data"),
                "LOCALAPPDATA": str(home / "data"),
            },
        )

    def cutsmith(self, *arguments: str) -> str:
        done = self.run("-m", "cutsmith", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def clone(tmp_path) -> Clone:
    clone = Clone(tmp_path)
    assert clone.touched() == set()
    picture = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(picture).save(tmp_path / "photo.png")
    found = clone.run("-c", "import cutsmith; print(cutsmith.__file__)").stdout.strip()
    assert Path(found).is_relative_to(tmp_path)
    return clone


@pytest.fixture
def network(clone) -> Path:
    """A tiny network in a folder of its own, whose map is 1 on the left half."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    across = np.broadcast_to(np.arange(64) < 32, (1, 1, 64, 64)).astype(np.float32)
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
        helper.make_node("Add", ["zero", "across"], ["mask"]),
    ]
    initializers = [
        numpy_helper.from_array(across, "across"),
        numpy_helper.from_array(np.zeros(1, np.float32), "nothing"),
    ]
    graph = helper.make_graph(
        nodes,
        "stranger",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1, 1, 64, 64])],
        initializers,
    )
    path = clone.folder / "stick" / "stranger.onnx"
    path.parent.mkdir()
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def add_the_model(clone: Clone, network: Path) -> None:
    content = network.read_bytes()
    table = f"""
[models.stranger]
title = "Stranger"
filename = "stranger.onnx"
urls = ["https://models.invalid/stranger.onnx"]
size = {len(content)}
sha256 = "{hashlib.sha256(content).hexdigest()}"
licence = "Apache-2.0"
commercial_use = true
origin = "A stranger's"
note = "The left half."

[models.stranger.salient]
input_size = 64
mean = [0.5, 0.5, 0.5]
std = [1.0, 1.0, 1.0]
divide_by = "255"
activation = "none"
output = 0
"""
    clone.edit("core/cutsmith/models/catalogue.toml", lambda text: text + table)


METHOD = '''"""Alpha that is 1 where the soft mask is above a half."""

from __future__ import annotations


class HardMatter:
    """`protocols.Matter`."""

    def alpha(self, image, soft_mask, *, trimap=None, watch=None):
        """Alpha of 0 and 1."""
        return (soft_mask > 0.5).astype("float32")
'''


def add_the_method(clone: Clone) -> None:
    clone.edit("core/cutsmith/matting/hard.py", lambda _: METHOD)
    clone.add_line_before(
        "core/cutsmith/matting/loading.py",
        "MATTERS: Mapping[",
        "def _hard(settings: MatterSettings) -> Matter:\n"
        "    from cutsmith.matting.hard import HardMatter\n\n"
        "    return HardMatter()\n\n\n",
    )
    clone.replace(
        "core/cutsmith/matting/loading.py",
        '        "closed-form": _closed_form,\n',
        '        "closed-form": _closed_form,\n        "hard": _hard,\n',
    )
    clone.replace(
        "core/cutsmith/options.py",
        'Matting = Literal["none", "auto", "closed-form",',
        'Matting = Literal["none", "auto", "closed-form", "hard",',
    )


def add_the_option(clone: Clone) -> None:
    clone.add_line_before(
        "core/cutsmith/options.py",
        '    invert: bool = _option("flag"',
        '    mask_gamma: float = _option("number", 1.0, "Raise the mask to this power.", least=0, usual=(0, 8))\n',
    )
    clone.add_line_before("core/cutsmith/request.py", "    invert: bool\n", "    mask_gamma: float\n")


def test_a_removal_model(clone, network) -> None:
    add_the_model(clone, network)
    assert clone.touched() == in_the_package("Add a removal model")
    assert "stranger" in clone.cutsmith("models", "list")
    clone.cutsmith("models", "fetch", "stranger", "--from", "stick")
    told = json.loads(clone.cutsmith("cut", "photo.png", "--model", "stranger", "--json", "-o", "cut.png"))
    assert told["provenance"]["model"].startswith("stranger")
    alpha = np.asarray(Image.open(clone.folder / "cut.png"))[..., 3]
    assert alpha[:, :25].min() == 255
    assert alpha[:, 35:].max() == 0
    assert clone.touched() == in_the_package("Add a removal model")


def test_a_matting_method(clone, network) -> None:
    add_the_method(clone)
    assert clone.touched() == in_the_package("Add a matting method", METHOD="hard")
    shown = clone.cutsmith("cut", "--help")
    assert "[none|auto|closed-form|hard|" in "".join(shown.split())
    clone.cutsmith("cut", "photo.png", "--model", str(network), "--matting", "hard", "--mask-only", "-o", "mask.png")
    assert set(np.unique(np.asarray(Image.open(clone.folder / "mask.png")))) == {0, 255}
    refused = clone.run("-m", "cutsmith", "cut", "photo.png", "--matting", "soft")
    assert refused.returncode == 2


ROUND_TRIP = """
import json
from cutsmith import Request
from cutsmith.errors import BadOption
from cutsmith.request_json import json_schema

request = Request.of(mask_gamma=2.5, invert=True).checked()
told = json.loads(json.dumps(request.to_json()))
assert told["finish"] == {"mask_gamma": 2.5, "invert": True}, told
assert Request.from_json(told).given() == request.given()
assert request.key(b"", {}) != Request.of(invert=True).key(b"", {})
assert json_schema()["properties"]["finish"]["properties"]["mask_gamma"]["minimum"] == 0
try:
    Request.of(mask_gamma=-1).checked()
except BadOption as error:
    assert error.option == "mask_gamma"
    print("refused")
"""


def test_an_option(clone, network) -> None:
    add_the_option(clone)
    assert clone.touched() == in_the_package("Add an option")
    shown = clone.cutsmith("cut", "--help")
    assert "--mask-gamma N" in shown
    assert "Raise the mask to this power. [default: 1.0]" in " ".join(shown.split())
    done = clone.run("-c", ROUND_TRIP)
    assert done.stdout.strip() == "refused", done.stderr
    told = json.loads(
        clone.cutsmith("cut", "photo.png", "--model", str(network), "--mask-gamma", "2.5", "--json", "-o", "cut.png")
    )
    assert told["provenance"]["mask_gamma"] == "2.5"


def test_all_three_side_by_side(clone, network) -> None:
    add_the_model(clone, network)
    add_the_method(clone)
    add_the_option(clone)
    assert clone.touched() == (
        in_the_package("Add a removal model")
        | in_the_package("Add a matting method", METHOD="hard")
        | in_the_package("Add an option")
    )
    clone.cutsmith("models", "fetch", "stranger", "--from", "stick")
    told = json.loads(
        clone.cutsmith(
            "cut",
            "photo.png",
            "--model",
            "stranger",
            "--matting",
            "hard",
            "--mask-gamma",
            "2",
            "--json",
            "-o",
            "cut.png",
        )
    )
    assert told["status"] == "done"
    assert {"matting": "hard", "mask_gamma": "2.0"}.items() <= told["provenance"].items()
