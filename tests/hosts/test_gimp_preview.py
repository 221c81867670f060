"""The picture in Cut Out's dialog, in a genuine GIMP's window: the cut-out to be seen, a box drawn, a look at 1:1."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from cutsmith import Picture, cut_out
from tests.hosts.gimp_host import GimpHost
from tests.hosts.gimp_window import GimpWindow, wait_until
from tests.hosts.test_gimp_pictures import in_8_bits
from tests.hosts.test_gimp_window import image_of, undo

pytestmark = [pytest.mark.slow, pytest.mark.weights]

SECONDS = 120
# The two shades of the checks that stand for transparency.
CHECKS = (168, 107)
BOX = (60, 20, 360, 270)
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
    moves = [word for place in (middle, stop) for word in ("mousemove", *(str(round(at)) for at in place))]
    begin = ("mousemove", *(str(round(at)) for at in start))
    window.tool("xdotool", *begin, "mousedown", "1", *moves, "mouseup", "1")


def jobs_done(gimp: GimpHost) -> list[str]:
    """The kinds of the jobs that the worker has done, in order."""
    (log,) = gimp.home.rglob("worker.log")
    return re.findall(r"INFO (\w+): done", log.read_text(encoding="utf-8"))


def test_the_cut_out_is_seen_before_ok(window: GimpWindow, dialog: str, artifacts: Path) -> None:
    window.screenshot(artifacts / "gimp-4-preview.png")
    window.keys("alt+e", "Down")  # Edge: Hard
    wait_until(lambda: checks(window, dialog) > 2000, "the cut-out does not come again", SECONDS)


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
    window.keys("alt+o")
    wait_until(lambda: window.is_changed, "nothing was changed", SECONDS)
    window.settle()
    window.close_dialogs("^GIMP Message$")
    _, mask = image_of(gimp, window, tmp_path / "box.xcf")
    assert mask is not None
    cut = cut_out(Picture(photo("chelsea")), box=BOX, model=str(isnet_weights), segmenter="subject-in-box")
    # The box was drawn on a screen: a pixel more or less at its sides.
    assert np.abs(mask.astype(int) - in_8_bits(cut.alpha)).mean() < 4


def test_a_look_at_1_to_1_is_what_ok_takes(gimp: GimpHost, window: GimpWindow, dialog: str, artifacts: Path) -> None:
    window.keys("alt+1")
    before = len(jobs_done(gimp))
    wait_until(lambda: "cut" in jobs_done(gimp)[before - 1 :], "the edge was not worked out", SECONDS)
    time.sleep(1)
    window.screenshot(artifacts / "gimp-6-one-to-one.png")
    cuts = jobs_done(gimp).count("cut")
    window.keys("alt+o")
    wait_until(lambda: window.is_changed, "nothing was changed", SECONDS)
    assert jobs_done(gimp).count("cut") == cuts
