"""What the engine thinks of the results of a run, in lines for the node."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .image_numbers import first_lines, which_images

if TYPE_CHECKING:
    from cutsmith.result.quality import Quality

_MOST_REASONS = 4
# Above this share of the subject, the number says no more than the word.
_MUCH = 0.5


class QualityLines:
    """The quality of a run's images: one verdict, and the reasons for doubt."""

    def __init__(self) -> None:
        self._judged: list[int] = []
        self._doubted: list[int] = []
        self._uncertainties: list[float] = []
        self._reasons: dict[str, list[int]] = {}

    def add(self, number: int, qualities: Iterable[Quality]) -> None:
        """Add what the engine thinks of the results from the image with this number."""
        from cutsmith.result.quality import REVIEW

        judged = list(qualities)
        self._judged.append(number)
        if any(quality.verdict == REVIEW for quality in judged):
            self._doubted.append(number)
        self._uncertainties += [quality.uncertainty for quality in judged if quality.uncertainty is not None]
        for reason in dict.fromkeys(reason for quality in judged for reason in quality.reasons):
            self._reasons.setdefault(reason, []).append(number)

    def lines(self, count: int) -> list[str]:
        """The lines for a run of `count` images; none if nothing was judged."""
        if not self._judged:
            return []
        verdict = f"look at {which_images(self._doubted, count) or _all(count)}" if self._doubted else "good"
        return [
            f"Quality: {verdict}{self._share(count)}.",
            *first_lines(self._reasons, count, _MOST_REASONS, "more reasons"),
        ]

    def _share(self, count: int) -> str:
        if not self._uncertainties:
            return ""
        worst = max(self._uncertainties)
        share = "less than 1%" if worst < 0.01 else f"about {worst:.0%}" if worst < _MUCH else "much"
        return (
            f"; {share} of the subject may be wrong" if count == 1 else f"; at worst, {share} of a subject may be wrong"
        )


def _all(count: int) -> str:
    return "this result" if count == 1 else f"all {count} images"
