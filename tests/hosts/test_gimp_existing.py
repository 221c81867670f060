"""What is there before a cut-out in the genuine GIMP: a mask and a selection, and what the result does with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.hosts.gimp_host import CUT_OUT, LAYER, GimpHost, Step

pytestmark = [pytest.mark.slow, pytest.mark.weights]

CommandLine = Callable[..., np.ndarray]
CUT = f"{LAYER} cut out"
OTHER = "other"


@pytest.fixture(scope="module")
def off(quick: str) -> dict[str, str]:
    return {"edge": "off", "model": quick}


def test_a_mask_is_left_out_of_every_result_or_kept_in_it(
    gimp: GimpHost, pictures: Path, off: dict[str, str], written: CommandLine, tmp_path: Path
) -> None:
    painted = np.tile(np.linspace(0, 255, 451).astype(np.uint8), (300, 1))
    (tmp_path / "painted.raw").write_bytes(painted.tobytes())
    made = {"cleaned-layer": CUT, "new-layer": f"mask:{CUT}", "selection": "selection", "channel": f"channel:{CUT}"}
    steps: list[Step] = []
    for result, drawable in made.items():
        for existing in ("replace", "intersect"):
            arguments = {**off, "result": result, "existing-mask": existing}
            steps += [("load", str(pictures / "cat.png")), ("paint_mask", LAYER, str(tmp_path / "painted.raw"))]
            steps += [("call", CUT_OUT, arguments, [LAYER]), ("dump", drawable), ("dump", f"mask:{LAYER}")]
    results = iter(gimp.run(*steps))
    whole = written(pictures / "cat.png")
    for result in made:
        for expected in (whole[..., 3], np.minimum(whole[..., 3], painted)):
            assert next(results) == "", result
            found = next(results)
            if result == "cleaned-layer":
                np.testing.assert_array_equal(found[..., :3], whole[..., :3])
                found = found[..., 3]
            np.testing.assert_array_equal(found, expected, result)
            np.testing.assert_array_equal(next(results), painted, "the layer keeps its own")


def test_a_deep_mask_stays_deep(gimp: GimpHost, pictures: Path, off: dict[str, str], tmp_path: Path) -> None:
    painted = np.tile(np.linspace(0, 255, 451).astype(np.uint8), (300, 1))
    (tmp_path / "painted.raw").write_bytes(painted.tobytes())
    steps: list[Step] = []
    for result, drawable in (("layer-mask", f"mask:{LAYER}"), ("cleaned-layer", CUT)):
        arguments = {**off, "edge": "hard", "result": result, "existing-mask": "intersect"}
        steps += [
            ("load", str(pictures / "cat.png")),
            ("paint_mask", LAYER, str(tmp_path / "painted.raw")),
            ("precision", "FLOAT_LINEAR"),
            ("dump", f"mask:{LAYER}", "Y float"),
            ("call", CUT_OUT, arguments, [LAYER]),
            ("dump", drawable, "Y float" if result == "layer-mask" else "R'G'B'A float"),
        ]
    before, said, mask, _, again, cleaned = gimp.run(*steps)
    assert said == again == ""
    for found in (mask, cleaned[..., 3]):
        inside = found > 0
        assert inside.mean() > 0.1
        np.testing.assert_allclose(found[inside], before[inside], atol=1 / 65535)


# What GIMP does with a selection and a channel, in levels.
OPERATIONS = {
    "replace": lambda there, new: new,
    "add": lambda there, new: np.minimum(there + new, 255),
    "subtract": lambda there, new: np.maximum(there - new, 0),
    "intersect": np.minimum,
}


def test_the_selection_is_replaced_added_to_subtracted_from_or_intersected(
    gimp: GimpHost, pictures: Path, off: dict[str, str], written: CommandLine
) -> None:
    steps: list[Step] = []
    for operation in OPERATIONS:
        steps += [("load", str(pictures / "cat.png")), ("select_ellipse", 60, 40, 200, 200, 9), ("dump", "selection")]
        # What was chosen for the user's own selections has no say.
        steps += [("feather", 30), ("call", CUT_OUT, {**off, "result": "selection", "existing-selection": operation})]
        steps += [("feather", 0), ("dump", "selection"), ("state",)]
    results = gimp.run(*steps)
    alpha = written(pictures / "cat.png", "--mask-only").astype(int)
    for number, (operation, done) in enumerate(OPERATIONS.items()):
        there, said, found, state = results[4 * number : 4 * number + 4]
        assert said == "", operation
        np.testing.assert_allclose(found.astype(int), done(there.astype(int), alpha), atol=1, err_msg=operation)
        assert state["channels"] == [], operation


def test_the_selections_of_two_layers_are_one_to_subtract(
    gimp: GimpHost, pictures: Path, off: dict[str, str], written: CommandLine
) -> None:
    said, selection, empty, missing = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("resize_canvas", 902, 300, 0, 0),
        ("copy_layer", LAYER, OTHER),
        ("move", OTHER, 451, 0),
        ("select", 0, 0, 902, 300),
        ("call", CUT_OUT, {**off, "result": "selection", "existing-selection": "subtract"}, [LAYER, OTHER]),
        ("dump", "selection"),
        ("select", 0, 0, 0, 0),
        ("call", CUT_OUT, {**off, "result": "selection", "existing-selection": "merge"}, [LAYER]),
        ("load", str(pictures / "cat.png")),
        ("call", CUT_OUT, {**off, "result": "selection", "existing-selection": "intersect"}, [LAYER]),
    )
    assert said == ""
    once = written(pictures / "cat.png", "--mask-only")
    np.testing.assert_array_equal(selection, 255 - np.hstack((once, once)))
    assert 'existing-selection must be one of replace, add, subtract, intersect, but got "merge"' in empty
    assert "Nothing is selected: the selection would stay empty." in missing
