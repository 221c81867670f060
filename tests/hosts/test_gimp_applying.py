"""Applying a result in the genuine GIMP is done whole or not at all, whatever ends it and wherever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cutsmith.worker import client
from tests.hosts.gimp_host import CUT_OUT, LAYER, REFINE_MASK, GimpHost

pytestmark = [pytest.mark.slow, pytest.mark.weights]

OTHER = "other"
# A call of GIMP's own that fails the nth time: such calls return that, and raise nothing.
FAILING = """
def _failing(kind, name, nth):
    calls, real = [], getattr(kind, name)

    def call(*given):
        calls.append(given)
        return real(*given) if len(calls) != nth else False

    setattr(kind, name, call)


"""
# The end of the process, as GIMP's Cancel brings it.
KILLED = """
import os, signal

def _killed(name, nth):
    calls, real = [], globals()[name]

    def call(*given):
        calls.append(given)
        if len(calls) == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given)

    globals()[name] = call


"""


@pytest.fixture
def with_fault(gimp: GimpHost) -> Iterator[Callable[[str], None]]:
    """Adds a fault to the plug-in's results.py, for the time of a test."""
    path = gimp.profile.place / "plug_in" / "results.py"

    def add(fault: str) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(fault)

    yield add
    gimp.install()


def left(state: dict[str, Any]) -> dict[str, Any]:
    """What is to be the same; that something was done and taken back, GIMP may remember."""
    return {name: value for name, value in state.items() if name != "is_dirty"}


def tried(gimp: GimpHost, pictures: Path, tmp_path: Path, arguments: dict[str, Any]) -> tuple[str, str]:
    """Cut out two layers that have masks, in vain, after which all is as before; -> what is told, and GIMP's log."""
    masks = [np.full((300, 451), 77, np.uint8), np.tile(np.arange(451) % 256, (300, 1)).astype(np.uint8)]
    for number, mask in enumerate(masks):
        (tmp_path / f"{number}.raw").write_bytes(mask.tobytes())
    before, said, after, one, two = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("copy_layer", LAYER, OTHER),
        ("paint_mask", LAYER, str(tmp_path / "0.raw")),
        ("paint_mask", OTHER, str(tmp_path / "1.raw")),
        ("select", 30, 40, 100, 90),
        ("state",),
        ("call", CUT_OUT, arguments, [LAYER, OTHER]),
        ("state",),
        ("dump", f"mask:{LAYER}"),
        ("dump", f"mask:{OTHER}"),
    )
    assert left(after) == left(before)
    np.testing.assert_array_equal(one, masks[0])
    np.testing.assert_array_equal(two, masks[1])
    return said, (gimp.home / str(gimp._count) / "said.txt").read_text(errors="replace")


@pytest.mark.parametrize(
    ("result", "call"),
    [
        ("layer-mask", 'Gimp.Layer, "add_mask", 1'),
        ("layer-mask", 'Gimp.Layer, "add_mask", 2'),
        ("new-layer", 'Gimp.Image, "insert_layer", 2'),
        ("new-layer", 'Gimp.Item, "set_visible", 4'),
        ("cleaned-layer", 'Gimp.Image, "insert_layer", 2'),
        ("selection", 'Gimp.Image, "select_item", 1'),
        ("channel", 'Gimp.Image, "insert_channel", 2'),
    ],
)
def test_what_fails_in_the_middle_of_it_leaves_nothing(
    gimp: GimpHost, pictures: Path, quick: str, with_fault, tmp_path: Path, result: str, call: str
) -> None:
    with_fault(f"{FAILING}_failing({call})\n")
    said, log = tried(gimp, pictures, tmp_path, {"edge": "off", "model": quick, "result": result})
    assert "GIMP refused the result" in said
    assert "inconsistent" not in log, "an undo step was left open"


@pytest.mark.parametrize("result", ["layer-mask", "new-layer", "cleaned-layer", "selection", "channel"])
@pytest.mark.parametrize("where", ["while it is built", "at its end"])
def test_cancel_up_to_the_end_of_the_progress_leaves_nothing(
    gimp: GimpHost, pictures: Path, quick: str, with_fault, tmp_path: Path, result: str, where: str
) -> None:
    written = "write_pixels" if result == "cleaned-layer" else "write_alpha"
    call = f'"{written}", 2' if where == "while it is built" else '"end_progress", 1'
    with_fault(f"{KILLED}_killed({call})\n")
    said, log = tried(gimp, pictures, tmp_path, {"edge": "off", "model": quick, "result": result})
    assert said
    assert "inconsistent" not in log, "an undo step was left open"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("cut.layer.resize(60, 50, 0, 0)", f'The layer "{LAYER}" has changed its size while it was cut out.'),
        ("cut.layer.get_image().remove_layer(cut.layer)", "A layer was removed while it was cut out."),
    ],
)
def test_a_layer_that_was_changed_meanwhile_is_told(
    gimp: GimpHost, pictures: Path, quick: str, with_fault, change: str, told: str
) -> None:
    with_fault(f"_check = _check_unchanged\n\ndef _check_unchanged(cut):\n    {change}\n    _check(cut)\n")
    said, state = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("copy_layer", LAYER, OTHER),
        ("call", CUT_OUT, {"edge": "off", "model": quick}, [LAYER]),
        ("state",),
    )
    assert told in said
    assert "Nothing was changed." in said
    assert not any(layer["has_mask"] for layer in state["layers"])


# The real solver, which is not given the time to solve anything.
IMPATIENT = "from cutsmith.matting.closed_form import solve\nsolve._DIRECT_PIXELS = 0\nsolve._MOST_ITERATIONS = 0\n"


def test_what_the_engine_warns_of_is_said_in_gimp(gimp: GimpHost, pictures: Path, tmp_path: Path) -> None:
    folder = gimp.home / "impatient"
    config = gimp.patched(IMPATIENT, folder)
    rows, columns = np.mgrid[:300, :451]
    painted = np.where(((columns - 230) / 150) ** 2 + ((rows - 140) / 120) ** 2 <= 1, 255, 0).astype(np.uint8)
    (tmp_path / "painted.raw").write_bytes(painted.tobytes())
    gimp.install(config)
    try:
        said, mask = gimp.run(
            ("load", str(pictures / "cat.png")),
            ("paint_mask", LAYER, str(tmp_path / "painted.raw")),
            ("call", REFINE_MASK, {"band-inner": 6, "band-outer": 4}),
            ("dump", f"mask:{LAYER}"),
        )
        log = (gimp.home / str(gimp._count) / "said.txt").read_text(errors="replace")
    finally:
        gimp.install()
        with client.connect(folder=folder / "worker") as connected:
            connected.run("stop")
    assert said == "", "it is no failure"
    assert "found no solution for " in log
    np.testing.assert_array_equal(mask, painted)
