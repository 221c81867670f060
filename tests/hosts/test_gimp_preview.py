"""The picture in Cut Out's dialog, in a genuine GIMP's window: the cut-out to be seen, a box drawn, a look at 1:1."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cutsmith import Picture, cut_out, find_detections
from cutsmith.errors import SubjectNotFound
from cutsmith.worker import client
from gimp_plugin.cutsmith.plug_in.found_objects import found_objects, toggled
from tests.hosts.gimp_host import GimpHost
from tests.hosts.gimp_window import GimpWindow, wait_until
from tests.hosts.test_gimp_pictures import in_8_bits
from tests.hosts.test_gimp_window import image_of, lines, lines_of, mask_that_comes, undo

pytestmark = [pytest.mark.slow, pytest.mark.weights]

SECONDS = 120
# The two shades of the checks that stand for transparency.
CHECKS = (168, 107)
BOX = (60, 20, 360, 270)
# On the screen: a part of the picture on GIMP's canvas, and the lower of two layers in their list.
CANVAS_PART, SECOND_LAYER = (450, 350, 700, 560), (1223, 695)
# Pixels of the dialog's left half that no picture reaches.
BORDER, TOOLBAR, LEFT_HALF = 14, 70, 590


@pytest.fixture(scope="module")
def window(gimp: GimpHost, pictures: Path) -> Iterator[GimpWindow]:
    gimp.end_worker()
    opened = GimpWindow(gimp, pictures / "cat.png")
    yield opened
    opened.close()


@pytest.fixture
def dialog(window: GimpWindow) -> Iterator[str]:
    """The dialog with the cut-out of the main subject in it."""
    opened = window.open_dialog()
    # GIMP remembers what was chosen last.
    window.keys("alt+w", "Home")
    wait_until(lambda: checks(window, opened) > 2000, "no cut-out is to be seen", SECONDS)
    yield opened
    window.close_dialogs("^(Cut Out|GIMP Message|Save Image)$")
    while window.is_changed:
        undo(window)


def left_half(window: GimpWindow, dialog: str) -> np.ndarray:
    x, y, _, height = window.place(dialog)
    return window.screenshot()[y + TOOLBAR : y + height, x + BORDER : x + LEFT_HALF]


def checks(window: GimpWindow, dialog: str) -> int:
    """How many pixels of the dialog's left half are checks."""
    seen = left_half(window, dialog)
    gray = (seen == seen[..., :1]).all(2)
    return int((gray & np.isin(seen[..., 0], CHECKS)).sum())


def picture_place(window: GimpWindow, dialog: str) -> tuple[int, int, int]:
    """(x, y, width) of the picture on the screen: the first area that has not the dialog's own colour."""
    seen = left_half(window, dialog)
    other = (seen != seen[3, 3]).any(2)
    columns = np.flatnonzero(other[:400].mean(0) > 0.6)
    rows = np.flatnonzero(other[:, columns].mean(1) > 0.9)
    x, y, _, _ = window.place(dialog)
    return x + BORDER + columns[0], y + TOOLBAR + rows[0], np.ptp(columns) + 1


def drag(window: GimpWindow, start: tuple[float, float], stop: tuple[float, float]) -> None:
    middle = [(one + other) / 2 for one, other in zip(start, stop, strict=True)]
    # GIMP takes a quick one for a click.
    begin, *moves = (
        ("mousemove", *(str(round(at)) for at in place), "sleep", "0.2") for place in (start, middle, stop)
    )
    window.tool("xdotool", *begin, "mousedown", "1", *(word for move in moves for word in move), "mouseup", "1")


def green(window: GimpWindow, dialog: str) -> int:
    """How many pixels of the dialog's left half are of the outline around what is cut out; no cat is as green."""
    red, green, blue = np.moveaxis(left_half(window, dialog).astype(int), 2, 0)
    return int((green - np.maximum(red, blue) > 50).sum())


def ready_edge(gimp: GimpHost, window: GimpWindow, dialog: str) -> None:
    """Look at the edge at 1:1, and wait until it is worked out and shown."""
    cuts = gimp.jobs_done().count("cut")
    window.focus(dialog)
    window.keys("alt+1")
    wait_until(lambda: gimp.jobs_done().count("cut") > cuts, "the edge was not worked out", SECONDS)
    window.settle()


def test_the_cut_out_is_seen_before_ok(gimp: GimpHost, window: GimpWindow, dialog: str, artifacts: Path) -> None:
    window.screenshot(artifacts / "gimp-4-preview.png")
    window.keys("alt+e", "Down")  # Edge: Hard
    wait_until(lambda: checks(window, dialog) > 2000, "the cut-out does not come again", SECONDS)
    window.close_dialogs("^Cut Out$")
    # Or it would keep the picture for another quarter of an hour.
    wait_until(lambda: gimp.jobs_done()[-1] == "close", "the worker was not told to close the picture", SECONDS)


def test_a_box_that_is_drawn_is_cut_out(
    gimp: GimpHost,
    window: GimpWindow,
    dialog: str,
    photo: Callable[[str], np.ndarray],
    isnet_weights: Path,
    artifacts: Path,
    tmp_path: Path,
) -> None:
    window.keys("alt+w", "Down")  # What I point at
    wait_until(lambda: checks(window, dialog) < 100, "the picture is not seen as it is", SECONDS)
    left, top, width = picture_place(window, dialog)
    scale = width / 451
    drag(
        window,
        (left + BOX[0] * scale, top + BOX[1] * scale),
        (left + BOX[2] * scale, top + BOX[3] * scale),
    )
    wait_until(lambda: checks(window, dialog) > 2000, "the box is not cut out", SECONDS)
    window.screenshot(artifacts / "gimp-5-box.png")
    window.accept("^Cut Out$")
    wait_until(lambda: window.is_changed, "nothing was changed", SECONDS)
    window.settle()
    window.close_dialogs("^GIMP Message$")
    _, mask = image_of(gimp, window, tmp_path / "box.xcf")
    assert mask is not None
    cut = cut_out(Picture(photo("chelsea")), box=BOX, model=str(isnet_weights), segmenter="subject-in-box")
    # The box was drawn on a screen: a pixel more or less at its sides.
    assert np.abs(mask.astype(int) - in_8_bits(cut.alpha)).mean() < 4


def test_a_look_at_1_to_1_is_what_ok_takes(gimp: GimpHost, window: GimpWindow, dialog: str, artifacts: Path) -> None:
    ready_edge(gimp, window, dialog)
    window.screenshot(artifacts / "gimp-6-one-to-one.png")
    cuts = gimp.jobs_done().count("cut")
    window.accept("^Cut Out$")
    wait_until(lambda: window.is_changed, "nothing was changed", SECONDS)
    assert gimp.jobs_done().count("cut") == cuts


def test_what_was_worked_out_of_other_pixels_is_not_taken(
    gimp: GimpHost,
    window: GimpWindow,
    dialog: str,
    photo: Callable[[str], np.ndarray],
    isnet_weights: Path,
    tmp_path: Path,
) -> None:
    ready_edge(gimp, window, dialog)
    cuts = gimp.jobs_done().count("cut")
    # The user goes on working on the image while the dialog is open.
    window.search("Flip Horizontally")
    wait_until(lambda: window.is_changed, "the image was not flipped")
    window.accept("^Cut Out$")
    wait_until(lambda: gimp.jobs_done().count("cut") > cuts, "what was worked out before was taken", SECONDS)
    window.settle()
    mask = mask_that_comes(gimp, window, tmp_path)
    mirrored = Picture(np.ascontiguousarray(photo("chelsea")[:, ::-1]))
    np.testing.assert_array_equal(mask, in_8_bits(cut_out(mirrored, model=str(isnet_weights)).alpha))


def test_a_selection_that_is_the_mask_is_seen_as_it_is(
    gimp: GimpHost, window: GimpWindow, artifacts: Path, tmp_path: Path
) -> None:
    window.press_until_seen("r")  # the tool that selects rectangles
    drag(window, CANVAS_PART[:2], CANVAS_PART[2:])
    wait_until(lambda: window.is_changed, "nothing is selected")
    dialog = window.open_dialog()
    try:
        window.settle()
        window.keys("alt+w", "Home", "Down", "Down", "alt+m", "End", "alt+e", "End")  # selection, none, as found
        window.settle(seconds=60, still=3)
        window.screenshot(artifacts / "gimp-7-selection.png")
        _, _, width = picture_place(window, dialog)
        shown = checks(window, dialog) / (width * width * 300 / 451)
        window.accept("^Cut Out$")
        wait_until(lambda: gimp.jobs_done()[-1] == "refine", "the mask was not made", SECONDS)
        mask = mask_that_comes(gimp, window, tmp_path)
        assert set(np.unique(mask)) == {0, 255}, "as found"
        assert 0.1 < (mask == 0).mean() < 0.9
        assert abs(shown - (mask == 0).mean()) < 0.02
    finally:
        window.close_dialogs("^(Cut Out|GIMP Message|Save Image)$")
        while window.is_changed:
            undo(window)


def test_settings_that_are_set_back_are_followed_by_the_clicks(window: GimpWindow, dialog: str) -> None:
    window.keys("alt+w", "Down")  # What I point at
    wait_until(lambda: checks(window, dialog) < 100, "the picture is not seen as it is", SECONDS)
    left, top, width = picture_place(window, dialog)
    drag(window, (left + width * 0.2, top + width * 0.1), (left + width * 0.7, top + width * 0.5))
    wait_until(lambda: green(window, dialog) > 100, "no box is drawn", SECONDS)
    # GIMP's button Reset, and the first of its choices.
    window.press_until_seen("alt+r")
    window.keys("space")
    window.settle()
    window.keys("alt+w", "Home", "Down")
    wait_until(lambda: checks(window, dialog) < 100, "the picture is not seen as it is", SECONDS)
    wait_until(lambda: green(window, dialog) == 0, "the box is still there", 10)


def test_clicks_with_several_layers_are_advised_against(window: GimpWindow, artifacts: Path) -> None:
    window.focus(window.window)
    window.press_until_seen("ctrl+shift+d")  # Duplicate Layers
    window.tool("xdotool", "keydown", "ctrl")
    window.click(*SECOND_LAYER)
    window.tool("xdotool", "keyup", "ctrl")
    dialog = window.open_dialog()
    try:
        subject = lines(window, dialog)
        window.keys("alt+w", "Home", "Down")
        # SAM 2 is not here, which would take more lines to say.
        wait_until(lambda: subject < lines_of(window, dialog) <= subject + 3, "nothing is advised", 20)
        window.settle()
        window.screenshot(artifacts / "gimp-8-several-layers.png")
    finally:
        window.close_dialogs("^(Cut Out|GIMP Message)$")
        while window.is_changed:
            undo(window)


# The real network, whose random weights are not those that were published.
UNCHECKED = """
from cutsmith.models.store import Store

require = Store.require

def unchecked(store, entry):
    found = store.find(entry)
    return require(store, entry) if found is None else found.path

Store.require = unchecked
"""


def complete_tokenizer(folder: Path) -> None:
    """Write what the published folder has beside the vocabulary."""
    from transformers import BertTokenizerFast

    tokenizer = BertTokenizerFast.from_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "special_tokens_map.json").write_text(json.dumps(tokenizer.special_tokens_map), encoding="utf-8")


def test_what_words_find_is_chosen_in_the_picture_and_each_becomes_a_layer(
    gimp: GimpHost,
    window: GimpWindow,
    photo: Callable[[str], np.ndarray],
    isnet_weights: Path,
    tiny_folder: Path,
    artifacts: Path,
    tmp_path: Path,
) -> None:
    cat = Picture(photo("chelsea"))
    certainty = {"box_threshold": 0.12, "text_threshold": 0.12}
    told = find_detections(cat, "nose", detector=str(tiny_folder), **certainty).found
    assert len(told) > 1
    models = tmp_path / "models"
    shutil.copytree(tiny_folder, models / "grounding-dino-tiny")
    complete_tokenizer(models / "grounding-dino-tiny")
    (models / isnet_weights.name).symlink_to(isnet_weights)
    folder = gimp.home / "words"
    config = gimp.patched(UNCHECKED, folder)
    gimp.install(replace(config, environment={**config.environment, "CUTSMITH_MODELS": str(models)}))
    try:
        dialog = window.open_dialog()
        window.keys("alt+w", "End", "alt+y", "ctrl+a")
        window.type("0.12")
        window.keys("alt+d", "ctrl+a")
        window.type("nose")
        wait_until(lambda: green(window, dialog) > 100, "no boxes are seen", SECONDS)
        wait_until(lambda: checks(window, dialog) > 2000, "what was found is not cut out", SECONDS)
        window.settle(seconds=60, still=2)
        window.screenshot(artifacts / "gimp-9-found.png")
        left, top, width = picture_place(window, dialog)
        x, y = told[-1].box[0] + 3, told[-1].box[3] - 3
        all_of_it = green(window, dialog)
        window.click(round(left + x * width / 451), round(top + y * width / 451))
        wait_until(lambda: green(window, dialog) < all_of_it - 100, "no box is left out", 20)
        previews = gimp.jobs_done().count("preview")
        window.keys("alt+e", "End", "alt+u", "Home", "Down", "alt+j", "End")  # as found, new layer, each by itself
        window.rest()
        wait_until(lambda: gimp.jobs_done().count("preview") > previews, "it is not cut out again", SECONDS)
        window.settle(seconds=60, still=2)
        window.screenshot(artifacts / "gimp-10-left-out.png")
        window.accept("^Cut Out$")
        wait_until(lambda: window.is_changed, "nothing was changed", SECONDS)
        window.settle()
        window.close_dialogs("^GIMP Message$")
        window.screenshot(artifacts / "gimp-11-layers.png")
        window.save_copy(tmp_path / "each.xcf")
    finally:
        gimp.install()
        with client.connect(folder=folder / "worker") as connected:
            connected.run("stop")
        window.close_dialogs("^(Cut Out|GIMP Message|Save Image)$")
        while window.is_changed:
            undo(window)
    chosen = [each for each in toggled(found_objects([vars(each) for each in told]), x, y) if each.is_chosen]
    assert len(chosen) == len(told) - 1
    expected = []
    for each in chosen:
        with contextlib.suppress(SubjectNotFound):
            cut = cut_out(cat, box=each.box, model=str(isnet_weights), segmenter="subject-in-box", matting="none")
            expected.append(in_8_bits(cut.alpha))
    names = [f"nose #{number}" if number else "nose" for number in range(len(expected))]
    state, *masks = gimp.run(
        ("load", str(tmp_path / "each.xcf")), ("state",), *(("dump", f"mask:{name}") for name in names)
    )
    assert [layer["name"] for layer in state["layers"][:-1]] == names
    assert [layer["visible"] for layer in state["layers"]] == [True] * len(names) + [False]
    for mask, alpha in zip(masks, expected, strict=True):
        assert np.abs(mask.astype(int) - alpha).max() <= 1
