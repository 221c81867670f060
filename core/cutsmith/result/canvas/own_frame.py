"""The picture's own frame, changed: cut down to the subject, or with the subject at another size or place in it.

Boxes and scales, no pixels. A `Canvas` has a size of its own; here everything follows from the picture's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from cutsmith.geometry import Box
from cutsmith.result.canvas.layout import SIDES, Placement, Subject, drawn_at, start_of
from cutsmith.result.canvas.settings import Margin


class Margins(NamedTuple):
    """The room on each side of a subject. The shares of top and bottom are of its height, the others of its width."""

    top: Margin = Margin()
    right: Margin = Margin()
    bottom: Margin = Margin()
    left: Margin = Margin()


NO_MARGINS = Margins()


@dataclass(frozen=True)
class OwnFrame:
    """How the picture's own frame is changed.

    Attributes:
        cut_down: whether the frame is cut down to the subject and its `margins`.
        margins: the room around a frame that is cut down, also where the picture's edge cuts the subject off.
        fill: in (0, 1], the share of the frame that the subject takes along the side that limits it; None for the size
            that it has.
        place: the shares of the free room that lie left of the subject and above it, each in [0, 1]. None leaves the
            subject where it is; one of another size goes into the middle, and stays at an edge that cuts it off.
        most_pixels: a frame with more is made smaller with all that is in it; None for no limit.
        shadow_opacity: in [0, 1], how dark the shadow becomes where the subject stands on the ground; 0 for none.
    """

    cut_down: bool = False
    margins: Margins = NO_MARGINS
    fill: float | None = None
    place: tuple[float, float] | None = None
    most_pixels: int | None = None
    shadow_opacity: float = 0.0


def place_in_own_frame(subject: Subject, frame: OwnFrame) -> Placement:
    """Where `subject` goes, and how large it becomes.

    The whole picture is made smaller first, so that margins in pixels are pixels of the result; then the subject gets
    its size, and then the frame is cut down, or the subject gets its place.
    """
    size, scale = shrunk_size(subject.width, subject.height, frame.most_pixels)
    if not frame.cut_down and frame.fill is None and frame.place is None:
        return _unmoved(subject, size)
    if frame.fill is not None:
        scale = frame.fill * min(size[0] / subject.box.width, size[1] / subject.box.height)
    if frame.cut_down:
        return _cut_down(subject, frame, scale)
    across, down = _lengths(subject, scale, size)
    left, top = _start(subject, frame, (size[0] - across, size[1] - down))
    return drawn_at(subject, Box(left, top, left + across, top + down), size, scale)


def shrunk_size(width: int, height: int, most_pixels: int | None) -> tuple[tuple[int, int], float]:
    """((width, height) with at most `most_pixels`, how many times as long as before the sides are, at most 1)."""
    if most_pixels is None or width * height <= most_pixels:
        return (width, height), 1.0
    scale = math.sqrt(most_pixels / (width * height))
    across = min(max(int(width * scale), 1), most_pixels)
    down = min(max(int(height * scale), 1), most_pixels // across)
    return (across, down), scale


def _unmoved(subject: Subject, size: tuple[int, int]) -> Placement:
    across, down = size[0] / subject.width, size[1] / subject.height
    x0, y0, x1, y1 = subject.box
    whole = Box(0, 0, subject.width, subject.height)
    return Placement(
        *size,
        Box(x0 * across, y0 * down, x1 * across, y1 * down),
        whole,
        Box(0, 0, *size),
        across,
        subject.cut_off,
    )


def _lengths(subject: Subject, scale: float, most: tuple[int, int] | None = None) -> tuple[int, int]:
    """(width, height) of the subject's box at `scale`; rounding must not make it larger than `most`."""
    across, down = (max(round(side * scale), 1) for side in (subject.box.width, subject.box.height))
    return (across, down) if most is None else (min(across, most[0]), min(down, most[1]))


def _start(subject: Subject, frame: OwnFrame, free: tuple[int, int]) -> tuple[int, int]:
    """(left, top) of the subject's box."""
    if frame.place is not None:
        return round(free[0] * frame.place[0]), round(free[1] * frame.place[1])
    is_cut = {side: side in subject.cut_off for side in SIDES}
    return (
        start_of(free[0], 0.0, 0.5, is_cut["left"], is_cut["right"]),
        start_of(free[1], 0.0, 0.5, is_cut["top"], is_cut["bottom"]),
    )


def _cut_down(subject: Subject, frame: OwnFrame, scale: float) -> Placement:
    smaller = 1.0
    found = _with_margins(subject, frame.margins, scale, smaller)
    # The margins can make the frame larger than the picture's own.
    while frame.most_pixels is not None and found.width * found.height > frame.most_pixels:
        if (found.box.width, found.box.height) == (1, 1):
            return _with_margins(subject, NO_MARGINS, scale, smaller)
        smaller *= min(math.sqrt(frame.most_pixels / (found.width * found.height)), 0.999)
        found = _with_margins(subject, frame.margins, scale, smaller)
    return found


def _with_margins(subject: Subject, margins: Margins, scale: float, smaller: float) -> Placement:
    """The subject at `scale` x `smaller` with its margins, whose pixels become fewer by `smaller` too."""
    across, down = _lengths(subject, scale * smaller)
    top, right, bottom, left = (
        round(each.pixels * smaller + each.share * side)
        for each, side in zip(margins, (down, across, down, across), strict=True)
    )
    box = Box(left, top, left + across, top + down)
    return drawn_at(subject, box, (left + across + right, top + down + bottom), scale * smaller)
