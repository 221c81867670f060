"""A person at the genuine GIMP: menu, dialog, OK, a mask to be seen, Ctrl+Z; screenshots are kept."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from cutsmith import Picture, refine_mask
from cutsmith.worker import client
from tests.hosts.gimp_host import GimpHost
from tests.hosts.gimp_window import SCREEN, GimpWindow, wait_until
from tests.hosts.test_gimp_pictures import in_8_bits

pytestmark = [pytest.mark.slow, pytest.mark.weights]

# More than a test leaves to be undone.
STEPS = 6
# GIMP's button in its status bar, left of the docks.
CANCEL = (1004, SCREEN[1] - 29)
# Above it is the picture, below it GIMP's status bar.
STATUS_BAR = SCREEN[1] - 60
# From the dialog's left side, where its labels and fields are: a long label moves the fields to the right. What is
# above its buttons, and how bright letters are.
FIELDS, BUTTONS, WRITTEN = (606, 1020), 100, 150


@pytest.fixture(scope="module")
def window(gimp: GimpHost, pictures: Path) -> Iterator[GimpWindow]:
    gimp.end_worker()
    opened = GimpWindow(gimp, pictures / "cat.png")
    yield opened
    opened.close()


def image_of(gimp: GimpHost, window: GimpWindow, path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """The layer's pixels and its mask, as GIMP saves a copy of the image: what was not saved can be undone."""
    window.save_copy(path)
    state, pixels = gimp.run(("load", str(path)), ("state",), ("dump_first", ""))
    assert len(state["layers"]) == 1
    if not state["layers"][0]["has_mask"]:
        return pixels, None
    (mask,) = gimp.run(("load", str(path)), ("dump_first", "mask"))
    return pixels, mask


def lines_of(window: GimpWindow, dialog: str) -> int:
    """How many lines of fields and advice the dialog's right half has."""
    left, top, _, tall = window.place(dialog)
    column = window.screenshot()[top : top + tall - BUTTONS, left + FIELDS[0] : left + FIELDS[1]]
    is_written = (column.min(2) > WRITTEN).any(1)
    return int((np.diff(is_written.astype(int)) == 1).sum())


def lines(window: GimpWindow, dialog: str) -> int:
    """`lines_of`, once they no longer change: a busy machine takes its time to lay them out."""
    window.rest()
    window.settle(still=1.2)
    return lines_of(window, dialog)


def choose(window: GimpWindow, dialog: str, letter: str, place: int, is_right: Callable[[int], bool]) -> int:
    """Choose the entry at a place of a field, until the dialog has as many lines as it should; -> these."""
    window.press_until(
        (f"alt+{letter}", "Home", *["Down"] * place),
        lambda: is_right(lines_of(window, dialog)),
        "the dialog's fields do not change as they should",
        before=lambda: window.focus(dialog),
    )
    return lines(window, dialog)


def undo(window: GimpWindow) -> None:
    window.focus(window.window)
    with contextlib.suppress(AssertionError):  # where nothing is left to be undone
        window.press_until_seen("ctrl+z", seconds=8)


@pytest.fixture(autouse=True)
def closed(window: GimpWindow) -> Iterator[None]:
    """No dialog and no change stays for the next test, even where this one fails."""
    yield
    window.close_dialogs("^(Cut Out|Refine Mask Edge|GIMP Message|Save Image|Search Actions)$")
    for _ in range(STEPS):
        if not window.is_changed:
            return
        undo(window)


def run_and_wait(window: GimpWindow) -> None:
    """OK, and wait for what comes of it."""
    window.accept("^Cut Out$")
    wait_until(lambda: window.is_changed, "nothing was changed")
    window.settle()


def mask_that_comes(gimp: GimpHost, window: GimpWindow, folder: Path) -> np.ndarray:
    """The mask of an image that is changed already, so that its title does not tell when the mask is there."""
    for number in range(10):
        _, mask = image_of(gimp, window, folder / f"try-{number}.xcf")
        if mask is not None:
            return mask
        time.sleep(2)
    raise AssertionError("no mask came")


def test_a_person_cuts_out_by_the_menu_and_one_undo_takes_it_back(
    gimp: GimpHost,
    window: GimpWindow,
    pictures: Path,
    command_line: Callable[..., np.ndarray],
    photo: Callable[[str], np.ndarray],
    artifacts: Path,
    tmp_path: Path,
) -> None:
    before = window.screenshot()
    window.menu("alt+r")
    window.settle()
    window.screenshot(artifacts / "gimp-1-menu.png")
    window.keys("Escape", "Escape")
    # No worker runs: something has to be said at once.
    dialog = window.open_dialog()
    window.rest()
    window.settle()
    window.screenshot(artifacts / "gimp-2-dialog.png")
    assert window.find("^Cut Out$") == dialog
    window.accept("^Cut Out$")
    wait_until(
        lambda: bool((window.screenshot(artifacts / "gimp-3-progress.png") != before)[STATUS_BAR:].any()),
        "the status bar does not say what is being done",
    )
    wait_until(lambda: window.is_changed, "nothing was changed")
    after = window.settle()
    window.screenshot(artifacts / "gimp-4-mask.png")
    assert (after != before)[100 : STATUS_BAR - 50, 250:1000].mean() > 0.05, "the mask is to be seen"

    cat = photo("chelsea")
    pixels, mask = image_of(gimp, window, tmp_path / "cut.xcf")
    np.testing.assert_array_equal(pixels, cat)
    np.testing.assert_array_equal(mask, command_line(pictures / "cat.png", "--mask-only", "--matting", "auto"))
    undo(window)
    window.screenshot(artifacts / "gimp-5-undone.png")
    pixels, none = image_of(gimp, window, tmp_path / "undone.xcf")
    assert none is None
    np.testing.assert_array_equal(pixels, cat)
    # There was one step, and no other is left.
    undo(window)
    assert not window.is_changed
    window.focus(window.window)
    window.keys("ctrl+y")
    window.settle()
    _, again = image_of(gimp, window, tmp_path / "again.xcf")
    np.testing.assert_array_equal(again, mask)
    undo(window)


def test_the_dialog_shows_what_matters_and_what_is_missing(window: GimpWindow, artifacts: Path) -> None:
    dialog = window.open_dialog()
    subject = lines(window, dialog)
    # Grounding DINO is not here: its advice needs room, and OK does nothing.
    words = choose(window, dialog, "w", 3, lambda many: many > subject + 2)
    window.screenshot(artifacts / "gimp-6-words.png")
    window.press_until_seen("alt+d")
    window.type("cat")
    window.keys("Return")
    time.sleep(1)
    assert window.find("^Cut Out$") == dialog
    choose(window, dialog, "w", 2, lambda many: subject < many < words)
    window.screenshot(artifacts / "gimp-7-selection.png")
    choose(window, dialog, "w", 0, lambda many: many == subject)
    # No band for a hard edge.
    choose(window, dialog, "e", 1, lambda many: many < subject)
    window.keys("Escape")
    window.wait_until_gone("^Cut Out$")
    dialog = window.open_dialog()
    assert lines(window, dialog) == subject, "what was not run is not remembered"
    window.keys("Escape")
    window.wait_until_gone("^Cut Out$")


def test_what_was_chosen_last_is_remembered(
    gimp: GimpHost, window: GimpWindow, pictures: Path, command_line: Callable[..., np.ndarray], tmp_path: Path
) -> None:
    dialog = window.open_dialog()
    subject = lines(window, dialog)
    # As found has no band.
    choose(window, dialog, "e", 2, lambda many: many < subject)
    run_and_wait(window)
    # What the engine says of the result would take the keys.
    window.close_dialogs("^GIMP Message$")
    dialog = window.open_dialog()
    remembered = lines(window, dialog)
    # As found was remembered: Hair and fur has one more, the band.
    choose(window, dialog, "e", 0, lambda many: many > remembered)
    window.keys("Escape")
    window.wait_until_gone("^Cut Out$")
    undo(window)
    # Cut Out Selection, which has no dialog, goes by it: as found, no matting.
    cuts = gimp.jobs_done().count("cut")
    window.select_all()
    window.search("Cut Out Selection")
    wait_until(lambda: gimp.jobs_done().count("cut") > cuts, "no job was done")
    mask = mask_that_comes(gimp, window, tmp_path)
    options = ("--mask-only", "--segmenter", "subject-in-box", "--box", "0,0,451,300")
    np.testing.assert_array_equal(mask, command_line(pictures / "cat.png", *options))
    undo(window)
    undo(window)


def test_cancel_ends_it_and_changes_nothing(gimp: GimpHost, window: GimpWindow, tmp_path: Path) -> None:
    image_of(gimp, window, tmp_path / "before.xcf")
    pid = gimp.worker_pid()
    window.open_dialog()
    window.accept("^Cut Out$")
    with client.connect(folder=gimp.worker_folder) as asking:
        wait_until(lambda: asking.run("ping").header["jobs"] > 0, "no job came", 60)
        window.click(*CANCEL)
        wait_until(lambda: asking.run("ping").header["jobs"] == 0, "the job is not dropped", 60)
    window.settle()
    assert not window.is_changed
    assert gimp.worker_pid() == pid
    window.open_dialog()
    run_and_wait(window)
    undo(window)


# Time for a click while the result is built, and after the progress has ended.
SLOW = """
import time
_build, _end = _built, end_progress

def _built(*given):
    time.sleep({building})
    return _build(*given)

def end_progress():
    _end()
    time.sleep({applying})
"""


@pytest.mark.parametrize(
    ("building", "applying", "is_whole"), [(6, 0, False), (0, 6, True)], ids=["building it", "applying it"]
)
def test_cancel_at_the_end_leaves_all_of_the_result_or_nothing(
    gimp: GimpHost, window: GimpWindow, tmp_path: Path, building: int, applying: int, is_whole: bool
) -> None:
    path = gimp.profile.place / "plug_in" / "results.py"
    with path.open("a", encoding="utf-8") as file:
        file.write(SLOW.format(building=building, applying=applying))
    try:
        window.open_dialog()
        cuts = gimp.jobs_done().count("cut")
        window.accept("^Cut Out$")
        wait_until(lambda: gimp.jobs_done().count("cut") > cuts, "the job does not end")
        time.sleep(1.5)
        window.click(*CANCEL)
        time.sleep(7)
        window.settle()
    finally:
        gimp.install()
    assert window.is_changed == is_whole
    _, mask = image_of(gimp, window, tmp_path / "cancelled.xcf")
    assert (mask is not None) == is_whole
    if is_whole:
        undo(window)


def test_a_failure_is_shown(window: GimpWindow, artifacts: Path) -> None:
    window.search("Cut Out Selection")
    message = window.wait_for("^GIMP Message$")
    window.settle()
    window.screenshot(artifacts / "gimp-8-failure.png")
    window.focus(message)
    window.keys("Escape")
    window.wait_until_gone("^GIMP Message$")
    # There is no mask to refine: said at once, and not after a dialog.
    window.search("Refine Mask Edge")
    window.wait_for("^GIMP Message$")
    assert window.find("^Refine Mask Edge$") is None


def test_the_edge_of_a_mask_is_refined_by_the_menu(
    gimp: GimpHost, window: GimpWindow, photo: Callable[[str], np.ndarray], artifacts: Path, tmp_path: Path
) -> None:
    window.open_dialog()
    run_and_wait(window)
    _, mask = image_of(gimp, window, tmp_path / "mask.xcf")
    # From here on, a change can be told.
    window.save(tmp_path / "saved.xcf")
    window.search("Refine Mask Edge")
    window.wait_for("^Refine Mask Edge$")
    window.settle()
    window.screenshot(artifacts / "gimp-9-refine.png")
    window.accept("^Refine Mask Edge$")
    wait_until(lambda: window.is_changed, "nothing was changed")
    _, refined = image_of(gimp, window, tmp_path / "refined.xcf")
    np.testing.assert_array_equal(refined, in_8_bits(refine_mask(Picture(photo("chelsea")), mask).alpha))


def test_gimps_search_finds_it_by_what_people_call_it(window: GimpWindow, artifacts: Path) -> None:
    window.search_for("remove background")
    window.screenshot(artifacts / "gimp-10-search.png")
    window.keys("Return")
    window.wait_for("^Cut Out$")
    window.close_dialogs("^Cut Out$")


def test_the_quick_mask_is_told_and_a_selection_can_be_added_to(window: GimpWindow, artifacts: Path) -> None:
    window.select_all()
    dialog = window.open_dialog()
    subject = lines(window, dialog)
    choose(window, dialog, "u", 3, lambda many: many > subject)
    window.screenshot(artifacts / "gimp-11-selection.png")
    window.close_dialogs("^Cut Out$")
    window.focus(window.window)
    window.press_until_seen("shift+q")
    window.search("Cut Out Selection")
    window.wait_for("^GIMP Message$")
    window.settle()
    window.screenshot(artifacts / "gimp-12-quick-mask.png")
    window.close_dialogs("^GIMP Message$")
    window.focus(window.window)
    window.press_until_seen("shift+q")
    window.keys("ctrl+shift+a")
    window.settle()
