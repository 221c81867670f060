"""How well a mask finds the subject: the measures of salient object detection, and boundary IoU.

Every mask is float (H, W) in [0, 1], the truth is taken at 0.5; larger is better, but for MAE. The library that has
them, pysodmetrics, forbids NumPy from 2.3.5 on and needs scikit-learn, so that they are written out here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TINY = 1e-12


def mae(mask: NDArray[Any], truth: NDArray[Any]) -> float:
    """The mean absolute difference; the truth keeps its soft values."""
    return float(np.abs(np.asarray(mask, np.float64) - truth).mean())


def f_measure(mask: NDArray[Any], truth: NDArray[Any]) -> float:
    """The largest F-measure over the thresholds 0/255 to 255/255, with beta^2 = 0.3 (Achanta et al., CVPR 2009)."""
    true = np.asarray(truth) >= 0.5
    levels = np.round(np.asarray(mask, np.float64) * 255).astype(np.int64)
    hits = np.bincount(levels[true], minlength=256)[::-1].cumsum()
    marked = np.bincount(levels.ravel(), minlength=256)[::-1].cumsum()
    precision = hits / np.maximum(marked, 1)
    recall = hits / max(int(true.sum()), 1)
    return float((1.3 * precision * recall / np.maximum(0.3 * precision + recall, _TINY)).max())


def s_measure(mask: NDArray[Any], truth: NDArray[Any]) -> float:
    """The structure measure (Fan et al., ICCV 2017): half by object, half by region, never below 0."""
    mask, true = np.asarray(mask, np.float64), np.asarray(truth) >= 0.5
    share = float(true.mean())
    if share in (0.0, 1.0):
        return float(mask.mean()) if share else float(1 - mask.mean())
    by_object = share * _alike(mask[true]) + (1 - share) * _alike(1 - mask[~true])
    return max(0.0, 0.5 * by_object + 0.5 * _by_region(mask, true))


def boundary_iou(mask: NDArray[Any], truth: NDArray[Any]) -> float:
    """IoU of the two inner borders, 2 % of the picture's diagonal wide (Cheng et al., CVPR 2021)."""
    ours, true = _inner_border(np.asarray(mask) >= 0.5), _inner_border(np.asarray(truth) >= 0.5)
    either = int((ours | true).sum())
    return float((ours & true).sum()) / either if either else 1.0


def _inner_border(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    import cv2

    width = max(1, round(0.02 * float(np.hypot(*mask.shape))))
    # Outside the picture is background: a subject's cut at the frame is a border too.
    padded = np.pad(mask.astype(np.uint8), 1)
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=width)[1:-1, 1:-1]
    return np.asarray(mask & (eroded == 0))


def _alike(values: NDArray[np.float64]) -> float:
    mean = float(values.mean())
    spread = float(values.std(ddof=1)) if values.size > 1 else 0.0
    return 2 * mean / (mean**2 + 1 + spread + _TINY)


def _by_region(mask: NDArray[np.float64], true: NDArray[np.bool_]) -> float:
    rows, columns = np.nonzero(true)
    y, x = round(float(rows.mean())) + 1, round(float(columns.mean())) + 1
    parts = [(slice(a, b), slice(c, d)) for a, b in ((0, y), (y, None)) for c, d in ((0, x), (x, None))]
    return sum(_similarity(mask[part], true[part]) * true[part].size / true.size for part in parts if true[part].size)


def _similarity(mask: NDArray[np.float64], true: NDArray[np.bool_]) -> float:
    truth = true.astype(np.float64)
    x, y, degrees = mask.mean(), truth.mean(), max(mask.size - 1, 1)
    variances = (((mask - x) ** 2).sum() + ((truth - y) ** 2).sum()) / degrees
    covariance = ((mask - x) * (truth - y)).sum() / degrees
    above, below = 4 * x * y * covariance, (x**2 + y**2) * variances
    if above != 0:
        return float(above / (below + _TINY))
    return 1.0 if below == 0 else 0.0
