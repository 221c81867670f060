"""How far an alpha is from the truth: the four errors of the alphamatting.com benchmark (Rhemann et al., CVPR 2009).

Every alpha is float (H, W) in [0, 1]; `region`, bool (H, W), limits where the error is summed. Smaller is better.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRADIENT_SIGMA = 1.4
CONNECTIVITY_STEP = 0.1
CONNECTIVITY_TOLERANCE = 0.15
UNKNOWN_MARGIN = 10
"""Pixels by which the truth's partly transparent area is widened where no trimap is given."""


def unknown_region(truth: NDArray[Any], trimap: NDArray[np.uint8] | None = None) -> NDArray[np.bool_]:
    """Where the benchmark's errors count: the trimap's 128, else the truth in (0, 1) widened by `UNKNOWN_MARGIN`."""
    if trimap is not None:
        given: NDArray[np.bool_] = trimap == 128
        return given
    import cv2

    side = 2 * UNKNOWN_MARGIN + 1
    between = ((truth > 0) & (truth < 1)).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(between, kernel) > 0)


def sad(alpha: NDArray[Any], truth: NDArray[Any], region: NDArray[np.bool_] | None = None) -> float:
    """The sum of absolute differences / 1000."""
    return float(_within(np.abs(_double(alpha) - _double(truth)), region).sum()) / 1000


def mse(alpha: NDArray[Any], truth: NDArray[Any], region: NDArray[np.bool_] | None = None) -> float:
    """The mean squared difference; 0 over an empty region."""
    squares = _within((_double(alpha) - _double(truth)) ** 2, region)
    return float(squares.mean()) if squares.size else 0.0


def gradient_error(alpha: NDArray[Any], truth: NDArray[Any], region: NDArray[np.bool_] | None = None) -> float:
    """The sum of squared differences of the gradients' length / 1000, by Gaussian derivatives of sigma 1.4.

    As in the authors' program, the kernel has an L2 norm of 1, and the border is repeated.
    """
    difference = _gradient_length(_double(alpha)) - _gradient_length(_double(truth))
    return float(_within(difference**2, region).sum()) / 1000


def connectivity_error(alpha: NDArray[Any], truth: NDArray[Any], region: NDArray[np.bool_] | None = None) -> float:
    """The sum of differences in connectedness / 1000.

    A pixel hangs together with the subject down to the last threshold, in steps of 0.1, at which it lies in the largest
    4-connected area where both alphas reach the threshold. What its alpha exceeds that by counts from 0.15 on.
    """
    alpha, truth = _double(alpha), _double(truth)
    level = np.full(truth.shape, -1.0)
    steps = round(1 / CONNECTIVITY_STEP)
    for step in range(1, steps + 1):
        threshold = step / steps
        connected = _largest_area((alpha >= threshold) & (truth >= threshold))
        level[(level < 0) & ~connected] = (step - 1) / steps
    level[level < 0] = 1.0
    difference = np.abs(_connectedness(alpha, level) - _connectedness(truth, level))
    return float(_within(difference, region).sum()) / 1000


def _connectedness(alpha: NDArray[np.float64], level: NDArray[np.float64]) -> NDArray[np.float64]:
    beyond = alpha - level
    return np.asarray(1 - beyond * (beyond >= CONNECTIVITY_TOLERANCE))


def _largest_area(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    import cv2

    count, labels, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count < 2:
        return np.zeros_like(mask)
    return np.asarray(labels == 1 + int(statistics[1:, cv2.CC_STAT_AREA].argmax()))


def _gradient_length(alpha: NDArray[np.float64]) -> NDArray[np.float64]:
    import cv2

    sigma = GRADIENT_SIGMA
    # The kernel ends where the Gaussian falls below 0.01.
    half = math.ceil(sigma * math.sqrt(-2 * math.log(math.sqrt(2 * math.pi) * sigma * 0.01)))
    at = np.arange(-half, half + 1, dtype=np.float64)
    bell = np.exp(-(at**2) / (2 * sigma**2))
    kernel = np.outer(bell, -at * bell)
    kernel /= np.sqrt((kernel**2).sum())
    across = cv2.filter2D(alpha, cv2.CV_64F, kernel, borderType=cv2.BORDER_REPLICATE)
    down = cv2.filter2D(alpha, cv2.CV_64F, kernel.T.copy(), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(np.hypot(across, down))


def _double(alpha: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(alpha, np.float64)


def _within(values: NDArray[np.float64], region: NDArray[np.bool_] | None) -> NDArray[np.float64]:
    return values if region is None else values[region]
