"""How far matting is trusted: where a mask is undecided nearly everywhere, matting makes it worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cutsmith.pipeline.looks.decidedness import undecidedness
from cutsmith.result.looks import ALIKE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.result.looks import Looks

# Over these undecidednesses, matting fades out in favour of the mask. How they were found: docs/decisions.md.
_SEEN_ONCE = (0.10, 0.16)
# What is left of doubt after a better view was found is the picture's own, such as hair.
_BETTER_VIEW = (0.15, 0.25)
# No view was better: the doubt is the network's.
_NO_BETTER_VIEW = (0.10, 0.12)
# The views do not even agree what the subject is.
_VIEWS_APART = (0.05, 0.09)


def trust_in(soft_mask: NDArray[np.float32], looks: Looks | None) -> float:
    """The share in [0, 1] with which matting's alpha replaces `soft_mask`, float32 (H, W) in [0, 1].

    Args:
        soft_mask: what matting starts from.
        looks: what the views said from which it was chosen; None where there was one view.
    """
    begins, ends = _fade(looks)
    return min(max((ends - undecidedness(soft_mask)) / (ends - begins), 0.0), 1.0)


def _fade(looks: Looks | None) -> tuple[float, float]:
    if looks is None:
        return _SEEN_ONCE
    if looks.taken != "first":
        return _BETTER_VIEW
    return _NO_BETTER_VIEW if looks.agreement >= ALIKE else _VIEWS_APART
