"""Every kind of image and layer in the genuine GIMP: the mask is the one that the command line writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutsmith import Picture, cut_out
from cutsmith.picture.samples import samples_from_alpha
from tests.hosts.gimp_host import CUT_OUT, LAYER, GimpHost

pytestmark = [pytest.mark.slow, pytest.mark.weights]

CommandLine = Callable[..., np.ndarray]
OFF = {"edge": "off"}
MASK = f"mask:{LAYER}"


def in_8_bits(alpha: np.ndarray) -> np.ndarray:
    return samples_from_alpha(alpha, np.dtype(np.uint8))


@pytest.mark.parametrize("name", ["cat.png", "astronaut.jpg", "profile.png"])
def test_the_mask_of_8_bit_rgb_is_the_command_lines_to_the_bit(
    gimp: GimpHost, pictures: Path, command_line: CommandLine, tmp_path: Path, name: str
) -> None:
    before, said, mask, after, refined, hard = gimp.run(
        ("load", str(pictures / name)),
        ("dump_first", ""),
        ("call", CUT_OUT, OFF),
        ("dump_first", "mask"),
        ("dump_first", ""),
        ("call_quietly", CUT_OUT, {"edge": "hair", "band-inner": 4, "band-outer": 6}),
        ("dump_first", "mask"),
        ("call_quietly", CUT_OUT, {"edge": "hard"}),
        ("dump_first", "mask"),
    )
    assert said == ""
    source = pictures / name
    if source.suffix == ".jpg":
        # GIMP and Pillow decode a JPEG by different arithmetic, up to 3 levels apart: the same pixels, then.
        source = tmp_path / "as GIMP reads it.png"
        Image.fromarray(before).save(source)
    expected = command_line(source, "--mask-only")
    np.testing.assert_array_equal(mask, expected)
    np.testing.assert_array_equal(after, before)
    with_matting = command_line(source, "--mask-only", "--matting", "auto", "--band", "4,6")
    np.testing.assert_array_equal(refined, with_matting)
    np.testing.assert_array_equal(hard, np.where(expected >= 128, 255, 0))


def test_a_solid_inside_and_another_threshold_are_the_command_lines(
    gimp: GimpHost, pictures: Path, quick: str, written: CommandLine
) -> None:
    said, solid, told, hard = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("call", CUT_OUT, {**OFF, "model": quick, "harden": 0.4}),
        ("dump", MASK),
        ("call", CUT_OUT, {"edge": "hard", "model": quick, "threshold": 0.3, "harden": 0.4}),
        ("dump", MASK),
    )
    assert said == told == ""
    np.testing.assert_array_equal(solid, written(pictures / "cat.png", "--mask-only", "--harden", "0.4"))
    np.testing.assert_array_equal(hard, written(pictures / "cat.png", "--mask-only", "--threshold", "0.3"))


@pytest.mark.parametrize("precision", ["U16_NON_LINEAR", "FLOAT_LINEAR"])
def test_deeper_images_give_the_same_mask_within_a_level(
    gimp: GimpHost, pictures: Path, command_line: CommandLine, precision: str
) -> None:
    said, mask = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("precision", precision),
        ("call", CUT_OUT, OFF),
        ("dump", MASK, "Y float"),
    )
    assert said == ""
    expected = command_line(pictures / "cat.png", "--mask-only").astype(np.float32) / 255
    assert np.abs(mask - expected).max() <= 1 / 255 + 1e-6
    assert len(np.unique(mask)) > 256, "as deep as the image"


@pytest.mark.parametrize(
    "precision", ["U8_LINEAR", "U16_LINEAR", "U32_NON_LINEAR", "HALF_LINEAR", "FLOAT_NON_LINEAR", "DOUBLE_LINEAR"]
)
def test_every_other_precision_does_too(
    gimp: GimpHost, pictures: Path, quick: str, written: CommandLine, tmp_path: Path, precision: str
) -> None:
    pixels, said, mask = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("precision", precision),
        ("dump", LAYER, "R'G'B' u16"),
        ("call", CUT_OUT, {**OFF, "model": quick}),
        ("dump", MASK, "Y float"),
    )
    assert said == ""
    is_deep = precision != "U8_LINEAR"
    # Of 8 linear bits the dark tones are coarser than those of the file, which is GIMP's own loss.
    source = pictures / "cat.png" if is_deep else Picture(pixels).save(tmp_path / "as GIMP has it.png")
    expected = written(source, "--mask-only").astype(np.float32) / 255
    assert np.abs(mask - expected).max() <= 1 / 255 + 1e-6
    assert (len(np.unique(mask)) > 256) == is_deep, "as deep as the image"


def test_a_file_of_16_bits_gives_the_command_lines_mask_within_a_level(
    gimp: GimpHost, photo: Callable[[str], np.ndarray], command_line: CommandLine, tmp_path: Path
) -> None:
    deep = photo("chelsea").astype(np.uint16) * 257 - 40
    source = Picture(deep).save(tmp_path / "deep.png")
    said, pixels, mask = gimp.run(
        ("load", str(source)), ("call", CUT_OUT, OFF), ("dump_first", ""), ("dump_first", "mask", "Y float")
    )
    assert said == ""
    np.testing.assert_array_equal(pixels, deep)
    assert np.abs(mask - command_line(source, "--mask-only").astype(np.float32) / 255).max() <= 1 / 255
    # Half a level of its 16 bits.
    np.testing.assert_allclose(mask, cut_out(source, matting="none").alpha, rtol=0, atol=0.51 / 65535)


def test_a_gray_image(gimp: GimpHost, pictures: Path, quick: str, written: CommandLine) -> None:
    said, mask = gimp.run(
        ("load", str(pictures / "gray.png")), ("call", CUT_OUT, {**OFF, "model": quick}), ("dump_first", "mask")
    )
    assert said == ""
    np.testing.assert_array_equal(mask, written(pictures / "gray.png", "--mask-only"))


def test_an_indexed_image(gimp: GimpHost, quick: str, pictures: Path) -> None:
    pixels, said, mask = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("indexed", 32),
        ("dump", LAYER, "R'G'B' u8"),
        ("call", CUT_OUT, {**OFF, "model": quick}),
        ("dump", MASK, "Y u8"),
    )
    assert said == ""
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) <= 32
    np.testing.assert_array_equal(mask, in_8_bits(cut_out(Picture(pixels), model=quick, matting="none").alpha))


def test_a_layers_own_transparency_is_not_in_its_mask(gimp: GimpHost, quick: str, pictures: Path) -> None:
    before, said, mask, after = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("half_transparent", LAYER),
        ("dump", LAYER),
        ("call", CUT_OUT, {**OFF, "model": quick}),
        ("dump", MASK),
        ("dump", LAYER),
    )
    assert said == ""
    np.testing.assert_array_equal(after, before)
    assert set(np.unique(before[..., 3])) == {100, 255}
    seen = Picture(before[..., :3], before[..., 3].astype(np.float32) / np.float32(255)).srgb()
    np.testing.assert_array_equal(mask, in_8_bits(cut_out(Picture(seen), model=quick, matting="none").alpha))
    assert mask[:, :225].max() > 100, "an alpha of 100 would leave less"


@pytest.mark.parametrize(("x", "y", "canvas"), [(37, -20, (200, 150)), (-15, 60, (900, 700))])
def test_a_layer_with_offsets_smaller_or_larger_than_the_image(
    gimp: GimpHost, pictures: Path, quick: str, written: CommandLine, x: int, y: int, canvas: tuple[int, int]
) -> None:
    said, mask, state = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("resize_canvas", *canvas, 0, 0),
        ("move", LAYER, x, y),
        ("call", CUT_OUT, {**OFF, "model": quick}),
        ("dump", MASK),
        ("state",),
    )
    assert said == ""
    assert state["layers"][0]["offsets"] == [x, y]
    np.testing.assert_array_equal(mask, written(pictures / "cat.png", "--mask-only"))


def test_a_layer_in_a_group_and_the_group_itself(
    gimp: GimpHost, pictures: Path, quick: str, written: CommandLine
) -> None:
    inner, said, outer, state = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("group", LAYER, "all of it"),
        ("call_quietly", CUT_OUT, {**OFF, "model": quick}, [LAYER]),
        ("dump", MASK),
        ("remove_mask", LAYER),
        ("call", CUT_OUT, {**OFF, "model": quick}, ["all of it"]),
        ("dump", "mask:all of it"),
        ("state",),
    )
    assert said == ""
    expected = written(pictures / "cat.png", "--mask-only")
    np.testing.assert_array_equal(inner, expected)
    np.testing.assert_array_equal(outer, expected)
    (made,) = state["layers"]
    assert made["name"] == "all of it"
    assert made["has_mask"]
    assert [child["has_mask"] for child in made["children"]] == [False]


def test_of_several_layers_each_is_cut_out_by_itself(
    gimp: GimpHost, pictures: Path, photo: Callable[[str], np.ndarray], quick: str, written: CommandLine
) -> None:
    said, lower, upper = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("add_picture", str(pictures / "astronaut.png"), "über allem 猫"),
        ("call", CUT_OUT, {**OFF, "model": quick}, [LAYER, "über allem 猫"]),
        ("dump", MASK),
        ("dump", "mask:über allem 猫"),
    )
    assert said == ""
    np.testing.assert_array_equal(lower, written(pictures / "cat.png", "--mask-only"))
    np.testing.assert_array_equal(upper, written(pictures / "astronaut.png", "--mask-only"))


def test_a_mask_that_is_selected_stands_for_its_layer_and_a_lock_does_not_matter(
    gimp: GimpHost, pictures: Path, quick: str, written: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "black.raw").write_bytes(bytes(451 * 300))
    said, mask = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("paint_mask", LAYER, str(tmp_path / "black.raw")),
        ("lock", LAYER),
        ("hide", LAYER),
        ("call", CUT_OUT, {**OFF, "model": quick}, [MASK, LAYER]),
        ("dump", MASK),
    )
    assert said == ""
    np.testing.assert_array_equal(mask, written(pictures / "cat.png", "--mask-only"))


def test_names_of_files_may_have_any_letters(gimp: GimpHost, quick: str, pictures: Path, tmp_path: Path) -> None:
    path = tmp_path / "Katze 猫 é.png"
    Image.open(pictures / "cat.png").save(path)
    assert gimp.run(("load", str(path)), ("call", CUT_OUT, {**OFF, "model": quick})) == [""]
