"""A person's verdicts, from the page's file into the manifest."""

from __future__ import annotations

import json

import pytest

from cutsmith.batch.manifest import MANIFEST, Manifest
from cutsmith.errors import BadVerdicts
from cutsmith.report.reading import read_batch
from cutsmith.report.verdicts import KIND, Applied, apply_verdicts, review_rows
from tests.core.report.made_batch import key_of, small_batch


@pytest.fixture
def batch(tmp_path):
    return small_batch(tmp_path)


def saved(batch, *verdicts, **other):
    told = {"kind": KIND, "version": 1, "batch": read_batch(batch.out).identity, "verdicts": list(verdicts), **other}
    path = batch.out.parent / "verdicts.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    return path


def said(batch, name, verdict, at="2026-11-26T12:00:00Z", key=None):
    return {"input": str(batch.shop / name), "key": key or key_of(name), "verdict": verdict, "at": at}


def test_verdicts_reach_the_manifest_with_their_time_and_a_second_time_changes_nothing(batch) -> None:
    path = saved(batch, said(batch, "rings/a.jpg", "rejected"), said(batch, "rings/b.jpg", "accepted"))
    assert apply_verdicts(batch.out, path) == Applied(2, 0, 0)
    state = Manifest(batch.out).latest()
    row = state.reviews[str(batch.shop / "rings/a.jpg")]
    assert (row.verdict, row.at) == ("rejected", "2026-11-26T12:00:00Z")
    before = (batch.out / MANIFEST).read_bytes()
    assert apply_verdicts(batch.out, path) == Applied(0, 2, 0)
    assert (batch.out / MANIFEST).read_bytes() == before


def test_a_later_verdict_of_the_manifest_holds(batch) -> None:
    batch.say("rings/a.jpg", "accepted", at="2026-11-27T00:00:00Z")
    path = saved(batch, said(batch, "rings/a.jpg", "rejected"))
    assert apply_verdicts(batch.out, path) == Applied(0, 1, 0)
    assert Manifest(batch.out).latest().verdict(str(batch.shop / "rings/a.jpg")) == "accepted"


def test_verdicts_of_results_that_are_there_no_more_are_left_out(batch) -> None:
    path = saved(
        batch,
        said(batch, "rings/a.jpg", "rejected"),
        said(batch, "rings/b.jpg", "accepted"),
        said(batch, "mugs/broken.jpg", "accepted"),
    )
    batch.add("rings/a.jpg", key="b" * 64)
    assert apply_verdicts(batch.out, path) == Applied(1, 0, 2)


def test_undecided_takes_back(batch) -> None:
    batch.say("rings/a.jpg", "accepted")
    assert apply_verdicts(batch.out, saved(batch, said(batch, "rings/a.jpg", "undecided"))) == Applied(1, 0, 0)
    assert Manifest(batch.out).latest().reviews == {}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "no JSON"),
        ("[]", "no file of verdicts"),
        ('{"kind": "other", "verdicts": []}', "no file of verdicts"),
        ('{"kind": "cutsmith verdicts", "verdicts": {}}', "no file of verdicts"),
        ('{"kind": "cutsmith verdicts", "batch": "0", "verdicts": []}', "another batch"),
        (b"\xff\xfe", "no JSON"),
    ],
)
def test_a_file_of_another_kind_or_batch_is_refused(batch, tmp_path, content, told) -> None:
    path = tmp_path / "given.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadVerdicts, match=told) as caught:
        apply_verdicts(batch.out, path)
    assert caught.value.remedy
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("wrong", [{"verdict": "accept"}, {"input": 5}, {"key": 5}, {"verdict": None}])
def test_one_damaged_verdict_stops_all(batch, wrong) -> None:
    before = (batch.out / MANIFEST).read_bytes()
    good = said(batch, "rings/a.jpg", "rejected")
    with pytest.raises(BadVerdicts, match="damaged"):
        apply_verdicts(batch.out, saved(batch, good, {**good, **wrong}))
    with pytest.raises(BadVerdicts, match="must be an object"):
        apply_verdicts(batch.out, saved(batch, "accepted"))
    assert (batch.out / MANIFEST).read_bytes() == before


def test_a_missing_file_is_told(batch, tmp_path) -> None:
    with pytest.raises(BadVerdicts, match="cannot be read"):
        apply_verdicts(batch.out, tmp_path / "gone.json")


def test_the_served_page_names_results_by_their_identity(batch) -> None:
    read = read_batch(batch.out)
    good = {"identity": read.entries[0].identity, "verdict": "accepted"}
    (row,) = review_rows(read, [good])
    assert (row.input, row.key, row.verdict) == (read.entries[0].result.input, read.entries[0].result.key, "accepted")
    failed = read.entries[-1].identity
    for wrong in ({**good, "identity": "no"}, {**good, "identity": failed}, {**good, "verdict": "fine"}, "text"):
        with pytest.raises(BadVerdicts):
            review_rows(read, [good, wrong])
