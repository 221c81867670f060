"""The signals of edges: whether the picture has an edge where the mask has its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cutsmith.quality.colours import signed_distance

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FRAME = 3  # pixels at the picture's own border, where a mask ends without an edge
_REACH = 0.12  # of the subject's size: how far around the mask's edge the picture's is looked for
_MORE = 1.15  # an edge elsewhere must be this much stronger than the one at the mask's
_NEAR, _WIDE = 2.0, 0.05  # pixels; of the subject's size
_FAINT = 10.0  # difference in CIELAB of 8 bits that is hardly an edge
_UNEVEN = 0.35  # of what most of the edge has


def edge_signals(lab: NDArray[np.float32], inside: NDArray[np.bool_], size: float) -> dict[str, float]:
    """The signals of edges, by their names (see `cutsmith.quality.signals.Signals`).

    Args:
        lab: float32 (H, W, 3), CIELAB of 8 bits.
        inside: bool (H, W), the mask; somewhere true.
        size: the root of its area.
    """
    depth = signed_distance(inside)
    inner = np.zeros(inside.shape, bool)
    inner[_FRAME:-_FRAME, _FRAME:-_FRAME] = True
    edge = (np.abs(depth) <= 1) & inner
    if not edge.any():
        # A mask that ends nowhere but at the picture's border has no edge to be judged by.
        return {
            "weak_edge": 1.0,
            "weak_wide_edge": 1.0,
            "uneven_edge": 0.0,
            "edge_elsewhere": 0.0,
            "edge_outside": 0.0,
            "edge_weakness": 1.0,
        }
    profile = _profile(_gradient(lab), depth, inner, max(4, int(_REACH * size)))
    reach = len(profile) // 2
    here = float(profile[reach - 1 : reach + 2].max())
    at = int(np.argmax(profile)) - reach
    is_elsewhere = float(profile.max()) > _MORE * here
    near = _contrast(lab, depth, _NEAR)[edge]
    wide = _contrast(lab, depth, max(3.0, _WIDE * size))[edge]
    return {
        "weak_edge": float((near < _FAINT).mean()),
        "weak_wide_edge": float((wide < _FAINT).mean()),
        "uneven_edge": float((wide < _UNEVEN * np.percentile(wide, 80)).mean()),
        "edge_elsewhere": abs(at) / size if is_elsewhere else 0.0,
        "edge_outside": max(at, 0) / size if is_elsewhere else 0.0,
        "edge_weakness": 1 - here / (float(profile.max()) + 1e-6),
    }


def _gradient(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest gradient of the three channels at each pixel, (H, W)."""
    import cv2

    soft = cv2.GaussianBlur(lab, (0, 0), 1)
    across = cv2.Sobel(soft, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    largest: NDArray[np.float32] = cv2.magnitude(across, down).reshape(lab.shape).max(axis=2)
    return largest


def _profile(
    gradient: NDArray[np.float32], depth: NDArray[np.float32], inner: NDArray[np.bool_], reach: int
) -> NDArray[np.float64]:
    """The mean gradient at each distance from -`reach` to `reach` pixels from the mask's edge, each with neighbours."""
    steps = np.rint(depth[inner]).astype(np.int32) + reach + 1
    is_near = (steps >= 0) & (steps < 2 * reach + 3)
    steps, values = steps[is_near], gradient[inner][is_near]
    sums = np.bincount(steps, values, minlength=2 * reach + 3)
    counts = np.bincount(steps, minlength=2 * reach + 3)
    # Three neighbouring distances together, as a line of one pixel is too thin to be told by.
    total = sums[:-2] + sums[1:-1] + sums[2:]
    number = counts[:-2] + counts[1:-1] + counts[2:]
    profile: NDArray[np.float64] = total / np.maximum(number, 1)
    return profile


def _contrast(lab: NDArray[np.float32], depth: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """How much the mean colour just inside differs from that just outside, at each pixel: (H, W)."""
    within, beyond = (_local_mean(lab, where, sigma) for where in (depth < -1.5, depth > 1.5))
    distance: NDArray[np.float32] = np.linalg.norm(within - beyond, axis=2)
    return distance


def _local_mean(lab: NDArray[np.float32], where: NDArray[np.bool_], sigma: float) -> NDArray[np.float32]:
    import cv2

    weight = where.astype(np.float32)
    total = cv2.GaussianBlur(lab * weight[..., None], (0, 0), sigma)
    mean: NDArray[np.float32] = total / (cv2.GaussianBlur(weight, (0, 0), sigma)[..., None] + 1e-6)
    return mean
