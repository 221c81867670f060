"""Totals: Cutsmith's verdicts and a person's are counted apart; the rate leaves pauses out."""

from __future__ import annotations

import pytest

from cutsmith.batch.manifest_rows import ResultRow
from cutsmith.report.reading import read_batch
from cutsmith.report.totals import totals_of
from tests.core.report.made_batch import HOLE, RIM, MadeBatch, small_batch


def test_cutsmiths_verdicts_and_a_persons_are_counted_apart(tmp_path) -> None:
    batch = small_batch(tmp_path)
    batch.say("rings/a.jpg", "rejected")
    batch.say("rings/b.jpg", "accepted")
    totals = totals_of(read_batch(batch.out).entries)
    assert (totals.pictures, totals.done, totals.failed, totals.nothing_found) == (8, 6, 1, 1)
    assert (totals.accept, totals.review, totals.not_judged) == (2, 3, 1)
    assert (totals.accepted, totals.rejected, totals.undecided) == (1, 1, 4)
    assert totals.reasons[0] == (RIM, 2)
    assert (HOLE, 1) in totals.reasons


def rows(*times: str) -> list[ResultRow]:
    return [ResultRow(str(at), "failed", seconds=2.0, at=f"2026-11-26T{time}Z") for at, time in enumerate(times)]


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        (("10:00:00", "10:00:02", "10:00:04"), 6.0),
        (("10:00:00", "10:00:02", "15:00:00", "15:00:02"), 6.0),  # stopped for five hours
        (("10:00:00",), 2.0),
        (("10:00:00", "10:00:00"), 4.0),
        (("never", "10:00:09"), 4.0),
    ],
)
def test_the_time_is_that_of_the_work(tmp_path, times, seconds) -> None:
    batch = MadeBatch(tmp_path)
    batch.write(*rows(*times))
    totals = totals_of(read_batch(batch.out).entries)
    assert totals.seconds == seconds
    assert totals.pictures_per_second == pytest.approx(len(times) / seconds)


def test_a_batch_that_tells_no_time_has_no_rate(tmp_path) -> None:
    batch = MadeBatch(tmp_path)
    batch.write(ResultRow("a", "failed"))
    assert totals_of(read_batch(batch.out).entries).pictures_per_second is None
