"""The manifest's truth as entries: their order, their reasons, and what tells them and batches apart."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cutsmith.batch.manifest import MANIFEST
from cutsmith.errors import BadManifest, BatchMissing
from cutsmith.report.reading import read_batch
from tests.core.report.made_batch import HOLE, RIM, MadeBatch, small_batch


def test_the_most_doubtful_comes_first_and_unknown_doubt_before_it(tmp_path) -> None:
    names = [Path(each.result.input).name for each in read_batch(small_batch(tmp_path).out).entries]
    assert names == ["d.jpg", "e9.jpg", "b.jpg", "c.jpg", "e10.jpg", "a.jpg", "plain.jpg", "broken.jpg"]


def test_equal_doubt_is_in_natural_order(tmp_path) -> None:
    batch = MadeBatch(tmp_path)
    for name in ("p10.jpg", "P2.jpg", "p1.jpg"):
        batch.add(name)
    names = [Path(each.result.input).name for each in read_batch(batch.out).entries]
    assert names == ["p1.jpg", "P2.jpg", "p10.jpg"]


def test_reasons_are_doubts_failed_checks_and_errors_without_their_pictures_names(tmp_path) -> None:
    batch = small_batch(tmp_path)
    batch.add("rings/z.jpg", verdict="review", reasons=[RIM], checks=("The rim is not white.",))
    reasons = {Path(each.result.input).name: each.reasons for each in read_batch(batch.out).entries}
    assert reasons["b.jpg"] == (RIM, HOLE)
    assert reasons["z.jpg"] == (RIM, "The rim is not white.")
    assert reasons["broken.jpg"] == ("… is empty.",)


def test_a_batch_keeps_its_identity_as_it_grows_and_moves(tmp_path) -> None:
    batch = small_batch(tmp_path / "one")
    before = read_batch(batch.out).identity
    batch.add("later.jpg")
    shutil.move(batch.out, tmp_path / "moved")
    assert read_batch(tmp_path / "moved").identity == before
    assert read_batch(small_batch(tmp_path / "other").out).identity != before


def test_a_picture_that_was_cut_out_anew_is_another_entry(tmp_path) -> None:
    batch = small_batch(tmp_path)
    before = {each.result.input: each.identity for each in read_batch(batch.out).entries}
    source = batch.add("rings/a.jpg", key="b" * 64)
    after = {each.result.input: each.identity for each in read_batch(batch.out).entries}
    assert {name for name in before if before[name] != after[name]} == {source}


def test_a_folder_without_a_batch_and_a_strange_file_are_told(tmp_path) -> None:
    with pytest.raises(BatchMissing):
        read_batch(tmp_path)
    (tmp_path / MANIFEST).write_text("name,price\n")
    with pytest.raises(BadManifest):
        read_batch(tmp_path)
