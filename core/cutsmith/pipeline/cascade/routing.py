"""First look -> second look -> another way: each only while the result is in doubt, and the best is kept."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from cutsmith.geometry import box_of_mask
from cutsmith.pipeline.cascade.attempt import Attempt, best_of
from cutsmith.pipeline.looks.choice import is_in_doubt
from cutsmith.pipeline.looks.decidedness import dice
from cutsmith.pipeline.looks.second_look import first_look, looked_again
from cutsmith.pipeline.subject import FOUND_PROBABILITY, Subject
from cutsmith.quality import reasons
from cutsmith.quality.judging import judged
from cutsmith.result.cutout import FoundObject

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.options import LookCount
    from cutsmith.pipeline.cascade.other_way import OtherWay
    from cutsmith.pipeline.stages import Run
    from cutsmith.protocols import Remover

# Two networks that see the same outline are right more often than each alone.
_CONFIRMED = 0.95
_WHOLE_PICTURE = 0.95  # of its area: the crop of such a box shows a removal model what it has seen already


def routed(remover: Remover, other: OtherWay | None, image: NDArray[np.uint8], looks: LookCount, run: Run) -> Subject:
    """The main subject's best mask, with the steps that led to it.

    Args:
        remover: makes the first masks.
        other: the way after them; None where there is none.
        image: uint8 (H, W, 3).
        looks: "1" leaves the second look out, "3" takes it in any case.
        run: times the stages "mask", "second look" and "another way", and may end them.
    """
    attempts = [_first(remover, image, run)]
    doubted = not attempts[0].is_accepted or is_in_doubt(attempts[0].soft_mask)
    if looks == "3" or (doubted and looks == "auto"):
        attempts.append(_second(remover, image, attempts[0].soft_mask, run))
    # The second look has judged the first mask anew, knowing more.
    standing = attempts[-1]
    candidates = [standing]
    if not standing.is_accepted and other is not None:
        further = _another(other, image, standing, run)
        if further is not None:
            attempts.append(further)
            candidates.append(further)
    kept = best_of(candidates)
    return Subject(
        kept.soft_mask,
        looks=kept.looks,
        network=kept.network,
        judged_objects=kept.named,
        disagreement=kept.disagreement,
        doubts=kept.doubts,
        steps=tuple(each.as_step(is_kept=each is kept) for each in attempts),
    )


def _first(remover: Remover, image: NDArray[np.uint8], run: Run) -> Attempt:
    began = perf_counter()
    mask = first_look(remover, image, run)
    quality = judged(image, mask, mask, network=remover.name)
    return Attempt("first look", remover.name, mask, quality, perf_counter() - began, network=remover.name)


def _second(remover: Remover, image: NDArray[np.uint8], first: NDArray[np.float32], run: Run) -> Attempt:
    began = perf_counter()
    mask, looks = looked_again(remover, image, first, ("mirrored", "padded"), run)
    quality = judged(image, mask, mask, looks, network=remover.name)
    seconds = perf_counter() - began
    told = f"the {looks.taken} view: {looks.reason}"
    return Attempt("second look", remover.name, mask, quality, seconds, looks, remover.name, told=told)


def _another(other: OtherWay, image: NDArray[np.uint8], standing: Attempt, run: Run) -> Attempt | None:
    """What another model makes of the box of the `standing` mask; None where there is no box to ask with."""
    from cutsmith.segmentation.selection_prompt import prompt_of_selection

    height, width = image.shape[:2]
    box = box_of_mask(standing.soft_mask > FOUND_PROBABILITY)
    if box is None:
        return None
    with run.stage("another way"):
        began = perf_counter()
        segmenter, network = other.opened()
        if network == standing.network and box.width * box.height > _WHOLE_PICTURE * width * height:
            return None
        prompt = prompt_of_selection(standing.soft_mask, width, height, with_points=segmenter.takes_points)
        (segment,) = segmenter.segment(image, [prompt], run)
        uncut = segment.uncut()
        mask = segment.soft_mask() if uncut is None else uncut[0]
        alike = dice(mask, standing.soft_mask)
        found = FoundObject(box, prompt.points, predicted_iou=segment.predicted_iou, stability=segment.stability)
        named = (found,) if network is None else ()
        # A second network may only confirm the first one's outline: which of two is right nobody knows.
        is_apart = network != standing.network and alike < _CONFIRMED
        doubts = (reasons.ANOTHER_SUBJECT,) if is_apart else ()
        quality = judged(image, mask, mask, named=named, network=network, disagreement=1 - alike).doubted(doubts)
        model = segmenter.name if network is None else f"{segmenter.name}, {network}"
        told = f"what is in the box of the mask; Dice coefficient {alike:.2f} with the mask before"
        seconds = perf_counter() - began
    return Attempt("another way", model, mask, quality, seconds, None, network, named, 1 - alike, doubts, told)
