"""What the views of a picture said, where a removal model saw it more than once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Looks:
    """The views in which a removal model saw a picture.

    Attributes:
        taken: the view whose mask was taken: "first", "mirrored" or "padded".
        undecidedness: of each view's mask, sum(min(p, 1 - p)) / count(p > 0.5); infinite without a pixel above 0.5.
        agreement: the smallest Dice coefficient between two of the masks, in [0, 1]. A low one is a warning even where
            each view is sure of itself.
        reason: why that view was taken, for people.
    """

    taken: str
    undecidedness: Mapping[str, float]
    agreement: float
    reason: str

    @property
    def are_apart(self) -> bool:
        """Whether views disagree although each of them is sure of itself."""
        return self.agreement < ALIKE and all(value < SURE for value in self.undecidedness.values())

    def provenance(self) -> dict[str, str]:
        """The looks for a result's provenance."""
        told = {"view": self.taken, "view_reason": self.reason, "view_agreement": f"{self.agreement:.2f}"}
        if self.are_apart:
            told["views"] = "apart, though each is sure"
        return told


ALIKE = 0.9
"""Masks of one subject have a Dice coefficient of at least this."""

SURE = 0.03
"""Below this undecidedness a mask is sure of itself; from it on, it is worth a second look."""
