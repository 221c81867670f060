"""The matting Laplacian's equations for unknown pixels alone.

A. Levin, D. Lischinski, Y. Weiss, "A Closed-Form Solution to Natural Image Matting", PAMI 2008, equation 12, with
windows of 3 x 3 pixels. Rows of known pixels are never built, and colours become floats only in the windows that touch
an unknown pixel.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cutsmith.machine.cancelling import check

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Pixels that share a window are at most this many rows and columns apart.
REACH = 2

# Unknown pixels that are assembled at once: 81 numbers for each window are alive meanwhile, about 20 MB.
_PIXELS_AT_ONCE = 16_384

_OFFSETS = [(dy, dx) for dy in range(-REACH, REACH + 1) for dx in range(-REACH, REACH + 1)]
_ITSELF = _OFFSETS.index((0, 0))
_WINDOW = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]


class Prior(NamedTuple):
    """What alpha is drawn to: `value` in [0, 1] and `weight`, 0 or more, both float32 (H, W)."""

    value: NDArray[np.float32]
    weight: NDArray[np.float32]


class Equations(NamedTuple):
    """`matrix @ alpha = right_side` for N unknown pixels in the picture's raster order.

    `matrix` is a scipy CSR matrix (N, N), symmetric, of float64 with int32 indices; `right_side` is float64 (N,).
    """

    matrix: Any
    right_side: NDArray[np.float64]


def equations(
    image: NDArray[Any],
    unknown: NDArray[np.bool_],
    known: NDArray[np.float32],
    prior: Prior | None = None,
    epsilon: float = 1e-7,
) -> Equations:
    """The equations of the pixels in `unknown`: (L_uu + diag(weight)) alpha = weight value - L_uk known.

    Args:
        image: (H, W, 3) of uint8, uint16, or float32 in [0, 1]; also a view of a larger picture, which must reach
            `REACH` pixels beyond every unknown pixel, or to the picture's frame. At least 3 x 3.
        unknown: bool (H, W) with at least one true pixel.
        known: float32 (H, W) in [0, 1], read where `unknown` is false.
        prior: what alpha is drawn to.
        epsilon: regularises flat windows, as in the paper, for colours in [0, 1].
    """
    from scipy.sparse import csr_matrix

    counts = np.count_nonzero(unknown, axis=1)
    ends = np.cumsum(counts)
    total = int(ends[-1])
    right_side = np.empty(total)
    # Room for the most entries that there can be; what is not written to takes no memory.
    values = np.empty(len(_OFFSETS) * total)
    columns = np.empty(len(_OFFSETS) * total, np.int32)
    lengths = np.empty(total, np.int32)
    entries = 0
    for first, last in _strips(counts):
        check()
        begin, end = int(ends[first] - counts[first]), int(ends[last - 1])
        if begin == end:
            continue
        rows = _rows_of_strip(image, unknown, first, last, epsilon)
        y, x = np.nonzero(unknown[first:last])
        top = max(first - REACH, 0)
        neighbours, fixed = _surroundings(unknown, known, first, last, y, x, int(ends[top] - counts[top]))
        side = -np.einsum("ns,ns->n", rows, fixed)
        if prior is not None:
            weight = prior.weight[first:last][y, x].astype(np.float64)
            rows[:, _ITSELF] += weight
            side += weight * prior.value[first:last][y, x]
        right_side[begin:end] = side
        linked = neighbours >= 0
        lengths[begin:end] = np.count_nonzero(linked, axis=1)
        after = entries + int(lengths[begin:end].sum())
        values[entries:after] = rows[linked]
        columns[entries:after] = neighbours[linked]
        entries = after
    starts = np.zeros(total + 1, np.int32)
    np.cumsum(lengths, out=starts[1:])
    matrix = csr_matrix((values[:entries], columns[:entries], starts), shape=(total, total))
    matrix.has_sorted_indices = True
    matrix.has_canonical_format = True
    return Equations(matrix, right_side)


def _strips(counts: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Rows (first, last + 1) of strips with about `_PIXELS_AT_ONCE` of the pixels that `counts` (H,) gives by row."""
    number = np.cumsum(counts) // _PIXELS_AT_ONCE
    cuts = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), len(counts)]
    return list(pairwise(cuts))


def _rows_of_strip(
    image: NDArray[Any], unknown: NDArray[np.bool_], first: int, last: int, epsilon: float
) -> NDArray[np.float64]:
    """Rows of the Laplacian (N, 25) of the strip's N unknown pixels; columns are the offsets of `_OFFSETS`."""
    import cv2

    height, width = unknown.shape
    # Windows that touch the strip's pixels, named by their centres: rows first - 1 to last. One that would reach over
    # the frame does not exist.
    touched = np.zeros((last - first + 2, width), np.uint8)
    touched[1:-1] = unknown[first:last]
    touched = cv2.dilate(touched, np.ones((3, 3), np.uint8))
    touched[:, [0, -1]] = 0
    touched[: max(0, 2 - first)] = 0
    touched[max(0, height - first) :] = 0
    window_y, window_x = np.nonzero(touched)
    total = len(window_y)
    whitened = _whitened(image, window_y + (first - 1), window_x, epsilon)

    # Numbers of the windows; the number after the last stands for a window that does not exist, whose share is 0.
    number = np.full((last - first + 2, width + 2), total, np.int64)
    number[:, 1:-1][touched.view(np.bool_)] = np.arange(total)
    y, x = np.nonzero(unknown[first:last])
    window_of = [number[y + 1 - dy, x + 1 - dx] for dy, dx in _WINDOW]

    rows = np.zeros((len(_OFFSETS), len(y)))
    share = np.zeros(total + 1)
    product = np.empty(total)
    taken = np.empty(len(y))
    for one, place in enumerate(_WINDOW):
        for two in range(one, len(_WINDOW)):
            inner = share[:-1]
            np.multiply(whitened[0, one], whitened[0, two], out=inner)
            for channel in (1, 2):
                np.multiply(whitened[channel, one], whitened[channel, two], out=product)
                inner += product
            np.subtract((one == two) - 1 / len(_WINDOW), inner, out=inner)
            dy, dx = _WINDOW[two][0] - place[0], _WINDOW[two][1] - place[1]
            np.take(share, window_of[one], out=taken, mode="clip")
            rows[_OFFSETS.index((dy, dx))] += taken
            if one != two:
                np.take(share, window_of[two], out=taken, mode="clip")
                rows[_OFFSETS.index((-dy, -dx))] += taken
    return np.ascontiguousarray(rows.T)


def _whitened(image: NDArray[Any], y: NDArray[np.intp], x: NDArray[np.intp], epsilon: float) -> NDArray[np.float64]:
    """For the windows around (y, x), vectors (3, 9, N) whose dot products are c_i (C + epsilon)^-1 c_j.

    c are colours less their mean in the window, and C is the sum of c c^T. The Cholesky factor of C + epsilon gives
    them with far smaller rounding errors than an inverse by determinants, which matters where colours lie on a line.
    """
    scale = 1.0 if image.dtype.kind == "f" else 1.0 / np.iinfo(image.dtype).max
    colours = np.empty((3, len(_WINDOW), len(y)))
    pixels = image.reshape(-1, 3) if image.flags.c_contiguous else None
    for number, (dy, dx) in enumerate(_WINDOW):
        seen = image[y + dy, x + dx] if pixels is None else pixels[(y + dy) * image.shape[1] + (x + dx)]
        colours[:, number] = seen.T
    colours *= scale
    red, green, blue = colours
    for plane in colours:
        plane -= plane.mean(axis=0)
    l00 = np.sqrt(_dot(red, red) + epsilon)
    l10, l20 = _dot(red, green) / l00, _dot(red, blue) / l00
    l11 = np.sqrt(_dot(green, green) + epsilon - l10 * l10)
    l21 = (_dot(green, blue) - l20 * l10) / l11
    l22 = np.sqrt(_dot(blue, blue) + epsilon - l20 * l20 - l21 * l21)
    # Forward substitution, in place.
    red /= l00
    green -= l10 * red
    green /= l11
    blue -= l20 * red
    blue -= l21 * green
    blue /= l22
    return colours


def _dot(one: NDArray[np.float64], two: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums (N,) of the products of two planes (9, N)."""
    products: NDArray[np.float64] = np.einsum("kn,kn->n", one, two)
    return products


def _surroundings(
    unknown: NDArray[np.bool_],
    known: NDArray[np.float32],
    first: int,
    last: int,
    y: NDArray[np.intp],
    x: NDArray[np.intp],
    before: int,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """For the strip's pixels (y, x): the number of each unknown neighbour, else -1; each known one's value, else 0.

    Both (N, 25), in the order of `_OFFSETS`. `before` is the number of unknown pixels above the strip's reach.
    """
    height, width = unknown.shape
    top, bottom = max(first - REACH, 0), min(last + REACH, height)
    shape = (last - first + 2 * REACH, width + 2 * REACH)
    within = np.s_[top - first + REACH : bottom - first + REACH, REACH:-REACH]
    number = np.full(shape, -1, np.int32)
    fixed = np.zeros(shape, np.float32)
    around = unknown[top:bottom]
    number[within][around] = np.arange(before, before + np.count_nonzero(around), dtype=np.int32)
    fixed[within] = np.where(around, np.float32(0), known[top:bottom])
    here = (y + REACH) * shape[1] + x + REACH
    index = here[:, None] + np.array([dy * shape[1] + dx for dy, dx in _OFFSETS])
    return number.ravel()[index], fixed.ravel()[index]
