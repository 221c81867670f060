"""Why a person should look at a result, in sentences that a shop understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cutsmith.quality.signals import Signals

NOTHING = "Nothing is left in the result."
EVERYTHING = "Nearly the whole photograph is kept, background and all."
ENCLOSED = "Background seems to be left inside the subject, as in a ring or behind a handle."
VANISHED = "On the white ground there is something beyond the result: a part of the product may be missing."
SAM_DOUBTS = "SAM 2 itself is not sure of this outline."
ANOTHER_SUBJECT = "Two models found different outlines."
OPENED = "Background that showed through the subject was taken out: look whether it was background."
SAM_UNSTABLE = "The outline changes a lot with small changes of the threshold."

SENTENCES: Mapping[str, str] = {
    "undecidedness": "The network could not decide what belongs to the subject in large areas.",
    "disagreement": "The subject was another one each time the network looked.",
    "background_inside": "Parts of the result have the colours of the background: some of it may be left.",
    "subject_outside": "Parts that were cut away have the colours of the subject: some of it may be missing.",
    "edge_elsewhere": "The outline does not follow the edges in the photograph.",
    "weak_edge": "Along much of the outline nothing changes in the photograph: the cut may go through the subject.",
    "largeness": "The result covers most of the photograph: background may be left.",
    "smallness": "The result is very small: the subject may be something else.",
    "colour_overlap": "Subject and background have the same colours, so that the outline is a guess.",
}
"""What signals mean, each for itself and those like it."""

_LIKE = {
    "soft_share": "undecidedness",
    "soft_width": "undecidedness",
    "unsureness": "undecidedness",
    "faintness": "undecidedness",
    "subject_around": "subject_outside",
    "surroundings_inside": "background_inside",
    "weak_wide_edge": "weak_edge",
    "uneven_edge": "weak_edge",
    "edge_outside": "edge_elsewhere",
    "edge_weakness": "edge_elsewhere",
    "area": "largeness",
}
_UNLIKE_OTHERS = "The result is unlike those that are known to be good."


def of_signals(signals: Signals, names: Sequence[str], most: int) -> list[str]:
    """At most `most` sentences for the signals with these `names`, the weightiest first; at least one."""
    told: list[str] = []
    for name in names:
        known = _LIKE.get(name, name)
        # A signal may weigh much among good pictures and still be 0 here.
        if known in SENTENCES and getattr(signals, name) > 0 and SENTENCES[known] not in told:
            told.append(SENTENCES[known])
    return told[:most] or [_UNLIKE_OTHERS]
