"""Layers with non-destructive filters and properties of their own in the genuine GIMP: what is seen is cut out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.hosts.gimp_host import CUT_OUT, LAYER, GimpHost

pytestmark = [pytest.mark.slow, pytest.mark.weights]

CommandLine = Callable[..., np.ndarray]
CUT = f"{LAYER} cut out"
WAVES, DARK, SHADOW = "gegl:waves", "gegl:brightness-contrast", "gegl:dropshadow"
INVERTED = "gegl:invert-linear"


@pytest.fixture(scope="module")
def off(quick: str) -> dict[str, str]:
    return {"edge": "off", "model": quick}


def as_file(seen: np.ndarray, path: Path) -> Path:
    """What GIMP shows, as a picture for the command line."""
    Image.fromarray(seen).save(path)
    return path


def test_the_models_see_the_filters_and_each_result_keeps_what_it_can(
    gimp: GimpHost, pictures: Path, off: dict[str, str], written: CommandLine, tmp_path: Path
) -> None:
    results = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("add_filter", LAYER, WAVES, {"amplitude": 60.0}),
        ("select", 0, 0, 300, 300),
        ("add_filter", LAYER, DARK, {"brightness": 0.3}),
        ("add_filter", LAYER, INVERTED, {}, False),
        ("dump_seen",),
        ("dump", LAYER),
        ("call", CUT_OUT, off),
        ("dump", f"mask:{LAYER}"),
        ("state",),
        ("remove_mask", LAYER),
        ("call", CUT_OUT, {**off, "result": "new-layer"}, [LAYER]),
        ("dump", CUT),
        ("dump", f"mask:{CUT}"),
        ("state",),
        ("rename", CUT, "first"),
        ("call", CUT_OUT, {**off, "result": "cleaned-layer"}, [LAYER]),
        ("dump", CUT),
        ("state",),
        ("dump", "selection"),
    )
    seen, stored, said, mask, masked, again, copy, copy_mask, layers, third, cleaned, cleaned_layers, selected = results
    assert said == again == third == ""
    picture = as_file(seen[..., :3], tmp_path / "seen.png")
    assert np.abs(seen[..., :3].astype(int) - stored).max() > 100
    expected = written(picture, "--mask-only")
    assert (expected != written(pictures / "cat.png", "--mask-only")).any()
    np.testing.assert_array_equal(mask, expected)
    np.testing.assert_array_equal(copy_mask, expected)
    np.testing.assert_array_equal(copy[..., :3], stored)
    np.testing.assert_array_equal(cleaned, written(picture))
    filters = [INVERTED, DARK, WAVES]
    assert [layer["filters"] for layer in masked["layers"]] == [filters]
    assert [layer["filters"] for layer in layers["layers"]] == [filters, filters]
    assert [layer["filters"] for layer in cleaned_layers["layers"]] == [filters, [], filters], "they are in its pixels"
    assert selected.mean() == pytest.approx(255 * 300 / 451), "the selection stays"


def test_of_a_group_and_of_a_filter_that_reaches_beyond_the_layer(
    gimp: GimpHost, pictures: Path, off: dict[str, str], written: CommandLine, tmp_path: Path
) -> None:
    bright, inner, inside, inverted, outer, outside, plain, shaded, layer, channel, grown, state, mask = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("group", LAYER, "all"),
        ("add_filter", LAYER, DARK, {"brightness": 0.3}),
        ("dump_seen",),
        ("call", CUT_OUT, off, ["all"]),
        ("dump", "mask:all"),
        ("remove_mask", "all"),
        ("add_filter", "all", INVERTED, {}),
        ("dump_seen",),
        ("call", CUT_OUT, off, ["all"]),
        ("dump", "mask:all"),
        ("load", str(pictures / "cat.png")),
        ("half_transparent", LAYER),
        ("dump", LAYER),
        ("move", LAYER, 20, -10),
        ("add_filter", LAYER, SHADOW, {"x": -40.0, "y": -40.0}),
        ("resize_canvas", 451, 300, -20, 10),
        ("dump_seen",),
        ("call", CUT_OUT, {**off, "result": "channel"}),
        ("dump", f"channel:{CUT}"),
        # A group grows with what its layers' filters add at their sides.
        ("load", str(pictures / "cat.png")),
        ("group", LAYER, "all"),
        ("add_filter", LAYER, WAVES, {"amplitude": 60.0}),
        ("call", CUT_OUT, off, ["all"]),
        ("state",),
        ("dump", "mask:all"),
    )
    assert inner == outer == layer == grown == ""
    for seen, found in ((bright, inside), (inverted, outside)):
        picture = as_file(seen[..., :3], tmp_path / f"{seen.mean()}.png")
        np.testing.assert_array_equal(found, written(picture, "--mask-only"))
    assert (inside != outside).any()
    assert list(mask.shape[::-1]) == state["layers"][0]["size"]
    expected = written(as_file(shaded, tmp_path / "shaded.png"), "--mask-only")
    # The canvas is put together at another depth.
    np.testing.assert_allclose(channel.astype(int), expected, atol=2)
    unshaded = written(as_file(plain, tmp_path / "plain.png"), "--mask-only")
    assert np.abs(unshaded.astype(int) - expected).max() > 10


KEPT = ("blending", "tag", "parasites")
LOCKED = ["alpha", "content", "position"]


def properties(layer: dict[str, Any]) -> dict[str, Any]:
    return {name: layer[name] for name in KEPT}


def test_a_new_layer_has_what_its_own_has_and_locks_are_respected(
    gimp: GimpHost, pictures: Path, off: dict[str, str], written: CommandLine
) -> None:
    steps = [("load", str(pictures / "cat.png")), ("state",), ("dress", LAYER)]
    steps += [("lock", LAYER, kind) for kind in (*LOCKED, "visibility")]
    plain, dressed, one, other, state, mask, cleaned, hidden, shown = gimp.run(
        *steps,
        ("state",),
        ("call", CUT_OUT, {**off, "result": "new-layer"}, [LAYER]),
        ("rename", CUT, "with a mask"),
        ("call", CUT_OUT, {**off, "result": "cleaned-layer"}, [LAYER]),
        ("state",),
        ("dump", "mask:with a mask"),
        ("dump", CUT),
        # Hidden and locked so: the result is to be seen.
        ("load", str(pictures / "cat.png")),
        ("hide", LAYER),
        ("lock", LAYER, "visibility"),
        ("call", CUT_OUT, {**off, "result": "new-layer"}, [LAYER]),
        ("state",),
    )
    assert one == other == hidden == ""
    log = (gimp.home / str(gimp._count) / "said.txt").read_text(errors="replace")
    (own,) = dressed["layers"]
    assert all(own[name] != plain["layers"][0][name] for name in KEPT)
    cleaned_layer, masked_layer, original = state["layers"]
    assert properties(cleaned_layer) == properties(masked_layer) == properties(original) == properties(own)
    assert [layer["locks"] for layer in state["layers"]] == [LOCKED, LOCKED, [*LOCKED, "visibility"]]
    assert [layer["visible"] for layer in state["layers"]] == [True, True, True], "a locked layer cannot be hidden"
    assert f'The visibility of the layer "{LAYER}" is locked' in log
    np.testing.assert_array_equal(mask, written(pictures / "cat.png", "--mask-only"))
    np.testing.assert_array_equal(cleaned, written(pictures / "cat.png"))
    assert [(layer["visible"], layer["locks"]) for layer in shown["layers"]] == [(True, []), (False, ["visibility"])]
