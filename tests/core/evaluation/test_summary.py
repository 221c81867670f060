"""Means, what is worse than the baseline, and rows that have no figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutsmith.errors import BadOption
from cutsmith.evaluation.configurations import Configuration, crossed
from cutsmith.evaluation.measuring import Measured, Row
from cutsmith.evaluation.samples import SamplePaths
from cutsmith.evaluation.summary import baseline_of, summarized
from cutsmith.evaluation.tables import markdown


def row(name: str, *sads: float, matting: str = "none") -> Row:
    pictures = [
        Measured(SamplePaths(str(i), Path(), Path()), name, {"SAD": sad, "MSE": 0.01}, 0.1 * i, {"total": 1.0}, 5.0)
        for i, sad in enumerate(sads)
    ]
    return Row(Configuration(name, {"matting": matting}), tuple(pictures))


def test_worse_counts_pictures_more_than_five_percent_above_the_baseline():
    rows = [row("base", 10, 10, 10), row("other", 10.4, 10.6, 1, matting="closed-form")]
    base, other = summarized(rows, baseline_of(rows, None))
    assert (base.worse, other.worse) == (None, 1)
    assert other.means["SAD"] == pytest.approx(22 / 3)
    assert (other.found, other.means["found: SAD"]) == (1, 10.4)


def test_an_unmeasured_row_shows_its_reason_and_no_figure():
    missing = Row(crossed({"matting": ["vitmatte"]})[0], not_measured="The weights are not on this machine.")
    (line,) = summarized([missing], None)
    assert "not measured: The weights are not on this machine." in markdown([line])


def test_a_baseline_must_be_one_of_the_rows():
    with pytest.raises(BadOption, match="They are called: base"):
        baseline_of([row("base", 1)], "other")


def test_configurations_are_every_combination_and_say_the_box():
    made = crossed({"model": ["a", "b"], "matting": ["none", "closed-form"]}, ["sam2.1-hiera-tiny"])
    assert len({each.name for each in made}) == 6
    assert all("box of the truth" in each.name for each in made if each.box_of_truth)
