"""The subject inside a given box, by a removal model on the box's crop: the stand-in for SAM 2."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.cures import give, leave_out
from cutsmith.errors import BadOption
from cutsmith.geometry import Box, checked_box

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.protocols import Prompt, Remover, Watch

NAME = "subject-in-box"
# How much around the box the model is shown on each side, as a share of the box's longer side. A subject that touches
# the crop's border is easily taken for background; with too wide a margin other subjects return
# (benchmarks/box_margin.py).
CONTEXT_MARGIN = 0.2


class BoxSegment:
    """The mask of what is in one box, made when it is first asked for (see `cutsmith.protocols.Segment`).

    The removal model estimates neither how well the mask fits nor how stable it is.
    """

    predicted_iou: None = None
    stability: None = None

    def __init__(self, whole: Callable[[], NDArray[np.float32]], kept: tuple[slice, slice]) -> None:
        """`whole` makes the crop's mask, float32 (H, W) of the picture; `kept` is the box's (rows, columns)."""
        self._whole = whole
        self._kept = kept

    @cached_property
    def _mask(self) -> NDArray[np.float32]:
        return self._whole()

    def soft_mask(self) -> NDArray[np.float32]:
        """The probability that each pixel is the subject in the box: float32 (H, W) in [0, 1], 0 outside the box."""
        result = np.zeros_like(self._mask)
        result[self._kept] = self._mask[self._kept]
        return result

    def shown_mask(self, width: int, height: int) -> NDArray[np.float32]:
        """The soft mask at a screen's size: float32 (height, width) in [0, 1]."""
        import cv2

        shown = cv2.resize(self.soft_mask(), (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(shown, np.float32)

    def uncut(self) -> tuple[NDArray[np.float32], tuple[slice, slice]]:
        """The mask of the whole crop, with the box's surroundings, and the box's (rows, columns)."""
        return self._mask, self._kept


class SubjectInBox:
    """Picture and boxes -> soft masks of the subjects in them (see `cutsmith.protocols.Segmenter`)."""

    name = NAME
    takes_points = False

    def __init__(self, remover: Remover, margin: float = CONTEXT_MARGIN) -> None:
        """Use `remover` on crops with `margin` (a share of the box's longer side) of context."""
        self._remover = remover
        self._margin = margin

    def provenance(self) -> Mapping[str, str]:
        """This segmenter's name, and the remover's model, file and engine."""
        return {"segmenter": NAME, **self._remover.provenance()}

    def segment(
        self, image: NDArray[np.uint8], prompts: Sequence[Prompt], watch: Watch | None = None
    ) -> list[BoxSegment]:
        """One segment a prompt, for `image`, uint8 (H, W, 3); its mask is made when it is asked for.

        Raises:
            BadBox: not four finite numbers, inverted, empty, or outside the picture.
            BadOption: a prompt has no box, or has points or a mask beside it.
        """
        boxes = [prompt.box for prompt in prompts if prompt.box and not prompt.points and prompt.mask is None]
        if len(boxes) != len(prompts):
            raise BadOption(
                f"{NAME} takes a box, but points or a mask were given, which need SAM 2.",
                leave_out("segmenter"),
                give("box", "40,60,300,420", text="Or give a box alone"),
                option="segmenter",
            )
        height, width = image.shape[:2]
        return [self._segment(image, checked_box(box, width, height)) for box in boxes]

    def _segment(self, image: NDArray[np.uint8], inside: Box) -> BoxSegment:
        height, width = image.shape[:2]
        shown = inside.grow(self._margin * max(inside.width, inside.height)).clip(width, height).slices()

        def whole() -> NDArray[np.float32]:
            mask = np.zeros((height, width), np.float32)
            mask[shown] = self._remover.soft_mask(np.ascontiguousarray(image[shown]))
            return mask

        return BoxSegment(whole, inside.slices())
