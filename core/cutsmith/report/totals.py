"""The totals of a batch: what Cutsmith says and what a person said are counted apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median

from cutsmith.report.reading import ACCEPT, DONE, FAILED, NOTHING_FOUND, REVIEW, Entry

# A gap between two rows that is longer than both is a pause: the batch had ended, and was started again.
_LONGEST_STEP_SECONDS = 60.0
_LONGEST_STEP_PICTURES = 20


@dataclass(frozen=True)
class Totals:
    """The totals of a batch.

    Attributes:
        pictures: all inputs.
        done: those that have a result.
        failed: those that failed.
        nothing_found: those without a subject.
        accept: results that Cutsmith accepts.
        review: results that Cutsmith wants a person to look at.
        not_judged: results that Cutsmith did not judge.
        accepted: results that a person accepted.
        rejected: results that a person rejected.
        undecided: results that no person decided about.
        seconds: how long the batch worked, without pauses; None where the rows do not tell.
        reasons: each reason with the number of its pictures, the most frequent first.
    """

    pictures: int
    done: int
    failed: int
    nothing_found: int
    accept: int
    review: int
    not_judged: int
    accepted: int
    rejected: int
    undecided: int
    seconds: float | None
    reasons: tuple[tuple[str, int], ...]

    @property
    def pictures_per_second(self) -> float | None:
        """The rate of the whole batch; None where the rows do not tell."""
        return self.pictures / self.seconds if self.seconds else None


def totals_of(entries: Sequence[Entry]) -> Totals:
    """Count `entries`."""
    status = Counter(each.result.status for each in entries)
    results = [each for each in entries if each.has_result]
    verdicts = Counter(each.result.verdict for each in results)
    said = Counter(each.said for each in results)
    reasons = Counter(reason for each in entries for reason in each.reasons)
    return Totals(
        pictures=len(entries),
        done=status[DONE],
        failed=status[FAILED],
        nothing_found=status[NOTHING_FOUND],
        accept=verdicts[ACCEPT],
        review=verdicts[REVIEW],
        not_judged=len(results) - verdicts[ACCEPT] - verdicts[REVIEW],
        accepted=said["accepted"],
        rejected=said["rejected"],
        undecided=said["undecided"],
        seconds=_working_seconds(entries),
        reasons=tuple(sorted(reasons.items(), key=lambda each: (-each[1], each[0]))),
    )


def _working_seconds(entries: Sequence[Entry]) -> float | None:
    """From the first row to the last and before the first its own work, without pauses.

    Rows tell their time to the second. A batch that took less is measured by the seconds of its rows.
    """
    took = [each.result.seconds for each in entries if each.result.seconds is not None]
    times = sorted(time for each in entries if (time := _time(each.result.at)) is not None)
    if len(times) != len(entries) or len(times) < 2 or times[-1] - times[0] < 2:
        return sum(took) or None
    longest = max(_LONGEST_STEP_SECONDS, _LONGEST_STEP_PICTURES * median(took)) if took else _LONGEST_STEP_SECONDS
    steps = [later - earlier for earlier, later in pairwise(times)]
    return sum(step for step in steps if step <= longest) + (median(took) if took else 0.0) or None


def _time(at: str) -> float | None:
    try:
        return datetime.fromisoformat(at).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
