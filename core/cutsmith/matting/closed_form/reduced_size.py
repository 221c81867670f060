"""A smaller picture's alpha at the picture's own size.

Alpha is a linear function of colour in each small window of the smaller picture. The function's coefficients change
slowly, so they can be enlarged where alpha itself cannot: K. He, J. Sun, "Fast Guided Filter", 2015, with colour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cutsmith.machine.cancelling import check
from cutsmith.matting.closed_form.laplacian import Prior

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EPSILON = 1e-5
"""Keeps the functions flat where the colours of a window hardly differ, for colours in [0, 1]."""

_BYTES_AT_ONCE = 32 * 2**20
_BYTES_PER_PIXEL = 40


def local_linear_upsample(
    small_image: NDArray[Any], small_alpha: NDArray[np.float32], image: NDArray[Any]
) -> NDArray[np.float32]:
    """`small_alpha` at the size of `image`, float32 (H, W) in [0, 1]; as fine as the picture's own colours.

    In windows of 3 x 3 pixels of the smaller picture, alpha is fitted as a linear function of colour. The functions
    are averaged over 3 x 3 windows, enlarged bilinearly, and applied to the picture's own colours, in strips of rows:
    beside the result, it takes about 200 bytes for each small pixel and 32 MB.

    Args:
        small_image: (h, w, 3), `image` made smaller by the mean over areas, of its dtype.
        small_alpha: float32 (h, w) in [0, 1].
        image: (H, W, 3) of uint8, uint16, or float32 in [0, 1].
    """
    import cv2

    height, width = image.shape[:2]
    coefficients = _coefficients(_colours(small_image), small_alpha.astype(np.float32, copy=False))
    rows = max(1, _BYTES_AT_ONCE // (_BYTES_PER_PIXEL * width))
    alpha = np.empty((height, width), np.float32)
    for first in range(0, height, rows):
        check()
        last = min(first + rows, height)
        of_strip = cv2.resize(_rows_between(coefficients, first, last, height), (width, last - first))
        strip = of_strip[..., 3]
        strip += np.einsum("hwc,hwc->hw", of_strip[..., :3], _colours(image[first:last]))
        np.clip(strip, 0, 1, out=alpha[first:last])
    return alpha


def _colours(image: NDArray[Any]) -> NDArray[np.float32]:
    """`image` as float32 in [0, 1]."""
    colours: NDArray[np.float32] = image.astype(np.float32)
    if image.dtype.kind != "f":
        colours *= np.float32(1 / np.iinfo(image.dtype).max)
    return colours


def _coefficients(colours: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """(h, w, 4): alpha is about red, green and blue times the first three plus the last, averaged over windows."""
    import cv2

    def mean(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        check()
        averaged: NDArray[np.float32] = cv2.blur(plane, (3, 3), borderType=cv2.BORDER_REFLECT)
        return averaged

    # Colours are taken from the picture's mean, so that little is lost in the differences of products.
    middle = colours.reshape(-1, 3).mean(axis=0)
    c = [np.ascontiguousarray(colours[..., channel] - middle[channel]) for channel in range(3)]
    means = [mean(plane) for plane in c]
    alpha_mean = mean(alpha)
    to_alpha = [mean(plane * alpha) - average * alpha_mean for plane, average in zip(c, means, strict=True)]
    matrix = np.empty((*alpha.shape, 3, 3), np.float32)
    for one in range(3):
        for two in range(one, 3):
            check()
            matrix[..., one, two] = matrix[..., two, one] = mean(c[one] * c[two]) - means[one] * means[two]
        matrix[..., one, one] += _EPSILON
    coefficients = np.empty((*alpha.shape, 4), np.float32)
    coefficients[..., :3] = _solved(matrix, to_alpha)
    coefficients[..., 3] = alpha_mean - sum(coefficients[..., channel] * means[channel] for channel in range(3))
    coefficients = mean(coefficients)
    coefficients[..., 3] -= coefficients[..., :3] @ middle
    return coefficients


def _solved(matrix: NDArray[np.float32], side: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The solutions (h, w, 3) of symmetric positive definite `matrix` (h, w, 3, 3), by its Cholesky factors."""
    least = np.float32(_EPSILON)
    check()
    l00 = np.sqrt(np.maximum(matrix[..., 0, 0], least))
    l10, l20 = matrix[..., 1, 0] / l00, matrix[..., 2, 0] / l00
    l11 = np.sqrt(np.maximum(matrix[..., 1, 1] - l10 * l10, least))
    l21 = (matrix[..., 2, 1] - l20 * l10) / l11
    l22 = np.sqrt(np.maximum(matrix[..., 2, 2] - l20 * l20 - l21 * l21, least))
    check()
    first = side[0] / l00
    second = (side[1] - l10 * first) / l11
    third = (side[2] - l20 * first - l21 * second) / l22
    blue = third / l22
    green = (second - l21 * blue) / l11
    red = (first - l10 * green - l20 * blue) / l00
    return np.stack([red, green, blue], axis=-1)


def _rows_between(small: NDArray[np.float32], first: int, last: int, height: int) -> NDArray[np.float32]:
    """Rows `first` to `last` of `small` (h, w, C) enlarged bilinearly to `height` rows; columns stay as they are."""
    at = (np.arange(first, last) + 0.5) * (small.shape[0] / height) - 0.5
    at = np.clip(at, 0, small.shape[0] - 1)
    above = np.floor(at).astype(np.intp)
    below = np.minimum(above + 1, small.shape[0] - 1)
    share = (at - above).astype(np.float32)[:, None, None]
    rows: NDArray[np.float32] = small[above] * (1 - share) + small[below] * share
    return rows


class Reduced(NamedTuple):
    """A system's picture at a smaller size; the fields are as for `laplacian.equations`."""

    image: NDArray[Any]
    unknown: NDArray[np.bool_]
    known: NDArray[np.float32]
    prior: Prior | None


def reduced(
    image: NDArray[Any],
    unknown: NDArray[np.bool_],
    known: NDArray[np.float32],
    prior: Prior | None,
    factor: float,
) -> Reduced:
    """Everything at `factor`, in (0, 1), of its size; a pixel is unknown where any of its area is."""
    import cv2

    height, width = unknown.shape
    size = max(3, round(width * factor)), max(3, round(height * factor))

    def smaller(plane: NDArray[Any]) -> NDArray[Any]:
        check()
        made: NDArray[Any] = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
        return made

    small_prior = None
    if prior is not None:
        weight = smaller(prior.weight)
        value = smaller(prior.weight * prior.value)
        np.divide(value, weight, out=value, where=weight > 0)
        small_prior = Prior(np.clip(value, 0, 1), weight)
    return Reduced(smaller(image), smaller(unknown.astype(np.float32)) > 0, smaller(known), small_prior)
