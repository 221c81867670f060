"""Which view's mask is taken.

A view may stand in for the first one if it is more decided. A padded one has to meet more conditions. Padding helps
where the frame cuts the subject; but a padded view that lets go of the frame has lost a part of the subject, and one
that covers the frame has taken the whole photograph for the subject, of which a network can be very sure. How the
numbers were found: docs/decisions.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cutsmith.pipeline.looks.decidedness import frame_contact, undecidedness
from cutsmith.pipeline.looks.views import ViewName
from cutsmith.result.looks import SURE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MORE_DECIDED = 0.9  # a view must have less than this share of the first one's undecidedness
_TOUCHES_WITH = 0.1  # probability from which on the first mask touches the frame
_TOUCHES_ON = 0.01  # share of the frame
_HOLDS_WITH = 0.5
_WHOLE_PHOTOGRAPH = 0.65  # share of the frame


def is_in_doubt(soft_mask: NDArray[np.float32]) -> bool:
    """Whether another look may help."""
    return undecidedness(soft_mask) >= SURE


def is_cut_by_frame(soft_mask: NDArray[np.float32]) -> bool:
    """Whether the subject reaches the picture's edge, so that padding may help."""
    return frame_contact(soft_mask, _TOUCHES_WITH) > _TOUCHES_ON


def may_stand_in(
    name: ViewName, masks: Mapping[ViewName, NDArray[np.float32]], doubts: Mapping[ViewName, float]
) -> bool:
    """Whether the mask of the view `name` may be taken instead of the first one's; arguments as of `chosen`."""
    if not doubts[name] < _MORE_DECIDED * doubts["first"]:
        return False
    if name != "padded":
        return True
    first, contact = masks["first"], frame_contact(masks[name], _HOLDS_WITH)
    return is_cut_by_frame(first) and frame_contact(first, _HOLDS_WITH) <= contact <= _WHOLE_PHOTOGRAPH


def chosen(masks: Mapping[ViewName, NDArray[np.float32]], doubts: Mapping[ViewName, float]) -> ViewName:
    """The view that is taken: of the first one and those that may stand in for it, the most decided.

    Args:
        masks: (H, W) of the picture, by view, "first" among them.
        doubts: the undecidedness of each.
    """
    able = [name for name in masks if name == "first" or may_stand_in(name, masks, doubts)]
    return min(able, key=lambda name: doubts[name])
