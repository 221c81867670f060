"""The manifest survives a writer that is killed at any byte, and tells the truth of each input."""

from __future__ import annotations

import json
import math
import os
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutsmith.batch.manifest import MANIFEST, Manifest, ManifestWriter
from cutsmith.batch.manifest_rows import ResultRow, ReviewRow, RowUnusable
from cutsmith.errors import BadManifest, BatchMissing, OutputRefused

KEY = "a" * 64
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
ROWS = st.lists(
    st.builds(
        ResultRow,
        input=NAMES,
        status=st.sampled_from(["done", "failed", "nothing found"]),
        key=st.one_of(st.none(), st.sampled_from([KEY, "b" * 64])),
        warnings=st.lists(NAMES, max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=5,
)


def written(folder, *rows):
    with ManifestWriter(folder) as writer:
        for row in rows:
            writer.append(row)
    return folder / MANIFEST


def inputs(folder):
    return [row["input"] for row in Manifest(folder).rows()]


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, data=st.data())
def test_a_writer_killed_at_any_byte_loses_no_whole_row_and_the_next_one_goes_on(tmp_path_factory, rows, data) -> None:
    folder = tmp_path_factory.mktemp("batch")
    path = written(folder, *rows)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    kept = whole[:cut].count(b"\n")
    # A row that lacks its newline alone is whole.
    kept += cut < len(whole) and whole[cut : cut + 1] == b"\n"

    assert list(Manifest(folder).rows()) == [row.as_json() for row in rows[:kept]]
    written(folder, ResultRow("after", "done"))
    manifest = Manifest(folder)
    assert list(manifest.rows()) == [*(row.as_json() for row in rows[:kept]), ResultRow("after", "done").as_json()]
    assert manifest.skipped <= 1
    assert path.read_bytes().startswith(whole[:cut])  # nothing was taken out


@given(rows=ROWS)
@settings(max_examples=40, deadline=None)
def test_the_last_row_of_an_input_is_its_truth(tmp_path_factory, rows) -> None:
    folder = tmp_path_factory.mktemp("batch")
    written(folder, *rows)
    state = Manifest(folder).latest()
    assert dict(state.results) == {row.input: row for row in rows}
    assert list(state.results) == list(dict.fromkeys(row.input for row in rows))


def test_a_verdict_counts_for_the_very_result_that_it_was_said_of(tmp_path) -> None:
    done = ResultRow("a.jpg", "done", key=KEY)
    written(
        tmp_path,
        done,
        ReviewRow("a.jpg", "accepted", KEY),
        ReviewRow("never.jpg", "accepted", KEY),
        ResultRow("b.jpg", "done", key=KEY),
        ReviewRow("b.jpg", "rejected", "c" * 64),
        ResultRow("c.jpg", "failed"),
        ReviewRow("c.jpg", "rejected"),
    )
    state = Manifest(tmp_path).latest()
    assert {name: row.verdict for name, row in state.reviews.items()} == {"a.jpg": "accepted", "c.jpg": "rejected"}
    assert state.verdict("b.jpg") == "undecided"

    written(tmp_path, ResultRow("a.jpg", "done", key="d" * 64))
    assert Manifest(tmp_path).latest().verdict("a.jpg") == "undecided"


def test_undecided_takes_a_verdict_back(tmp_path) -> None:
    written(tmp_path, ResultRow("a.jpg", "done", key=KEY), ReviewRow("a.jpg", "accepted", KEY))
    assert Manifest(tmp_path).latest().verdict("a.jpg") == "accepted"
    written(tmp_path, ReviewRow("a.jpg", "undecided", KEY))
    assert Manifest(tmp_path).latest().reviews == {}


def test_damaged_lines_in_the_middle_are_passed_over_and_counted(tmp_path) -> None:
    path = written(tmp_path, ResultRow("a", "done"))
    with path.open("ab") as stream:
        stream.write(b'\n   \n{"row":"res\n\xff\xfe\n[1]\n{"row":7}\n{"row":"result","input":"x"}\n')
        stream.write(b'{"row":"run","note":"a later kind"}\n')
        stream.write(b'{"row":"result","input":"long","status":"' + b"x" * (1 << 20) + b'"}\n')
    written(tmp_path, ResultRow("b", "done"))
    assert [row.get("input") for row in Manifest(tmp_path).rows()] == ["a", "x", None, "b"]
    state = Manifest(tmp_path).latest()
    assert list(state.results) == ["a", "b"]
    assert state.skipped == 6  # four that are no rows, one that is too long, one result row without a status


def test_a_torn_last_line_is_not_damage(tmp_path) -> None:
    path = written(tmp_path, ResultRow("a", "done"), ResultRow("b", "done"))
    path.write_bytes(path.read_bytes()[:-9])
    state = Manifest(tmp_path).latest()
    assert (list(state.results), state.skipped) == (["a"], 0)


@pytest.mark.parametrize("content", [b"name,price\na,1\n", b"\x89PNG\r\n\x1a\n" + bytes(5000), b"{}\n", b'["row"]'])
def test_a_file_of_another_kind_is_refused(tmp_path, content) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(BadManifest, match="is no manifest of a batch") as caught:
        Manifest(tmp_path).latest()
    assert caught.value.remedy


@pytest.mark.parametrize("content", [b"", b"\n\n", b'{"row":"resu', b"{", b'{"row":"resu\n'])
def test_a_manifest_without_a_whole_row_is_an_empty_one(tmp_path, content) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    assert list(Manifest(tmp_path).rows()) == []
    written(tmp_path, ResultRow("a", "done"))
    assert inputs(tmp_path) == ["a"]


def test_a_folder_without_a_batch_is_told(tmp_path) -> None:
    assert list(Manifest(tmp_path / "none").rows()) == []
    with pytest.raises(BatchMissing, match=MANIFEST):
        Manifest(tmp_path).require()
    written(tmp_path)
    assert Manifest(tmp_path).require().exists()


def test_fields_of_a_later_version_survive() -> None:
    row = {**ResultRow("a", "done", key=KEY).as_json(), "colour_of_ground": [255, 255, 255]}
    assert ResultRow.from_json(row).as_json() == row
    said = {**ReviewRow("a", "accepted", KEY).as_json(), "by": "Ada"}
    assert ReviewRow.from_json(said).as_json() == said


@pytest.mark.parametrize(
    "wrong", [{"input": 5}, {"status": None}, {"quality": "good"}, {"width": 1.5}, {"warnings": "one"}, {"steps": [1]}]
)
def test_a_result_row_of_other_kinds_is_unusable(wrong) -> None:
    with pytest.raises(RowUnusable, match=next(iter(wrong))):
        ResultRow.from_json({"input": "a", "status": "done", **wrong})


def test_a_verdict_that_is_none_is_unusable() -> None:
    with pytest.raises(RowUnusable, match="must be one of accepted"):
        ReviewRow.from_json({"input": "a", "verdict": "accept"})


def test_what_quality_says_is_at_hand_and_strange_values_are_unknown() -> None:
    told = {"uncertainty": 0.25, "verdict": "review", "reasons": ["The rim is cut off."]}
    row = ResultRow("a", "done", quality=told)
    assert (row.uncertainty, row.verdict, row.reasons) == (0.25, "review", ("The rim is cut off.",))
    strange = ResultRow("a", "done", quality={"uncertainty": math.inf, "verdict": 3, "reasons": "x"})
    assert (strange.uncertainty, strange.verdict, strange.reasons) == (None, None, ())
    assert ResultRow("a", "done").uncertainty is None


def test_names_that_are_no_text_and_numbers_that_are_none_are_kept_as_json(tmp_path) -> None:
    path = written(tmp_path, ResultRow("\udcff.jpg", "done", seconds=math.nan), ResultRow("é\u2028\n.jpg", "done"))
    lines = path.read_bytes().decode("utf-8").split("\n")
    assert len(lines) == 3
    assert json.loads(lines[0], parse_constant=pytest.fail)["seconds"] is None
    assert inputs(tmp_path) == ["\udcff.jpg", "é\u2028\n.jpg"]


def test_threads_and_writers_never_mix_their_rows(tmp_path) -> None:
    def append(writer, letter) -> None:
        for at in range(200):
            writer.append(ResultRow(f"{letter}{at}" + letter * 3000, "done"))

    with ManifestWriter(tmp_path) as first, ManifestWriter(tmp_path) as second:
        threads = [threading.Thread(target=append, args=(first if at % 2 else second, "abcd"[at])) for at in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    manifest = Manifest(tmp_path)
    assert len({row["input"] for row in manifest.rows()}) == 800
    assert manifest.skipped == 0


def test_a_row_reaches_the_disk_within_a_second_or_at_close(tmp_path, monkeypatch) -> None:
    synced = threading.Event()
    real = os.fsync

    def fsync(descriptor) -> None:
        real(descriptor)
        synced.set()

    monkeypatch.setattr(os, "fsync", fsync)
    with ManifestWriter(tmp_path) as writer:
        writer.append(ResultRow("a", "done"))
        start = time.monotonic()
        assert inputs(tmp_path) == ["a"]  # readers see it at once
        assert synced.wait(10)
        assert time.monotonic() - start > 0.5
        synced.clear()
        writer.append(ResultRow("b", "done"))
    assert synced.is_set()


def test_a_full_disk_is_told_and_harms_no_row(tmp_path, monkeypatch) -> None:
    real = os.write
    with ManifestWriter(tmp_path) as writer:
        writer.append(ResultRow("a", "done"))
        monkeypatch.setattr(os, "write", lambda descriptor, line: real(descriptor, line[:10]))
        with pytest.raises(OutputRefused, match="disk is full"):
            writer.append(ResultRow("b", "done"))
        monkeypatch.setattr(os, "write", real)
        writer.append(ResultRow("c", "done"))
    assert inputs(tmp_path) == ["a", "c"]


def test_a_closed_writer_refuses_and_closes_twice(tmp_path) -> None:
    writer = ManifestWriter(tmp_path / "new" / "folder")
    writer.close()
    writer.close()
    with pytest.raises(ValueError, match="closed"):
        writer.append(ResultRow("a", "done"))


def test_a_folder_that_cannot_be_made_is_told(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputRefused, match="cannot be written"):
        ManifestWriter(tmp_path / "file")
