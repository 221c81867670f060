"""What comes of a cut-out in the genuine GIMP: a mask, layers, the selection, a channel; the user's own pixels stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutsmith import Picture, cut_out
from tests.hosts.gimp_host import CUT_OUT, LAYER, GimpHost

pytestmark = [pytest.mark.slow, pytest.mark.weights]

CommandLine = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def asked(quick: str) -> Callable[..., dict[str, str]]:
    def arguments(result: str, **others: str) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in others.items()}
        return {"edge": "off", "model": quick, "result": result} | named

    return arguments


def test_a_new_layer_with_a_mask_lies_over_its_own_which_is_hidden(
    gimp: GimpHost, pictures: Path, asked, written: CommandLine
) -> None:
    before, said, state, copy, mask, after = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("move", LAYER, 5, -7),
        ("dump", LAYER),
        ("call", CUT_OUT, asked("new-layer")),
        ("state",),
        ("dump", f"{LAYER} cut out"),
        ("dump", f"mask:{LAYER} cut out"),
        ("dump", LAYER),
    )
    assert said == ""
    upper, lower = state["layers"]
    assert (upper["name"], upper["visible"], upper["has_mask"], upper["offsets"]) == (
        f"{LAYER} cut out",
        True,
        True,
        [5, -7],
    )
    assert (lower["name"], lower["visible"], lower["has_mask"]) == (LAYER, False, False)
    np.testing.assert_array_equal(after, before)
    np.testing.assert_array_equal(copy[..., :3], before)
    np.testing.assert_array_equal(mask, written(pictures / "cat.png", "--mask-only"))


@pytest.mark.parametrize("name", ["cat.png", "profile.png"])
def test_a_cleaned_layer_is_the_command_lines_png_to_the_bit(
    gimp: GimpHost, pictures: Path, asked, written: CommandLine, name: str
) -> None:
    before, said, state, cleaned, after = gimp.run(
        ("load", str(pictures / name)),
        ("dump", LAYER),
        ("call", CUT_OUT, asked("cleaned-layer", edge="hair")),
        ("state",),
        ("dump", f"{LAYER} cut out"),
        ("dump", LAYER),
    )
    assert said == ""
    expected = written(pictures / name, "--matting", "auto")
    np.testing.assert_array_equal(cleaned, expected)
    np.testing.assert_array_equal(after, before)
    assert (cleaned[..., :3] != before)[expected[..., 3] > 0].any(), "the background's colour is out of the edges"
    assert [(layer["visible"], layer["has_mask"]) for layer in state["layers"]] == [(True, False), (False, False)]


def test_a_cleaned_layer_of_16_bits(
    gimp: GimpHost, asked, quick: str, photo: Callable[[str], np.ndarray], tmp_path: Path
) -> None:
    source = Picture(photo("chelsea").astype(np.uint16) * 257 - 40).save(tmp_path / "deep.png")
    said, cleaned = gimp.run(("load", str(source)), ("call", CUT_OUT, asked("cleaned-layer")), ("dump_first", ""))
    assert said == ""
    assert cleaned.dtype == np.uint16
    cut = cut_out(source, model=quick, matting="none")
    seen = cut.alpha > 0
    np.testing.assert_array_equal(cleaned[..., :3][seen], cut.foreground[seen])
    np.testing.assert_allclose(cleaned[..., 3] / 65535, cut.alpha, rtol=0, atol=1.01 / 65535)


def test_a_cleaned_layer_of_a_float_image_is_close(gimp: GimpHost, pictures: Path, asked, written: CommandLine) -> None:
    said, cleaned = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("precision", "FLOAT_LINEAR"),
        ("call", CUT_OUT, asked("cleaned-layer")),
        ("dump", f"{LAYER} cut out", "R'G'B'A float"),
    )
    assert said == ""
    expected = written(pictures / "cat.png").astype(np.float32) / 255
    assert np.abs(cleaned[..., 3] - expected[..., 3]).max() <= 1 / 255 + 1e-6
    seen = expected[..., 3] > 0.5
    assert np.abs(cleaned - expected)[seen].max() <= 2 / 255


def test_the_selection_is_alpha_and_a_channel_too(gimp: GimpHost, pictures: Path, asked, written: CommandLine) -> None:
    said, selection, selected, channelled, channel, channels = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("resize_canvas", 600, 500, 40, 30),
        ("call", CUT_OUT, asked("selection")),
        ("dump", "selection"),
        ("state",),
        ("call", CUT_OUT, asked("channel")),
        ("dump", f"channel:{LAYER} cut out"),
        ("state",),
    )
    assert said == channelled == ""
    expected = np.zeros((500, 600), np.uint8)
    expected[30:330, 40:491] = written(pictures / "cat.png", "--mask-only")
    np.testing.assert_array_equal(selection, expected)
    np.testing.assert_array_equal(channel, expected)
    assert selected["channels"] == []
    assert channels["channels"] == [f"{LAYER} cut out"]
    assert [layer["has_mask"] for layer in channels["layers"]] == [False]


def test_the_selections_of_two_layers_are_united(gimp: GimpHost, pictures: Path, asked, written: CommandLine) -> None:
    said, selection = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("resize_canvas", 902, 300, 0, 0),
        ("copy_layer", LAYER, "beside it"),
        ("move", "beside it", 451, 0),
        ("call", CUT_OUT, asked("selection"), [LAYER, "beside it"]),
        ("dump", "selection"),
    )
    assert said == ""
    once = written(pictures / "cat.png", "--mask-only")
    np.testing.assert_array_equal(selection, np.hstack((once, once)))


def test_a_mask_that_is_there_is_replaced_or_what_both_show_is_kept(
    gimp: GimpHost, pictures: Path, asked, written: CommandLine, tmp_path: Path
) -> None:
    painted = np.tile(np.linspace(0, 255, 451).astype(np.uint8), (300, 1))
    (tmp_path / "painted.raw").write_bytes(painted.tobytes())
    said, both, again, replaced = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("paint_mask", LAYER, str(tmp_path / "painted.raw")),
        ("call", CUT_OUT, asked("layer-mask", existing_mask="intersect")),
        ("dump", f"mask:{LAYER}"),
        ("call", CUT_OUT, asked("layer-mask", existing_mask="replace")),
        ("dump", f"mask:{LAYER}"),
    )
    assert said == again == ""
    expected = written(pictures / "cat.png", "--mask-only")
    np.testing.assert_array_equal(both, np.minimum(expected, painted))
    np.testing.assert_array_equal(replaced, expected)


def test_with_transparency_of_its_own_the_selection_has_it(
    gimp: GimpHost, asked, quick: str, pictures: Path, tmp_path: Path
) -> None:
    pixels, said, selection = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("half_transparent", LAYER),
        ("dump", LAYER),
        ("call", CUT_OUT, asked("selection")),
        ("dump", "selection"),
    )
    assert said == ""
    Image.fromarray(pixels).save(tmp_path / "half.png")
    alpha = np.rint(cut_out(tmp_path / "half.png", model=quick, matting="none").alpha * np.float32(255))
    assert np.abs(selection - alpha).max() <= 1
    assert selection[:, :200].max() <= 100 < selection[:, 300:].max()


@pytest.mark.parametrize("result", ["new-layer", "cleaned-layer", "selection", "channel"])
def test_a_group_and_a_text_layer_have_each_result_too(gimp: GimpHost, asked, pictures: Path, result: str) -> None:
    group, text, state = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("group", LAYER, "all of it"),
        ("text_layer", "letters", "CUT"),
        ("call", CUT_OUT, asked(result), ["all of it"]),
        ("call", CUT_OUT, asked(result), ["letters"]),
        ("state",),
    )
    assert group == ""
    assert text == ""
    names = [layer["name"] for layer in state["layers"]]
    if result in ("new-layer", "cleaned-layer"):
        assert names == ["letters cut out", "letters", "all of it cut out", "all of it"]
    elif result == "channel":
        assert state["channels"] == ["letters cut out", "all of it cut out"]
    else:
        assert state["selection"] is not None
