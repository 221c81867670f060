"""Parts that vanished on a white ground: the photograph has something where the result has nothing.

On a near-white ground everything that has an edge is content. A white product on white has faint ones, which a network
at 1024 pixels easily gives up, and then it is sure of the rest. The box of all content is compared with the mask's.
Shadows have no edges, if they are soft.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cutsmith.geometry import box_of_mask
from cutsmith.quality.signals import at_a_small_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FRAME = 0.02  # of the shorter side: the picture's rim, which shows the ground
_LIGHT, _COLOURLESS = 235.0, 8.0  # CIELAB of 8 bits: lightness, and the distance from gray
_LIKE_THE_GROUND = 12.0
_PLAIN = 0.85  # of the rim
_NOISES, _LEAST_EDGE = 6.0, 10.0  # gradients above the ground's own; a step of 3 levels has about 10
_COARSE, _SHARP = 3.0, 1.8  # pixels; a shadow's slope is as steep seen coarsely, an edge a third as steep
_BESIDE = 0.04  # of the subject's size: edges this near are the mask's own
_LONG = 0.05  # of the picture's longer side: shorter edges are dust


def content_beyond(image: NDArray[np.uint8], soft_mask: NDArray[np.float32]) -> float:
    """How far content reaches beyond the mask's box, as a share of that box's longer side; 0 on any other ground.

    Args:
        image: uint8 (H, W, 3), sRGB.
        soft_mask: float32 (H, W) in [0, 1].
    """
    import cv2

    small, mask = at_a_small_size(image, soft_mask)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    inside = mask > 0.5
    box = box_of_mask(inside)
    if box is None or not _is_white(lab, mask):
        return 0.0
    gradient = _gradient(lab[..., 0], 1.0)
    noise = float(np.median(gradient[mask < 0.1]))
    is_sharp = gradient > _SHARP * _gradient(lab[..., 0], _COARSE)
    edges = (is_sharp & (gradient > max(_NOISES * noise, _LEAST_EDGE))).astype(np.uint8)
    size = float(np.sqrt(np.count_nonzero(inside)))
    reach = 2 * round(_BESIDE * size + 2) + 1
    beside = cv2.dilate((mask > 0.1).view(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    edges[beside] = 0
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(edges, connectivity=8)
    longest = _LONG * max(inside.shape)
    kept = [
        number
        for number in range(1, count)
        if max(statistics[number, cv2.CC_STAT_WIDTH], statistics[number, cv2.CC_STAT_HEIGHT]) >= longest
    ]
    content = box_of_mask(np.isin(labels, kept)) if kept else None
    if content is None:
        return 0.0
    beyond = max(box.x0 - content.x0, box.y0 - content.y0, content.x1 - box.x1, content.y1 - box.y1, 0.0)
    return beyond / max(box.width, box.height)


def _is_white(lab: NDArray[np.float32], mask: NDArray[np.float32]) -> bool:
    """Whether the picture's rim is near white and plain, where the subject does not lie on it."""
    width = max(round(_FRAME * min(mask.shape)), 1)
    rim = np.ones(mask.shape, bool)
    rim[width:-width, width:-width] = False
    ground = lab[rim & (mask < 0.1)]
    if len(ground) < np.count_nonzero(rim) / 2:
        return False
    median = np.median(ground, axis=0)
    if median[0] < _LIGHT or float(np.hypot(median[1] - 128, median[2] - 128)) > _COLOURLESS:
        return False
    return bool((np.linalg.norm(ground - median, axis=1) < _LIKE_THE_GROUND).mean() >= _PLAIN)


def _gradient(lightness: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    import cv2

    soft = cv2.GaussianBlur(lightness, (0, 0), sigma)
    gradient: NDArray[np.float32] = cv2.magnitude(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1))
    return gradient
