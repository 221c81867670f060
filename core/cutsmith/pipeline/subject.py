"""One thing to cut out, as the models found it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.result.cutout import FoundObject
    from cutsmith.result.looks import Looks
    from cutsmith.result.steps import Step

# A picture has a subject if at least one pixel is more likely subject than not. Without a subject, the raw maxima are:
# plain pictures <= 0.05, gravel and grass 0.40, noise 0.16 to 0.63 depending on its size (docs/decisions.md).
FOUND_PROBABILITY = 0.5


@dataclass(frozen=True, eq=False)
class Subject:
    """One thing to cut out.

    Attributes:
        soft_mask: float32 (H, W) in [0, 1].
        objects: the objects that form it.
        uncut: for matting, the soft mask before it was cut off at boxes; None if it was not cut off.
        inside: bool (H, W), where alpha may be above 0; None means everywhere.
        looks: what the views of a removal model said; None where it saw one, or where no such model looked.
        judged_objects: what SAM 2 says of a mask that nobody asked for by a box; they are none of the `objects`.
        disagreement: 1 - the Dice coefficient with the mask that this one is a second opinion of.
        network: the removal model whose mask it is; None where another model made it.
        doubts: reasons for a review that the mask itself does not show, in sentences.
        steps: what the cascade tried, in its order; empty without it.
        is_taken_away: whether it is taken out of the subjects before it.
    """

    soft_mask: NDArray[np.float32]
    objects: tuple[FoundObject, ...] = ()
    uncut: NDArray[np.float32] | None = None
    inside: NDArray[np.bool_] | None = None
    looks: Looks | None = None
    judged_objects: tuple[FoundObject, ...] = ()
    disagreement: float = 0.0
    network: str | None = None
    doubts: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    is_taken_away: bool = False
