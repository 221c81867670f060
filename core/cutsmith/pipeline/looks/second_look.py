"""A removal model's mask, and its masks of other views where the first one is in doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

from cutsmith.machine.cancelling import awaited, in_this_context
from cutsmith.pipeline.looks.choice import chosen, is_cut_by_frame, is_in_doubt
from cutsmith.pipeline.looks.decidedness import dice, undecidedness
from cutsmith.pipeline.looks.views import ViewName, mask_of_picture, view_of
from cutsmith.result.looks import Looks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.options import LookCount
    from cutsmith.pipeline.stages import Run
    from cutsmith.protocols import Remover


def subject_mask(
    remover: Remover, image: NDArray[np.uint8], looks: LookCount, run: Run
) -> tuple[NDArray[np.float32], Looks | None]:
    """The main subject's soft mask, float32 (H, W), and what the views said; None where there was one view.

    Args:
        remover: the model.
        image: uint8 (H, W, 3).
        looks: "1" for one view; "3" for the mirrored and the padded one too; "auto" for those only in doubt, and the
            padded one only where the frame cuts the subject.
        run: times the stages "mask" and "second look", and may end them.
    """
    first = first_look(remover, image, run)
    others = _other_views(first, looks)
    return looked_again(remover, image, first, others, run) if others else (first, None)


def first_look(remover: Remover, image: NDArray[np.uint8], run: Run) -> NDArray[np.float32]:
    """The soft mask of the picture as it is, float32 (H, W); `image` is uint8 (H, W, 3), and `run` may end it."""
    with run.stage("mask"):
        return remover.soft_mask(image)


def looked_again(
    remover: Remover,
    image: NDArray[np.uint8],
    first: NDArray[np.float32],
    others: Sequence[ViewName],
    run: Run,
) -> tuple[NDArray[np.float32], Looks]:
    """The mask that is taken, float32 (H, W): the `first` one, or that of one of the `others`; and what all said."""
    with run.stage("second look"):
        masks: dict[ViewName, NDArray[np.float32]] = {"first": first}
        # Two requests at a time: while the engine runs one, the other is prepared or read.
        pool = ThreadPoolExecutor(max_workers=len(others), thread_name_prefix="cutsmith-view")
        try:
            asked = {
                name: pool.submit(in_this_context(partial(_mask_of_view, remover, image, name))) for name in others
            }
            for name, future in asked.items():
                masks[name] = awaited(future)
        finally:
            # A cancelled run ends there, too.
            pool.shutdown(cancel_futures=True)
        doubts = {name: undecidedness(mask) for name, mask in masks.items()}
        taken = chosen(masks, doubts)
        return masks[taken], _told(masks, doubts, taken)


def _other_views(first: NDArray[np.float32], looks: LookCount) -> list[ViewName]:
    if looks == "1" or (not (first > 0.5).any() and looks == "auto"):
        return []
    if looks == "3":
        return ["mirrored", "padded"]
    if not is_in_doubt(first):
        return []
    return ["mirrored", "padded"] if is_cut_by_frame(first) else ["mirrored"]


def _mask_of_view(remover: Remover, image: NDArray[np.uint8], name: ViewName) -> NDArray[np.float32]:
    return mask_of_picture(remover.soft_mask(view_of(image, name)), name, image.shape)


def _told(masks: Mapping[ViewName, NDArray[np.float32]], doubts: Mapping[ViewName, float], taken: ViewName) -> Looks:
    agreement = min(dice(one, other) for one, other in combinations(masks.values(), 2))
    if taken == "first":
        more_decided = any(value < doubts["first"] for value in doubts.values())
        why_not = "the more decided view shows another subject" if more_decided else "no other view was more decided"
        reason = f"{why_not} (undecidedness {doubts['first']:.2f})"
    else:
        reason = f"undecidedness {doubts[taken]:.2f} instead of {doubts['first']:.2f}"
    return Looks(taken, {str(name): value for name, value in doubts.items()}, agreement, reason)
