"""Told what to cut out in the genuine GIMP: a selection, words, a mask that is there; as the engine cuts it out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cutsmith import Picture, cut_out, find_detections, refine_mask
from cutsmith.errors import SubjectNotFound
from cutsmith.geometry import interior_points
from cutsmith.pipeline.prompting import Part, asked_by_parts
from cutsmith.pipeline.refine_within import refine_within
from cutsmith.request import Request
from tests.hosts.gimp_host import CUT_OUT, CUT_OUT_SELECTION, LAYER, REFINE_MASK, GimpHost, Step
from tests.hosts.test_gimp_pictures import in_8_bits

pytestmark = [pytest.mark.slow, pytest.mark.weights]

NOTHING_POINTED_AT = "Nothing was pointed at."
CommandLine = Callable[..., np.ndarray]
MASK = f"mask:{LAYER}"


def test_a_selection_without_sam2_is_its_box_for_a_removal_model(
    gimp: GimpHost, pictures: Path, command_line: CommandLine
) -> None:
    said, mask = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("resize_canvas", 700, 500, 0, 0),
        ("move", LAYER, 100, 50),
        ("select", 160, 60, 300, 250),
        ("call", CUT_OUT_SELECTION, {"edge": "off", "model": "subject-in-box"}),
        ("dump", MASK),
    )
    assert said == ""
    options = ("--mask-only", "--segmenter", "subject-in-box", "--box", "60,10,360,260")
    np.testing.assert_array_equal(mask, command_line(pictures / "cat.png", *options))


def test_a_selection_is_box_and_inner_points_for_a_fine_tuned_sam2(
    gimp: GimpHost, pictures: Path, tuned_sam2: Path, photo: Callable[[str], np.ndarray]
) -> None:
    selection, said, mask = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("select_ellipse", 60, 20, 300, 240, 12),
        ("dump", "selection"),
        ("call", CUT_OUT, {"what": "selection", "edge": "off", "model": str(tuned_sam2)}),
        ("dump", MASK),
    )
    assert said == ""
    assert len(np.unique(selection)) > 10, "feathered"
    inside = selection >= 128
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    box = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    points = interior_points(inside, 3)
    assert 1 <= len(points) <= 3
    cut = cut_out(Picture(photo("chelsea")), box=box, points=points, segmenter=str(tuned_sam2), matting="none")
    # The worker is another process, and torch's sums differ in the last bit with the threads that it finds free.
    np.testing.assert_allclose(mask.astype(int), in_8_bits(cut.alpha), atol=1)


def test_a_selection_itself_is_the_mask_whose_edge_is_worked_out(
    gimp: GimpHost, pictures: Path, photo: Callable[[str], np.ndarray]
) -> None:
    selection, said, mask = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("select_ellipse", 60, 20, 300, 240, 0),
        ("dump", "selection"),
        ("call", CUT_OUT_SELECTION, {"model": "none", "edge": "hair", "band-inner": 5, "band-outer": 2}),
        ("dump", MASK),
    )
    assert said == ""
    alpha = refine_mask(Picture(photo("chelsea")), selection, band=(5, 2)).alpha
    np.testing.assert_array_equal(mask, in_8_bits(alpha))
    assert (mask != selection).any()


def first_cut(cat: Picture, detector: Path) -> tuple[str, float, np.ndarray]:
    """Words and a certainty with which the random weights find something, and its alpha.

    They have no idea of a cat: words are tried, and for each what more boxes pass as the certainty goes down.
    """
    for words in ("nose", "two eyes", "cat"):
        known = 0
        for step in range(30, 0, -1):
            thresholds = {"box_threshold": step / 100, "text_threshold": min(step / 100, 0.25)}
            try:
                found = len(find_detections(cat, words, detector=str(detector), **thresholds).found)
                if found > known:
                    known = found
                    cut = cut_out(cat, text=words, detector=str(detector), matting="none", **thresholds)
                    return words, step / 100, cut.alpha
            except SubjectNotFound:
                continue
    raise AssertionError("nothing is found with any of the words")


def test_words_are_what_grounding_dino_finds(
    gimp: GimpHost, pictures: Path, tiny_folder: Path, photo: Callable[[str], np.ndarray]
) -> None:
    words, certainty, expected = first_cut(Picture(photo("chelsea")), tiny_folder)
    arguments = {"what": "words", "prompt": f" {words} ", "model": str(tiny_folder), "box-threshold": certainty}
    said, mask = gimp.run(
        ("load", str(pictures / "cat.png")), ("call", CUT_OUT, {**arguments, "edge": "off"}), ("dump", MASK)
    )
    assert said == ""
    np.testing.assert_array_equal(mask, in_8_bits(expected))


def test_each_object_that_words_find_becomes_a_layer_of_its_own(
    gimp: GimpHost, pictures: Path, tiny_folder: Path, photo: Callable[[str], np.ndarray]
) -> None:
    cat = Picture(photo("chelsea"))
    certainty = {"box_threshold": 0.12, "text_threshold": 0.12}
    found = find_detections(cat, "nose", detector=str(tiny_folder), **certainty).found
    assert len(found) > 1
    told: list[tuple[int, str, np.ndarray]] = []
    for number, each in enumerate(found):
        with contextlib.suppress(SubjectNotFound):
            cut = cut_out(cat, box=each.box, segmenter="subject-in-box", matting="none")
            told.append((number, each.label, in_8_bits(cut.alpha)))
    names = [label if place == 0 else f"{label} #{place}" for place, (_, label, _) in enumerate(told)]
    words = {"what": "words", "prompt": "nose", "model": str(tiny_folder), "box-threshold": 0.12, "edge": "off"}
    said, state, *masks, refused, channelled, channels = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("call", CUT_OUT, {**words, "result": "new-layer", "objects": "each"}),
        ("state",),
        *(("dump", f"mask:{name}") for name in names),
        ("call", CUT_OUT, {**words, "objects": "every"}),
        ("load", str(pictures / "cat.png")),
        ("call", CUT_OUT, {**words, "result": "channel", "objects": "each"}),
        ("state",),
    )
    assert (said, channelled) == ("", "")
    # What has no result is told.
    lost = len(found) - len(told)
    log = (gimp.home / str(gimp._count) / "said.txt").read_text(errors="replace")
    assert (f"{lost} of {len(found)} objects have no result" in log) == (lost > 0)
    # The most certain one is the uppermost.
    assert [layer["name"] for layer in state["layers"]] == [*names, LAYER]
    assert [layer["visible"] for layer in state["layers"]] == [True] * len(names) + [False]
    for mask, (_, _, expected) in zip(masks, told, strict=True):
        np.testing.assert_array_equal(mask, expected)
    assert 'objects must be one of all, each, but got "every"' in refused
    assert sorted(channels["channels"]) == sorted(names)


def test_a_mask_that_is_there_is_refined(
    gimp: GimpHost, pictures: Path, photo: Callable[[str], np.ndarray], tmp_path: Path
) -> None:
    rows, columns = np.mgrid[:300, :451]
    painted = np.where(((columns - 230) / 150) ** 2 + ((rows - 140) / 120) ** 2 <= 1, 255, 0).astype(np.uint8)
    (tmp_path / "painted.raw").write_bytes(painted.tobytes())
    said, mask, deep_said, deep = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("paint_mask", LAYER, str(tmp_path / "painted.raw")),
        ("call", REFINE_MASK, {"band-inner": 6, "band-outer": 4}),
        ("dump", MASK),
        ("load", str(pictures / "cat.png")),
        ("paint_mask", LAYER, str(tmp_path / "painted.raw")),
        ("precision", "FLOAT_LINEAR"),
        ("call", REFINE_MASK, {"band-inner": 6, "band-outer": 4}),
        ("dump", MASK, "Y float"),
    )
    assert said == deep_said == ""
    expected = refine_mask(Picture(photo("chelsea")), painted, band=(6, 4)).alpha
    np.testing.assert_array_equal(mask, in_8_bits(expected))
    assert np.abs(deep - expected).max() <= 1 / 255
    assert (mask != painted).any()


@pytest.fixture
def ellipse(tmp_path: Path) -> np.ndarray:
    """A mask as painted over the cat's head, also in the file painted.raw."""
    rows, columns = np.mgrid[:300, :451]
    painted = np.where(((columns - 230) / 150) ** 2 + ((rows - 140) / 120) ** 2 <= 1, 255, 0).astype(np.uint8)
    (tmp_path / "painted.raw").write_bytes(painted.tobytes())
    return painted


def test_a_mask_is_reworked_within_the_selection_alone(
    gimp: GimpHost, pictures: Path, photo: Callable[[str], np.ndarray], ellipse: np.ndarray, tmp_path: Path
) -> None:
    band = {"band-inner": 6, "band-outer": 4}
    said, within, whole_said, whole = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("paint_mask", LAYER, str(tmp_path / "painted.raw")),
        ("select", 60, 60, 80, 100),
        ("call", REFINE_MASK, band),
        ("dump", MASK),
        ("load", str(pictures / "cat.png")),
        ("paint_mask", LAYER, str(tmp_path / "painted.raw")),
        ("select", 60, 60, 80, 100),
        ("call", REFINE_MASK, {**band, "within-selection": False}),
        ("dump", MASK),
    )
    assert said == whole_said == ""
    selection = np.zeros((300, 451), np.uint8)
    selection[60:160, 60:140] = 255
    expected = refine_within(Picture(photo("chelsea")), ellipse, selection, Request.of(band=(6, 4))).alpha
    np.testing.assert_array_equal(within, in_8_bits(expected))
    np.testing.assert_array_equal(within[selection == 0], ellipse[selection == 0])
    assert (within != ellipse).any()
    np.testing.assert_array_equal(whole, in_8_bits(refine_mask(Picture(photo("chelsea")), ellipse, band=(6, 4)).alpha))


def test_a_painted_channel_says_what_is_worked_out(
    gimp: GimpHost, pictures: Path, photo: Callable[[str], np.ndarray], ellipse: np.ndarray, tmp_path: Path
) -> None:
    trimap = ellipse.copy()
    trimap[60:160, 60:120] = 128
    (tmp_path / "trimap.raw").write_bytes(trimap.tobytes())
    said, mask, missing = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("paint_mask", LAYER, str(tmp_path / "painted.raw")),
        ("paint_channel", "hair", str(tmp_path / "trimap.raw")),
        ("call", REFINE_MASK, {"trimap": "hair"}, [LAYER]),
        ("dump", MASK),
        ("call", REFINE_MASK, {"trimap": "beard"}, [LAYER]),
    )
    assert said == ""
    expected = refine_mask(Picture(photo("chelsea")), ellipse, trimap=trimap).alpha
    np.testing.assert_array_equal(mask, in_8_bits(expected))
    assert (mask != ellipse).any()
    assert 'There is no channel "beard"' in missing


def test_a_painted_channel_leaves_the_mask_beyond_the_canvas_as_it_is(
    gimp: GimpHost, pictures: Path, photo: Callable[[str], np.ndarray], ellipse: np.ndarray, tmp_path: Path
) -> None:
    # The layer begins 100 pixels left of the canvas, in the middle of what the channel leaves open.
    trimap = ellipse.copy()
    trimap[60:160, 60:140] = 128
    on_canvas = np.zeros_like(ellipse)
    on_canvas[:, :351] = trimap[:, 100:]
    (tmp_path / "trimap.raw").write_bytes(on_canvas.tobytes())
    placed: list[Step] = [
        ("load", str(pictures / "cat.png")),
        ("paint_mask", LAYER, str(tmp_path / "painted.raw")),
        ("move", LAYER, -100, 0),
        ("paint_channel", "hair", str(tmp_path / "trimap.raw")),
    ]
    said, mask, selected_said, selected, beside = gimp.run(
        *placed,
        ("call", REFINE_MASK, {"trimap": "hair"}, [LAYER]),
        ("dump", MASK),
        *placed,
        ("select", 0, 0, 20, 300),
        ("call", REFINE_MASK, {"trimap": "hair"}, [LAYER]),
        ("dump", MASK),
        ("move", LAYER, -900, 0),
        ("call", REFINE_MASK, {"trimap": "hair", "within-selection": False}, [LAYER]),
    )
    assert (said, selected_said) == ("", "")
    np.testing.assert_array_equal(mask[:, :100], ellipse[:, :100], "beyond the canvas")
    known = np.where(np.arange(451) < 100, ellipse, trimap)
    for found, seen in ((mask, slice(100, None)), (selected, slice(100, 120))):
        within = np.zeros_like(ellipse)
        within[:, seen] = 255
        expected = refine_within(Picture(photo("chelsea")), ellipse, within, Request.of(trimap=known)).alpha
        np.testing.assert_array_equal(found, in_8_bits(expected))
        assert (found != ellipse).any()
    assert "lies outside the canvas" in beside


def test_points_of_a_script_are_clicks_and_boxes_of_sam2(
    gimp: GimpHost, pictures: Path, tiny_sam2: Path, photo: Callable[[str], np.ndarray]
) -> None:
    one = {"what": "points", "points": "box 60,20,360,260 220,150 10,10,0", "edge": "off", "model": str(tiny_sam2)}
    several = {**one, "points": "box 60,20,200,260; 300,150; minus 120,80", "existing-mask": "replace"}
    said, alone, said_again, together = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("call", CUT_OUT, one),
        ("dump", MASK),
        ("call", CUT_OUT, several),
        ("dump", MASK),
    )
    assert (said, said_again) == ("", "")
    cat = photo("chelsea")
    cut = cut_out(
        Picture(cat),
        box=(60, 20, 360, 260),
        points=[(220, 150, 1), (10, 10, 0)],
        segmenter=str(tiny_sam2),
        matting="none",
    )
    np.testing.assert_allclose(alone.astype(int), in_8_bits(cut.alpha), atol=1)
    parts = [Part((60, 20, 200, 260)), Part(points=[(300, 150)]), Part(points=[(120, 80)], is_taken_away=True)]
    asked = asked_by_parts(parts, 451, 300)
    cut = cut_out(Picture(cat), asked=asked, segmenter=str(tiny_sam2), matting="none")
    np.testing.assert_allclose(together.astype(int), in_8_bits(cut.alpha), atol=1)


@pytest.mark.parametrize(
    ("points", "told"),
    [("", NOTHING_POINTED_AT), ("here", "must look like"), ("9000,5", "9000"), ("minus 5,5", "first")],
)
def test_points_that_are_none_are_told_and_change_nothing(
    gimp: GimpHost, pictures: Path, tiny_sam2: Path, points: str, told: str
) -> None:
    said, state = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("call", CUT_OUT, {"what": "points", "points": points, "model": str(tiny_sam2)}),
        ("state",),
    )
    assert told in said
    assert not state["layers"][0]["has_mask"]


def test_clicks_on_several_layers_are_refused(gimp: GimpHost, pictures: Path, tiny_sam2: Path) -> None:
    (said,) = gimp.run(
        ("load", str(pictures / "cat.png")),
        ("copy_layer", LAYER, "other"),
        ("call", CUT_OUT, {"what": "points", "points": "5,5", "model": str(tiny_sam2)}, [LAYER, "other"]),
    )
    assert "Clicks are for one layer, but 2 are selected." in said
