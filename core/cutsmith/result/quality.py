"""What Cutsmith itself thinks of a cut-out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Verdict = Literal["accept", "review"]

ACCEPT: Verdict = "accept"
REVIEW: Verdict = "review"


@dataclass(frozen=True)
class Quality:
    """How far a cut-out can be relied on.

    Attributes:
        uncertainty: the share of the subject that is probably wrong, in [0, 1]: 0.2 says about a fifth. None where
            nothing is known of masks of this kind, such as those of a model that was not calibrated.
        verdict: "accept", or "review" if a person should look at it.
        reasons: why, in sentences; empty for "accept".
    """

    uncertainty: float | None
    verdict: Verdict
    reasons: tuple[str, ...] = ()

    @property
    def warning(self) -> str:
        """What a person should be told beside the result; "" for "accept"."""
        if self.verdict == ACCEPT:
            return ""
        # Without the number, so that a hundred frames of a film are told once.
        return f"Look at this result, it may be wrong: {' '.join(self.reasons)}"

    def doubted(self, reasons: Sequence[str]) -> Quality:
        """This quality with further `reasons` for a review; itself where there are none."""
        if not reasons:
            return self
        return replace(self, verdict=REVIEW, reasons=tuple(dict.fromkeys((*self.reasons, *reasons))))

    def provenance(self) -> Mapping[str, str]:
        """The quality for a result's provenance."""
        told: dict[str, str] = {"verdict": self.verdict}
        if self.uncertainty is not None:
            told["uncertainty"] = f"{self.uncertainty:.3f}"
        if self.reasons:
            told["reasons"] = " ".join(self.reasons)
        return told


NOT_JUDGED = Quality(None, ACCEPT)
"""Of results that nothing is to be doubted of, such as the refined edge of a mask that the user has given."""
