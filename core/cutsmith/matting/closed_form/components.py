"""Unknown pixels in systems that can each be solved alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cutsmith.machine.cancelling import check
from cutsmith.matting.closed_form.laplacian import REACH
from cutsmith.matting.regions import grown

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Components below this are solved together with others: a system costs some milliseconds, whatever its size.
_SMALL = 4096
_SMALL_TOGETHER = 32_768
# Small components are gathered tile by tile of the picture, of this side in pixels, so that a system's box stays small.
_TILE = 512


class System(NamedTuple):
    """Unknown pixels that are solved together.

    `slices` are the rows and columns of their box, with a margin of `REACH` inside the picture. `own` is bool (h, w) of
    that box: which pixels of it are in the system. `pixels` is their number.
    """

    slices: tuple[slice, slice]
    own: NDArray[np.bool_]
    pixels: int

    def moved(self, down: int, right: int) -> System:
        """The system in a larger picture, in which this one's first pixel lies at (`right`, `down`)."""
        rows, columns = self.slices
        slices = np.s_[rows.start + down : rows.stop + down, columns.start + right : columns.stop + right]
        return self._replace(slices=slices)


class Division(NamedTuple):
    """What is to be solved.

    Attributes:
        systems: the smallest first.
        constants: float32 (H, W), what unknown pixels are that are linked to known pixels of one value only; NaN at all
            others.
    """

    systems: list[System]
    constants: NDArray[np.float32]


def divided(unknown: NDArray[np.bool_], known: NDArray[np.float32], weight: NDArray[np.float32] | None) -> Division:
    """The systems of the pixels in `unknown`, bool (H, W), which must be true somewhere.

    Two unknown pixels depend on each other where they share a window, or through others. What nothing determines, no
    known pixel and no weight, is in no system and has no constant.

    Args:
        unknown: bool (H, W).
        known: float32 (H, W), the values of the other pixels.
        weight: float32 (H, W), the weight of a prior; None for none.
    """
    import cv2

    # Grown by the reach, pixels that depend on each other touch.
    around = grown(unknown, REACH)
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(
        around.view(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    check()
    label_of_unknown = labels[unknown]
    sizes = np.bincount(label_of_unknown, minlength=count)
    around &= ~unknown
    lowest, highest = _extremes(labels[around], known[around], count)
    has_prior = np.zeros(count, bool)
    if weight is not None:
        has_prior[label_of_unknown[weight[unknown] > 0]] = True

    check()
    constant = np.where(~has_prior & (lowest == highest), lowest, np.float32(np.nan))
    constants = np.full(unknown.shape, np.nan, np.float32)
    constants[unknown] = constant[label_of_unknown]
    del label_of_unknown, around

    to_solve = np.flatnonzero(has_prior | (lowest < highest))
    corners = statistics[to_solve, :4].astype(np.int64)
    corners[:, 2:] += corners[:, :2]
    systems = []
    for members in _gathered(sizes[to_solve], corners):
        check()
        x0, y0 = corners[members, :2].min(axis=0).tolist()
        x1, y1 = corners[members, 2:].max(axis=0).tolist()
        slices = np.s_[y0:y1, x0:x1]
        if len(members) == 1:
            own = labels[slices] == to_solve[members[0]]
        else:
            chosen = np.zeros(count, bool)
            chosen[to_solve[members]] = True
            own = chosen[labels[slices]]
        own &= unknown[slices]
        systems.append(System(slices, own, int(sizes[to_solve[members]].sum())))
    return Division(sorted(systems, key=lambda system: system.pixels), constants)


def _extremes(
    labels: NDArray[np.int32], values: NDArray[np.float32], count: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The lowest and the highest of `values` with each label; infinity and -infinity where there is none."""
    lowest = np.full(count, np.inf, np.float32)
    highest = np.full(count, -np.inf, np.float32)
    np.minimum.at(lowest, labels, values)
    np.maximum.at(highest, labels, values)
    return lowest, highest


def _gathered(sizes: NDArray[np.intp], corners: NDArray[np.int64]) -> list[NDArray[np.intp]]:
    """Groups of indices of components: large ones alone, small ones with their neighbours in the picture."""
    small = np.flatnonzero(sizes < _SMALL)
    alone = [np.array([index]) for index in np.flatnonzero(sizes >= _SMALL)]
    if small.size == 0:
        return alone
    tile = corners[small, :2] // _TILE
    small = small[np.lexsort((tile[:, 0], tile[:, 1]))]
    group = np.cumsum(sizes[small]) // _SMALL_TOGETHER
    return [*alone, *np.split(small, np.flatnonzero(np.diff(group)) + 1)]


def mean_width(own: NDArray[np.bool_], count: int) -> float:
    """About how many pixels wide the region `own`, bool (h, w), of `count` pixels is: its area by half its outline.

    Specks of other pixels in it do not count as outline.
    """
    import cv2

    check()
    square = np.ones((9, 9), np.uint8)
    closed = np.asarray(cv2.morphologyEx(own.view(np.uint8), cv2.MORPH_CLOSE, square)).view(np.bool_)
    outline = int(np.count_nonzero(grown(closed, 1))) - int(np.count_nonzero(closed))
    return 2 * count / max(1, outline)
