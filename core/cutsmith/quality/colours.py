"""The signals of colours: whether what is inside a mask looks like its surroundings, and the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BINS = 12  # along each axis of CIELAB
_BLUR = 0.7  # of histograms, in bins: colours on both sides of a bin's border are alike
_RATHER = 0.8  # posterior probability from which on a colour is rather one side's
_RIM = 0.1  # of the subject's size
_LIKE_THE_MEDIAN = 8.0  # distance in CIELAB of 8 bits


def colour_signals(lab: NDArray[np.float32], mask: NDArray[np.float32], size: float) -> dict[str, float]:
    """The signals of colours, by their names (see `cutsmith.quality.signals.Signals`).

    Args:
        lab: float32 (H, W, 3), CIELAB of 8 bits.
        mask: float32 (H, W) in [0, 1], with pixels above 0.5.
        size: the root of their number.
    """
    bins = (lab / (256 / _BINS)).astype(np.int32)
    index = (bins[..., 0] * _BINS + bins[..., 1]) * _BINS + bins[..., 2]
    sure, outside = mask > 0.9, mask < 0.1
    count = max(int(np.count_nonzero(mask > 0.5)), 1)
    subject, background = _histogram(index[sure]), _histogram(index[outside])
    rather_subject = _posterior(subject, background)[index]
    depth = signed_distance(mask > 0.5)
    rim = _RIM * size + 2
    core, beyond = depth < -rim, depth > rim
    around = (depth > 1) & (depth < rim)
    own_rim = (depth < 0) & (depth > -rim)
    like_subject = _posterior(_histogram(index[depth < -1]), _histogram(index[beyond]))[index]
    like_outside = _posterior(_histogram(index[depth > 1]), _histogram(index[core]))[index]
    frame = np.concatenate([lab[0], lab[:, 0], lab[:, -1]])
    median = np.median(frame, axis=0)
    return {
        "background_inside": float(np.count_nonzero((rather_subject < 1 - _RATHER) & sure)) / count,
        "subject_outside": float(np.count_nonzero((rather_subject > _RATHER) & outside)) / count,
        "colour_overlap": float(np.minimum(subject, background).sum()),
        "subject_around": _share(like_subject > _RATHER, around),
        "surroundings_inside": _share(like_outside > _RATHER, own_rim),
        "plainness": float((np.linalg.norm(frame - median, axis=1) < _LIKE_THE_MEDIAN).mean()),
        "busyness": float(np.std(lab[outside], axis=0).mean()) if outside.any() else 0.0,
    }


def signed_distance(inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The distance of each pixel from the mask's edge, in pixels: below 0 inside."""
    import cv2

    here = inside.view(np.uint8)
    distance: NDArray[np.float32] = cv2.distanceTransform(1 - here, cv2.DIST_L2, 5) - cv2.distanceTransform(
        here, cv2.DIST_L2, 5
    )
    return distance


def _histogram(index: NDArray[np.int32]) -> NDArray[Any]:
    """The share of each colour, blurred: float64 (_BINS ** 3,), which sums up to just under 1."""
    import cv2

    counts = np.bincount(index.reshape(-1), minlength=_BINS**3).astype(np.float64)
    blurred = cv2.GaussianBlur(counts.reshape(_BINS, _BINS * _BINS), (1, 3), sigmaX=_BLUR, sigmaY=_BLUR)
    planes = blurred.reshape(_BINS, _BINS, _BINS)
    for plane in planes:
        plane[:] = cv2.GaussianBlur(plane, (3, 3), _BLUR)
    shares: NDArray[Any] = planes.reshape(-1) / (index.size + 1)
    return shares


def _posterior(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    """The probability that each colour is of `one` rather than of the `other`; under 0.5 for colours of neither."""
    share: NDArray[Any] = one / (one + other + 1e-9)
    return share


def _share(which: NDArray[np.bool_], where: NDArray[np.bool_]) -> float:
    return float(which[where].mean()) if where.any() else 0.0
