"""Layers that do not lie on the canvas as a whole, in the genuine GIMP: what is selected is what both of them have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cutsmith import Picture, refine_mask
from tests.hosts.gimp_host import CUT_OUT, CUT_OUT_SELECTION, LAYER, GimpHost, Step
from tests.hosts.test_gimp_pictures import in_8_bits

pytestmark = [pytest.mark.slow, pytest.mark.weights]

CommandLine = Callable[..., np.ndarray]
CUT = f"{LAYER} cut out"
SIZE = (451, 300)


@pytest.fixture(scope="module")
def off(quick: str) -> dict[str, str]:
    return {"edge": "off", "model": quick}


def seen_on(canvas: tuple[int, int], mask: np.ndarray, x: int, y: int) -> np.ndarray:
    """What a canvas (width, height) shows of a mask that begins at (x, y)."""
    width, height = canvas
    wide = np.zeros((height + 2000, width + 2000), np.uint8)
    wide[1000 + y : 1000 + y + mask.shape[0], 1000 + x : 1000 + x + mask.shape[1]] = mask
    return wide[1000 : 1000 + height, 1000 : 1000 + width]


# By (canvas, x, y) of a layer of that size.
PLACEMENTS = {
    "left": (SIZE, -60, 0),
    "above": (SIZE, 0, -45),
    "right": (SIZE, 70, 0),
    "below": (SIZE, 0, 55),
    "left and above": (SIZE, -60, -45),
    "right and above": (SIZE, 70, -45),
    "left and below": (SIZE, -60, 55),
    "right and below": (SIZE, 70, 55),
    "larger on all sides": ((300, 200), -75, -50),
    "taller alone": ((700, 150), -20, -80),
    "a corner alone": ((60, 40), -451 + 7, -300 + 3),
    "outside": (SIZE, -900, 400),
}
ON_CANVAS = {where: place for where, place in PLACEMENTS.items() if where != "outside"}


def placed(cat: Path, place: tuple[tuple[int, int], int, int]) -> list[Step]:
    canvas, x, y = place
    return [("load", str(cat)), ("resize_canvas", *canvas, 0, 0), ("move", LAYER, x, y)]


@pytest.mark.parametrize(("result", "made"), [("selection", "selection"), ("channel", f"channel:{CUT}")])
def test_the_selection_and_a_channel_are_what_lies_on_the_canvas(
    gimp: GimpHost, pictures: Path, off: dict[str, str], written: CommandLine, result: str, made: str
) -> None:
    steps: list[Step] = []
    for place in ON_CANVAS.values():
        steps += [*placed(pictures / "cat.png", place), ("call", CUT_OUT, {**off, "result": result})]
        steps += [("dump", made), ("state",)]
    results = gimp.run(*steps)
    mask = written(pictures / "cat.png", "--mask-only")
    for number, (where, (canvas, x, y)) in enumerate(ON_CANVAS.items()):
        said, found, state = results[3 * number : 3 * number + 3]
        assert said == "", where
        expected = seen_on(canvas, mask, x, y)
        assert expected.any(), where
        np.testing.assert_array_equal(found, expected, where)
        assert state["channels"] == ([CUT] if result == "channel" else []), where


@pytest.mark.parametrize("result", ["layer-mask", "new-layer", "cleaned-layer"])
def test_masks_and_layers_are_as_large_as_the_layer_wherever_that_is(
    gimp: GimpHost, pictures: Path, off: dict[str, str], written: CommandLine, result: str
) -> None:
    made = {"layer-mask": f"mask:{LAYER}", "new-layer": f"mask:{CUT}", "cleaned-layer": CUT}[result]
    steps: list[Step] = []
    for place in PLACEMENTS.values():
        steps += [*placed(pictures / "cat.png", place), ("call", CUT_OUT, {**off, "result": result})]
        steps += [("dump", made), ("state",)]
    results = gimp.run(*steps)
    expected = written(pictures / "cat.png", *([] if result == "cleaned-layer" else ["--mask-only"]))
    for number, (where, (_, x, y)) in enumerate(PLACEMENTS.items()):
        said, found, state = results[3 * number : 3 * number + 3]
        assert said == "", where
        np.testing.assert_array_equal(found, expected, where)
        assert [layer["offsets"] for layer in state["layers"]] == [[x, y]] * len(state["layers"]), where
        assert state["layers"][0]["size"] == list(SIZE), where


def test_deep_alpha_lies_right_too(gimp: GimpHost, pictures: Path, off: dict[str, str], written: CommandLine) -> None:
    said, channel = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("precision", "FLOAT_LINEAR"),
        ("move", LAYER, -33, -21),
        ("call", CUT_OUT, {**off, "result": "channel"}),
        ("dump", f"channel:{CUT}", "Y float"),
    )
    assert said == ""
    expected = seen_on(SIZE, written(pictures / "cat.png", "--mask-only"), -33, -21).astype(np.float32) / 255
    assert np.abs(channel - expected).max() <= 1 / 255 + 1e-6


@pytest.mark.parametrize(("x", "y"), [(451, 0), (-451, 10), (0, 300), (20, -300), (-900, -900)])
def test_a_layer_beside_the_canvas_is_told_and_changes_nothing(
    gimp: GimpHost, pictures: Path, off: dict[str, str], x: int, y: int
) -> None:
    before, selection, channel, both, after, mask, masked = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("copy_layer", LAYER, "on it"),
        ("move", LAYER, x, y),
        ("state",),
        ("call", CUT_OUT, {**off, "result": "selection"}, [LAYER]),
        ("call", CUT_OUT, {**off, "result": "channel"}, [LAYER]),
        ("call", CUT_OUT, {**off, "result": "channel"}, ["on it", LAYER]),
        ("state",),
        ("call", CUT_OUT, {**off, "result": "layer-mask"}, [LAYER]),
        ("state",),
    )
    for said in (selection, channel, both):
        assert f'The layer "{LAYER}" lies outside the canvas' in said
        assert "Image > Fit Canvas to Layers" in said
    assert after == before
    assert mask == "", "a mask is as large as its layer, wherever that is"
    assert [layer["has_mask"] for layer in masked["layers"]] == [False, True]


def test_a_layer_in_a_group_that_was_moved_off_the_canvas(
    gimp: GimpHost, pictures: Path, off: dict[str, str], written: CommandLine
) -> None:
    inner, selection, outer, channel = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("group", LAYER, "all of it"),
        ("move", "all of it", -90, -30),
        ("call", CUT_OUT, {**off, "result": "selection"}, [LAYER]),
        ("dump", "selection"),
        ("call", CUT_OUT, {**off, "result": "channel"}, ["all of it"]),
        ("dump", "channel:all of it cut out"),
    )
    assert inner == outer == ""
    expected = seen_on(SIZE, written(pictures / "cat.png", "--mask-only"), -90, -30)
    np.testing.assert_array_equal(selection, expected)
    np.testing.assert_array_equal(channel, expected)


def test_of_several_layers_each_is_seen_where_it_lies(
    gimp: GimpHost, pictures: Path, off: dict[str, str], written: CommandLine
) -> None:
    said, selection, channelled, one, two = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("copy_layer", LAYER, "beside it"),
        ("resize_canvas", 500, 260, 0, 0),
        ("move", LAYER, -200, -20),
        ("move", "beside it", 260, 15),
        ("call", CUT_OUT, {**off, "result": "selection"}, [LAYER, "beside it"]),
        ("dump", "selection"),
        ("call", CUT_OUT, {**off, "result": "channel"}, [LAYER, "beside it"]),
        ("dump", f"channel:{CUT}"),
        ("dump", "channel:beside it cut out"),
    )
    assert said == channelled == ""
    mask = written(pictures / "cat.png", "--mask-only")
    first, second = seen_on((500, 260), mask, -200, -20), seen_on((500, 260), mask, 260, 15)
    np.testing.assert_array_equal(one, first)
    np.testing.assert_array_equal(two, second)
    # GIMP adds selections up.
    np.testing.assert_array_equal(selection, np.minimum(first.astype(int) + second, 255))


def test_the_prompt_is_what_is_selected_of_a_layer_left_of_and_above_the_canvas(
    gimp: GimpHost, pictures: Path, photo: Callable[[str], np.ndarray]
) -> None:
    selection, said, mask, again, selected = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("move", LAYER, -60, -40),
        ("select_ellipse", 20, 10, 280, 220, 0),
        ("dump", "selection"),
        ("call", CUT_OUT_SELECTION, {"model": "none", "edge": "hair"}),
        ("dump", f"mask:{LAYER}"),
        ("call", CUT_OUT_SELECTION, {"model": "none", "edge": "hair", "result": "selection"}),
        ("dump", "selection"),
    )
    assert said == again == ""
    height, width = SIZE[1], SIZE[0]
    prompt = np.zeros((height, width), np.uint8)
    prompt[40:, 60:] = selection[: height - 40, : width - 60]
    expected = in_8_bits(refine_mask(Picture(photo("chelsea")), prompt).alpha)
    np.testing.assert_array_equal(mask, expected)
    np.testing.assert_array_equal(selected, seen_on(SIZE, expected, -60, -40))
