"""The worst held-out pictures as one picture: as it is, the baseline's mask, the tuned network's, and the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.evaluation.contact_sheet import Line, drawn_sheet, scaled
from cutsmith.finetuning.examples import Example
from cutsmith.finetuning.measuring import Measured, asked_of, read_picture, segments_of
from cutsmith.result.annotation import annotated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.protocols import Watch
    from cutsmith.segmentation.sam2 import Sam2Segmenter

MOST = 10
_COLUMNS = ("picture", "baseline: red too much, blue too little", "tuned: red too much, blue too little", "truth")
_TOO_MUCH, _TOO_LITTLE = (230, 30, 30), (30, 80, 240)
# How much of the picture shows through a tint, and how light what lies outside a mask is left.
_TINT, _OUTSIDE = 0.65, 0.45


def worst_sheet(
    examples: Sequence[Example],
    baseline: tuple[Sam2Segmenter, Sequence[Measured]],
    tuned: tuple[Sam2Segmenter, Sequence[Measured]],
    *,
    most: int = MOST,
    watch: Watch | None = None,
) -> bytes:
    """The objects on which the tuned network has the lowest IoU, the worst first, as JPEG.

    Masks are not kept while the pictures are measured, so both networks see these few pictures again.

    Args:
        examples: all that were measured.
        baseline, tuned: each network and what was measured of it.
        most: lines of the sheet.
        watch: may end the work between two pictures.

    Raises:
        PictureError: a picture cannot be read any more.
        Cancelled: `watch` says so.
    """
    by_name = {each.name: each for each in examples}
    pairs = [
        (before, after)
        for before, after in zip(baseline[1], tuned[1], strict=True)
        if before.iou is not None and after.iou is not None
    ]
    pairs.sort(key=lambda pair: pair[1].iou or 0.0)
    lines = []
    for before, after in pairs[:most]:
        if watch is not None:
            watch.check()
        lines.append(_line(by_name[after.name], before, after, (baseline[0], tuned[0]), watch))
    return drawn_sheet(_COLUMNS, lines)


def _line(
    example: Example,
    before: Measured,
    after: Measured,
    networks: tuple[Sam2Segmenter, Sam2Segmenter],
    watch: Watch | None,
) -> Line:
    picture = read_picture(example)
    asked = asked_of(example, picture)
    mine = asked[after.number - 1]
    truth = _small(mine.truth)
    image = scaled(picture.for_models())
    masks = [_small(segments_of(network, picture, [mine], watch)[0].soft_mask() >= 0.5) for network in networks]
    name = example.name if len(asked) == 1 else f"{example.name}, object {after.number}"
    title = f"{name}   IoU {before.iou:.2f} before, {after.iou:.2f} after"
    return Line(title, [image, *(_compared(image, mask, truth) for mask in masks), _shown(image, truth)])


def _small(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return scaled(mask.astype(np.uint8) * 255) >= 128


def _shown(image: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """`image` with `mask` outlined, and what lies outside of it made light."""
    light = np.where(mask[..., None], image, 255 - (255 - image.astype(np.float32)) * _OUTSIDE)
    return annotated(np.round(light).astype(np.uint8), (), mask)


def _compared(image: NDArray[np.uint8], mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """`image` with `mask` outlined, and tinted where it takes too much or too little."""
    shown = _shown(image, mask).astype(np.float32)
    for wrong, colour in ((mask & ~truth, _TOO_MUCH), (truth & ~mask, _TOO_LITTLE)):
        shown[wrong] = shown[wrong] * (1 - _TINT) + np.array(colour, np.float32) * _TINT
    return np.round(shown).astype(np.uint8)
