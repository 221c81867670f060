"""The subject inside a given box, by a removal model on the box's crop: what `--box` does without SAM 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cutsmith.geometry import checked_box

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.protocols import Remover

# Share of the box's longer side that is shown to the model on each side. A subject that touches the crop's border is
# easily taken for background; too much surroundings brings back other subjects (benchmarks/box_margin.py).
CONTEXT_MARGIN = 0.2


class SubjectInBox:
    """Picture and box -> soft mask of the subject in the box (see `cutsmith.protocols.Segmenter`)."""

    def __init__(self, remover: Remover, margin: float = CONTEXT_MARGIN) -> None:
        """Use `remover` on crops with `margin` (a share of the box's longer side) of context."""
        self._remover = remover
        self._margin = margin

    def soft_mask(self, image: NDArray[np.uint8], box: tuple[float, float, float, float]) -> NDArray[np.float32]:
        """The probability of each pixel to be the subject in `box`: float32 (H, W) in [0, 1], 0 outside the box.

        Args:
            image: uint8 (H, W, 3) sRGB.
            box: (x0, y0, x1, y1) in pixels, x1 and y1 exclusive; a pixel that the box touches is inside.

        Raises:
            BadBox: not four finite numbers, inverted, empty, or outside the picture.
        """
        height, width = image.shape[:2]
        inside = checked_box(box, width, height)
        context = inside.grow(self._margin * max(inside.width, inside.height)).clip(width, height)
        shown = context.slices()
        kept = inside.slices()
        whole = np.zeros((height, width), np.float32)
        whole[shown] = self._remover.soft_mask(np.ascontiguousarray(image[shown]))
        result = np.zeros_like(whole)
        result[kept] = whole[kept]
        return result
