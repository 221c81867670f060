"""Where a subject goes on its canvas, and how large it becomes: boxes and scales, no pixels.

The subject's box is where its alpha can be seen. Where the picture's edge cuts the subject off, the subject stays on
that side of the canvas: a straight cut in the middle of a canvas would look like a mistake.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cutsmith.geometry import Box
from cutsmith.result.canvas.settings import Canvas

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDES = ("left", "top", "right", "bottom")
"""The sides of a picture, in the order of a box."""

# Fainter alpha is no part of the subject's box: on white it changes a colour by a tenth at most.
_SEEN = 0.1
# The outermost pixels of a photograph are often too blurred to have alpha.
_EDGE = 2
# Beyond the box, faint alpha is drawn this far: a share of the subject's longer side.
_REACH = 0.02
# Above this, a photograph looks soft.
_MOST_ENLARGED = 1.25


class Subject(NamedTuple):
    """A subject in its picture.

    Attributes:
        box: where its alpha is at least 0.1, in whole pixels of the picture.
        width, height: the picture's, in pixels.
        cut_off: the sides (`SIDES`) on which the picture's edge cuts it off.
    """

    box: Box
    width: int
    height: int
    cut_off: tuple[str, ...] = ()


@dataclass(frozen=True)
class Placement:
    """A subject on its canvas.

    Attributes:
        width, height: the canvas's, in pixels.
        box: the subject's box on the canvas, in pixels.
        source: the part of the picture that is drawn, in whole pixels of the picture.
        target: where it is drawn, in whole pixels of the canvas; may reach beyond it.
        scale: how many times as large as in the picture the subject is.
        cut_off: the sides on which the picture's edge cuts the subject off.
        warnings: what the user should know.
    """

    width: int
    height: int
    box: Box
    source: Box
    target: Box
    scale: float
    cut_off: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def fill(self) -> float:
        """The share of the canvas that the subject's box takes along the side that limits it, in [0, 1]."""
        return max(self.box.width / self.width, self.box.height / self.height)


def find_subject(alpha: NDArray[np.float32]) -> Subject:
    """The subject of `alpha`, float32 (H, W) in [0, 1]; where nothing can be seen, all of the picture."""
    height, width = alpha.shape
    seen = alpha >= _SEEN
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not rows.size:
        return Subject(Box(0, 0, width, height), width, height)
    box = Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    reached = (box.x0 < _EDGE, box.y0 < _EDGE, box.x1 > width - _EDGE, box.y1 > height - _EDGE)
    cut_off = tuple(side for side, is_reached in zip(SIDES, reached, strict=True) if is_reached)
    return Subject(box, width, height, cut_off)


def group_scale(subjects: Sequence[Subject], canvas: Canvas) -> float:
    """The one scale for pictures that belong together, such as all views of a product: the largest at which all fit.

    Give it as `Canvas.scale`. Each picture for itself would show a cup as large as its pot.
    """
    return min((_own_scale(subject, canvas) for subject in subjects), default=1.0)


def place(subject: Subject, canvas: Canvas) -> Placement:
    """Where `subject` goes on `canvas`.

    The subject's box lies inside the canvas. It takes `fill` of the side that limits it, unless the margin leaves less
    room, the group's scale says otherwise, or the picture's edges cut the subject off on two opposite sides: then it
    reaches from one side of the canvas to the other, if the canvas is high (or wide) enough.
    """
    if canvas.pixels is None:
        return _cropped(subject, canvas) if canvas.crop else _in_its_own_frame(subject)
    width, height = canvas.pixels
    own = _own_scale(subject, canvas)
    fits = min(width / subject.box.width, height / subject.box.height)
    scale = own if canvas.scale is None else min(canvas.scale, fits)
    # Rounding must not make the subject larger than the canvas.
    across = min(max(round(subject.box.width * scale), 1), width)
    down = min(max(round(subject.box.height * scale), 1), height)
    margin = canvas.room.beside(max(across, down))
    shares = canvas.shares
    if canvas.position is None and {"top", "bottom"} <= set(subject.cut_off):
        shares = (shares[0], 1.0)  # where it cannot reach both, one straight cut is better than two
    left = start_of(width - across, margin, shares[0], "left" in subject.cut_off, "right" in subject.cut_off)
    top = start_of(height - down, margin, shares[1], "top" in subject.cut_off, "bottom" in subject.cut_off)
    box = Box(left, top, left + across, top + down)
    warnings = _warnings(subject, canvas, box, scale)
    return drawn_at(subject, box, (width, height), scale, warnings)


def _own_scale(subject: Subject, canvas: Canvas) -> float:
    """The scale that `canvas` wants for `subject` alone."""
    if canvas.pixels is None:
        return 1.0
    lengths = (subject.box.width, subject.box.height)
    room = canvas.room
    scales, through = [], []
    for side, length, ends in zip(canvas.pixels, lengths, (("left", "right"), ("top", "bottom")), strict=True):
        free_ends = 2 - sum(each in subject.cut_off for each in ends)
        # length x scale + free ends x margin <= side, where a relative margin grows with the subject.
        fits = (side - free_ends * room.pixels) / (length + free_ends * room.share * max(lengths))
        scales.append(min(canvas.most_fill * side / length, fits))
        through.append(side / length if free_ends == 0 else None)
    for here, other, side, length in ((0, 1, canvas.pixels[1], lengths[1]), (1, 0, canvas.pixels[0], lengths[0])):
        scale = through[here]
        if scale is not None and length * scale <= side and (through[other] is None or scale <= (through[other] or 0)):
            return scale
    return min(scales)


def start_of(free: int, margin: float, share: float, is_cut_before: bool, is_cut_after: bool) -> int:
    """Where the subject begins along one axis with `free` pixels of room beside it.

    At least `margin` pixels are left on both sides, and `share` of the rest before it. Where the picture's edge cuts it
    off on one side, it begins, or ends, there.
    """
    if is_cut_before != is_cut_after:
        return 0 if is_cut_before else free
    kept = 0.0 if is_cut_before else min(margin, free / 2)
    return round(kept + (free - 2 * kept) * share)


def _cropped(subject: Subject, canvas: Canvas) -> Placement:
    """The frame cut down to the subject and its margin, at the picture's own size."""
    margin = round(canvas.room.beside(max(subject.box.width, subject.box.height)))
    left, top, right, bottom = (0 if side in subject.cut_off else margin for side in SIDES)
    across, down = int(subject.box.width), int(subject.box.height)
    box = Box(left, top, left + across, top + down)
    return drawn_at(subject, box, (left + across + right, top + down + bottom), 1.0)


def _in_its_own_frame(subject: Subject) -> Placement:
    whole = Box(0, 0, subject.width, subject.height)
    return Placement(subject.width, subject.height, subject.box, whole, whole, 1.0, subject.cut_off)


def drawn_at(
    subject: Subject, box: Box, size: tuple[int, int], scale: float, warnings: tuple[str, ...] = ()
) -> Placement:
    """The placement with the subject's box at `box`, and with the faint alpha that lies beyond it."""
    reach = math.ceil(_REACH * max(subject.box.width, subject.box.height)) + 2
    whole = (0.0, 0.0, float(subject.width), float(subject.height))
    source, target = [], []
    for side, edge, at, end, sign in zip(SIDES, subject.box, box, whole, (-1, -1, 1, 1), strict=True):
        beyond = 0.0 if side in subject.cut_off else min(float(reach), abs(end - edge))
        source.append(edge + sign * beyond)
        target.append(at + sign * round(beyond * scale))
    return Placement(*size, box, Box(*source), Box(*target), scale, subject.cut_off, warnings)


def _warnings(subject: Subject, canvas: Canvas, box: Box, scale: float) -> tuple[str, ...]:
    told = []
    if scale > _MOST_ENLARGED:
        told.append(
            f"the subject is only {subject.box.width:g} x {subject.box.height:g} pixels and is enlarged {scale:.1f} "
            "times: it will look soft"
        )
    assert canvas.pixels is not None
    at_edge = (box.x0 == 0, box.y0 == 0, box.x1 == canvas.pixels[0], box.y1 == canvas.pixels[1])
    there = [side for side, is_there in zip(SIDES, at_edge, strict=True) if is_there and side in subject.cut_off]
    if there:
        told.append(f"the picture's edge cuts the subject off ({_listed(there)}): it stays at that edge of the canvas")
    if seen := [side for side in subject.cut_off if side not in there]:
        told.append(
            f"the picture's edge cuts the subject off ({_listed(seen)}), where the canvas has room left: the straight "
            "cut can be seen"
        )
    if canvas.scale is not None and not math.isclose(scale, canvas.scale):
        told.append(
            f"at the group's scale of {canvas.scale:.2f} the subject is larger than the canvas: it has {scale:.2f}"
        )
    wanted = canvas.fill
    if wanted is not None and canvas.scale is None:
        fill = max(box.width / canvas.pixels[0], box.height / canvas.pixels[1])
        if fill < wanted - 0.005:
            told.append(f"the margin leaves room for {fill:.0%} of the canvas, not {wanted:.0%}")
    return tuple(told)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(", ".join(names).rsplit(", ", 1))
