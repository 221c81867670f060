"""What became of the pictures of a batch, counted: the rows themselves are not kept, however many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cutsmith.batch.inputs import counted
from cutsmith.batch.outcome import DONE, FAILED, NOTHING_FOUND

if TYPE_CHECKING:
    from cutsmith.batch.manifest_rows import ResultRow

_MOST_REASONS = 3


class Tally:
    """Counts rows.

    Attributes:
        now: how many pictures this call has worked on.
    """

    def __init__(self, finished: Iterable[ResultRow] = (), now: int = 0) -> None:
        """Begin with the rows of what was finished before, `now` of them by this call."""
        self.now = now
        self._statuses: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._review = 0
        self._failed_checks = 0
        for row in finished:
            self._count(row)

    def add(self, row: ResultRow) -> None:
        """Count a row of this call."""
        self.now += 1
        self._count(row)

    def _count(self, row: ResultRow) -> None:
        self._statuses[row.status] += 1
        self._review += row.status == DONE and row.verdict == "review"
        self._failed_checks += bool(row.checks)
        if row.status == FAILED:
            self._failures[str((row.error or {}).get("type", "unknown"))] += 1

    @property
    def done(self) -> int:
        """How many are cut out."""
        return self._statuses[DONE]

    @property
    def review(self) -> int:
        """How many of those are doubtful."""
        return self._review

    @property
    def missed(self) -> int:
        """How many have no result."""
        return self._statuses.total() - self.done

    @property
    def exit_code(self) -> int:
        """0 all cut out, 1 some failed, or fail a marketplace's checks, 4 nothing was found in any."""
        if self._statuses[FAILED] or self._failed_checks:
            return 1
        return 4 if self.missed and not self.done else 0

    def in_words(self) -> str:
        """ "3 pictures cut out, 1 of them to review, 2 failed"."""
        told = f"{counted(self.done, 'picture', 'pictures')} cut out, {self._review} of them to review"
        for status, words in ((FAILED, "failed"), (NOTHING_FOUND, "with nothing found")):
            if self._statuses[status]:
                told += f", {self._statuses[status]} {words}"
        if self._failed_checks:
            told += f", {self._failed_checks} not as the preset wants {'it' if self._failed_checks == 1 else 'them'}"
        return told

    def failures_in_words(self) -> str:
        """The most frequent kinds of failure, "PictureEmpty (2)"; "" without one."""
        return "; ".join(f"{why} ({count})" for why, count in self._failures.most_common(_MOST_REASONS))
